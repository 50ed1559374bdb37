import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

export type StaffRole = 'owner' | 'finance' | 'support' | 'viewer';

/** `invited`: has not chosen a password yet. */
export type StaffStatus = 'invited' | 'active' | 'disabled';

/** Somebody who works in the panel. */
export class Staff extends Model<InferAttributes<Staff>, InferCreationAttributes<Staff>> {
  declare id: string;
  declare email: string;
  declare name: string;
  /** Null until they have chosen one. */
  declare passwordHash: string | null;
  declare role: StaffRole;
  declare status: CreationOptional<StaffStatus>;
  declare locale: CreationOptional<string>;
  declare lastLoginAt: CreationOptional<Date | null>;
  /** When the invitation went out that they have not accepted yet. */
  declare invitedAt: CreationOptional<Date | null>;
  /** The secret of the second factor; null: there is none. */
  declare totpSealed: CreationOptional<string | null>;
  /** The step of the last code that was accepted: none counts twice. */
  declare totpStep: CreationOptional<number | null>;
  declare totpEnrolledAt: CreationOptional<Date | null>;
  /** When wrong passwords and codes came, as far as they still count; machine time, as `lockedUntil`. */
  declare failures: CreationOptional<Date[]>;
  declare lockedUntil: CreationOptional<Date | null>;
  declare createdAt: Date;
  declare updatedAt: Date;
}

export function initStaff(sequelize: Sequelize): void {
  Staff.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      email: { type: DataTypes.TEXT, allowNull: false },
      name: { type: DataTypes.TEXT, allowNull: false },
      passwordHash: { type: DataTypes.TEXT, allowNull: true },
      role: { type: DataTypes.TEXT, allowNull: false },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'active' },
      locale: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'en' },
      lastLoginAt: { type: DataTypes.DATE, allowNull: true },
      invitedAt: { type: DataTypes.DATE, allowNull: true },
      totpSealed: { type: DataTypes.TEXT, allowNull: true },
      totpStep: { type: DataTypes.BIGINT, allowNull: true },
      totpEnrolledAt: { type: DataTypes.DATE, allowNull: true },
      failures: { type: DataTypes.ARRAY(DataTypes.DATE), allowNull: false, defaultValue: [] },
      lockedUntil: { type: DataTypes.DATE, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      updatedAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'Staff', tableName: 'staff' },
  );
}
