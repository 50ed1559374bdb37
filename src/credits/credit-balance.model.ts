import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

/** What a customer can spend; always equal to the sum of the ledger. */
export class CreditBalance extends Model<InferAttributes<CreditBalance>, InferCreationAttributes<CreditBalance>> {
  declare userId: string;
  declare available: CreationOptional<number>;
  declare held: CreationOptional<number>;
  declare totalEarned: CreationOptional<number>;
  declare totalUsed: CreationOptional<number>;
  declare monthlyQuota: CreationOptional<number>;
  declare quotaUsed: CreationOptional<number>;
  declare quotaResetAt: CreationOptional<Date | null>;
  /** How many entries the ledger has for this customer: the last `seq`. */
  declare entries: CreationOptional<number>;
  /** A suspended customer's credits cannot be spent. */
  declare frozen: CreationOptional<boolean>;
  /** Whose price list and thresholds apply; null without a subscription. */
  declare planId: CreationOptional<string | null>;
  /** The next threshold of a low balance, in credits; null when all of this month's have been reached, or there are none. */
  declare alertAt: CreationOptional<number | null>;
}

export function initCreditBalance(sequelize: Sequelize): void {
  CreditBalance.init(
    {
      userId: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      available: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      held: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      totalEarned: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      totalUsed: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      monthlyQuota: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      quotaUsed: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      quotaResetAt: { type: DataTypes.DATE, allowNull: true },
      entries: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      frozen: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      planId: { type: DataTypes.UUID, allowNull: true },
      alertAt: { type: DataTypes.BIGINT, allowNull: true },
    },
    { sequelize, modelName: 'CreditBalance', tableName: 'credit_balances' },
  );
}
