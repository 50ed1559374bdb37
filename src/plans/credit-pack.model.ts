import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { LocalizedText } from './plan-terms.ts';

/** Credits for sale once, beside any plan. */
export class CreditPack extends Model<InferAttributes<CreditPack>, InferCreationAttributes<CreditPack>> {
  declare id: string;
  declare packCode: string;
  declare names: LocalizedText;
  declare credits: number;
  declare amountMinor: number;
  declare currency: string;
  declare validityDays: number | null;
  declare isActive: CreationOptional<boolean>;
  declare sortOrder: CreationOptional<number>;
  declare createdAt: Date;
  declare updatedAt: Date;
}

export function initCreditPack(sequelize: Sequelize): void {
  CreditPack.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      packCode: { type: DataTypes.TEXT, allowNull: false },
      names: { type: DataTypes.JSONB, allowNull: false },
      credits: { type: DataTypes.BIGINT, allowNull: false },
      amountMinor: { type: DataTypes.BIGINT, allowNull: false },
      currency: { type: DataTypes.TEXT, allowNull: false },
      validityDays: { type: DataTypes.INTEGER, allowNull: true },
      isActive: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      sortOrder: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      updatedAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'CreditPack', tableName: 'credit_packs' },
  );
}
