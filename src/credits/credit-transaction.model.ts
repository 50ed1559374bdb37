import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

export type TransactionType = 'earn' | 'spend' | 'expire' | 'clawback' | 'adjust' | 'hold' | 'release';

/** Which grant paid how much of an entry. */
export interface Drawn {
  grant: string;
  amount: number;
}

/** An entry of the ledger. Append-only; numbered per user by `seq`. The table's key is (user_id, seq). */
export class CreditTransaction extends Model<
  InferAttributes<CreditTransaction>,
  InferCreationAttributes<CreditTransaction>
> {
  declare id: string;
  declare userId: string;
  declare seq: number;
  declare type: TransactionType;
  declare amount: number;
  declare balanceAfter: number;
  declare source: string;
  declare featureType: CreationOptional<string | null>;
  declare description: CreationOptional<string | null>;
  declare actor: string;
  declare reference: CreationOptional<string | null>;
  /** How many units of the feature, where the price list said what one costs. */
  declare quantity: CreationOptional<number | null>;
  /** The grant that gave or paid all of it; null where several did, which `drawn` names. */
  declare grantId: string | null;
  declare drawn: CreationOptional<Drawn[] | null>;
  declare idempotencyKey: CreationOptional<string | null>;
  declare fingerprint: CreationOptional<string | null>;
  declare createdAt: Date;
}

export function initCreditTransaction(sequelize: Sequelize): void {
  CreditTransaction.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      userId: { type: DataTypes.UUID, allowNull: false },
      seq: { type: DataTypes.BIGINT, allowNull: false },
      type: { type: DataTypes.TEXT, allowNull: false },
      amount: { type: DataTypes.BIGINT, allowNull: false },
      balanceAfter: { type: DataTypes.BIGINT, allowNull: false },
      source: { type: DataTypes.TEXT, allowNull: false },
      featureType: { type: DataTypes.TEXT, allowNull: true },
      description: { type: DataTypes.TEXT, allowNull: true },
      actor: { type: DataTypes.TEXT, allowNull: false },
      reference: { type: DataTypes.TEXT, allowNull: true },
      quantity: { type: DataTypes.BIGINT, allowNull: true },
      grantId: { type: DataTypes.UUID, allowNull: true },
      drawn: { type: DataTypes.JSONB, allowNull: true },
      idempotencyKey: { type: DataTypes.TEXT, allowNull: true },
      fingerprint: { type: DataTypes.TEXT, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'CreditTransaction', tableName: 'credit_transactions' },
  );
}
