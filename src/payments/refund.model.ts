import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { RefundStatus } from '../states/moves.ts';

/** Money given back for a payment. */
export class Refund extends Model<InferAttributes<Refund>, InferCreationAttributes<Refund>> {
  declare id: string;
  declare orderId: string;
  declare paymentId: string;
  declare provider: string;
  declare providerRefundId: CreationOptional<string | null>;
  declare status: CreationOptional<RefundStatus>;
  declare currency: string;
  declare amountMinor: number;
  declare reason: string;
  declare requestedBy: string | null;
  declare approvedBy: CreationOptional<string | null>;
  declare creditsClawedBack: CreationOptional<number>;
  declare creditsUnrecovered: CreationOptional<number>;
  /** Before it is made: whether it shall; null: what is usual for the amount. Once it is made: whether it did. */
  declare endsSubscription: CreationOptional<boolean | null>;
  declare failureCode: CreationOptional<string | null>;
  declare createdAt: Date;
  declare checkedAt: CreationOptional<Date | null>;
  declare completedAt: CreationOptional<Date | null>;
  /** When the gateway's statement was first seen to name it. */
  declare statedAt: CreationOptional<Date | null>;
}

export function initRefund(sequelize: Sequelize): void {
  Refund.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      orderId: { type: DataTypes.UUID, allowNull: false },
      paymentId: { type: DataTypes.UUID, allowNull: false },
      provider: { type: DataTypes.TEXT, allowNull: false },
      providerRefundId: { type: DataTypes.TEXT, allowNull: true },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'pending' },
      currency: { type: DataTypes.TEXT, allowNull: false },
      amountMinor: { type: DataTypes.BIGINT, allowNull: false },
      reason: { type: DataTypes.TEXT, allowNull: false },
      requestedBy: { type: DataTypes.UUID, allowNull: true },
      approvedBy: { type: DataTypes.UUID, allowNull: true },
      creditsClawedBack: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      creditsUnrecovered: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      endsSubscription: { type: DataTypes.BOOLEAN, allowNull: true },
      failureCode: { type: DataTypes.TEXT, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      checkedAt: { type: DataTypes.DATE, allowNull: true },
      completedAt: { type: DataTypes.DATE, allowNull: true },
      statedAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'Refund', tableName: 'refunds' },
  );
}
