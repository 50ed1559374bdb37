import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

/** Stands in for one code of a phone that is lost. */
export class StaffRecoveryCode extends Model<
  InferAttributes<StaffRecoveryCode>,
  InferCreationAttributes<StaffRecoveryCode>
> {
  declare staffId: string;
  declare codeHash: string;
  declare createdAt: Date;
  declare usedAt: CreationOptional<Date | null>;
}

export function initStaffRecoveryCode(sequelize: Sequelize): void {
  StaffRecoveryCode.init(
    {
      staffId: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      codeHash: { type: DataTypes.TEXT, primaryKey: true, allowNull: false },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      usedAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'StaffRecoveryCode', tableName: 'staff_recovery_codes' },
  );
}
