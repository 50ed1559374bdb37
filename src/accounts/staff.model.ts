import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

export type StaffRole = 'owner' | 'finance' | 'support' | 'viewer';

/** Somebody who works in the panel. */
export class Staff extends Model<InferAttributes<Staff>, InferCreationAttributes<Staff>> {
  declare id: string;
  declare email: string;
  declare name: string;
  declare passwordHash: string;
  declare role: StaffRole;
  declare status: CreationOptional<'active' | 'disabled'>;
  declare locale: CreationOptional<string>;
  declare lastLoginAt: CreationOptional<Date | null>;
  declare createdAt: Date;
  declare updatedAt: Date;
}

export function initStaff(sequelize: Sequelize): void {
  Staff.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      email: { type: DataTypes.TEXT, allowNull: false },
      name: { type: DataTypes.TEXT, allowNull: false },
      passwordHash: { type: DataTypes.TEXT, allowNull: false },
      role: { type: DataTypes.TEXT, allowNull: false },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'active' },
      locale: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'en' },
      lastLoginAt: { type: DataTypes.DATE, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      updatedAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'Staff', tableName: 'staff' },
  );
}
