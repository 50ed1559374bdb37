import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

export type GrantSource = 'plan' | 'pack' | 'promo' | 'adjustment';

/** Credits given at once, with their own expiry. The table's key is (user_id, id). */
export class CreditGrant extends Model<InferAttributes<CreditGrant>, InferCreationAttributes<CreditGrant>> {
  declare id: string;
  declare userId: string;
  declare key: string;
  declare source: GrantSource;
  declare amount: number;
  /** Not spent, taken back or expired; what is held is a part of it. */
  declare remaining: number;
  /** Set apart: nobody can spend it. */
  declare held: CreationOptional<number>;
  declare expiresAt: Date | null;
  declare orderId: string | null;
  declare subscriptionId: string | null;
  declare createdAt: Date;
}

export function initCreditGrant(sequelize: Sequelize): void {
  CreditGrant.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      userId: { type: DataTypes.UUID, allowNull: false },
      key: { type: DataTypes.TEXT, allowNull: false },
      source: { type: DataTypes.TEXT, allowNull: false },
      amount: { type: DataTypes.BIGINT, allowNull: false },
      remaining: { type: DataTypes.BIGINT, allowNull: false },
      held: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      expiresAt: { type: DataTypes.DATE, allowNull: true },
      orderId: { type: DataTypes.UUID, allowNull: true },
      subscriptionId: { type: DataTypes.UUID, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'CreditGrant', tableName: 'credit_grants' },
  );
}
