import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

/**
 * What came of an alert: a mail went out for it, or one had for this month; the customer wants none, or is suspended; there
 * was enough again, or the month was over, before anybody was told.
 */
export const alertOutcomes = ['mailed', 'mailed_before', 'unwanted', 'not_active', 'recovered', 'over'] as const;
export type AlertOutcome = (typeof alertOutcomes)[number];

/** A customer's balance has fallen to a threshold of their plan, once in a quota month. Written by the database's rules. */
export class CreditAlert extends Model<InferAttributes<CreditAlert>, InferCreationAttributes<CreditAlert>> {
  declare id: string;
  declare userId: string;
  /** The end of the quota month, which names it. */
  declare periodEnd: Date;
  /** Of the monthly quota. */
  declare percent: number;
  /** The same in credits. */
  declare threshold: number;
  /** What was there after the consumption that reached it. */
  declare available: number;
  declare monthlyQuota: number;
  declare raisedAt: Date;
  declare handledAt: CreationOptional<Date | null>;
  declare outcome: CreationOptional<AlertOutcome | null>;
}

export function initCreditAlert(sequelize: Sequelize): void {
  CreditAlert.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      userId: { type: DataTypes.UUID, allowNull: false },
      periodEnd: { type: DataTypes.DATE, allowNull: false },
      percent: { type: DataTypes.SMALLINT, allowNull: false },
      threshold: { type: DataTypes.BIGINT, allowNull: false },
      available: { type: DataTypes.BIGINT, allowNull: false },
      monthlyQuota: { type: DataTypes.BIGINT, allowNull: false },
      raisedAt: { type: DataTypes.DATE, allowNull: false },
      handledAt: { type: DataTypes.DATE, allowNull: true },
      outcome: { type: DataTypes.TEXT, allowNull: true },
    },
    { sequelize, modelName: 'CreditAlert', tableName: 'credit_alerts' },
  );
}
