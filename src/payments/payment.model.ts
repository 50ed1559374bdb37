import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { PaymentStatus } from '../states/moves.ts';

/** One attempt to pay an order through a gateway. */
export class Payment extends Model<InferAttributes<Payment>, InferCreationAttributes<Payment>> {
  declare id: string;
  declare orderId: string;
  declare provider: string;
  declare providerOrderId: CreationOptional<string | null>;
  declare providerCaptureId: CreationOptional<string | null>;
  declare status: CreationOptional<PaymentStatus>;
  declare currency: string;
  declare amountMinor: number;
  declare payee: CreationOptional<string | null>;
  declare approvalUrl: CreationOptional<string | null>;
  declare pendingReason: CreationOptional<string | null>;
  declare failureCode: CreationOptional<string | null>;
  declare payerSealed: CreationOptional<string | null>;
  /** Blind index of the payer's address. */
  declare payerIndex: CreationOptional<string | null>;
  declare createdAt: Date;
  /** When the gateway was last asked about it, by whomever. */
  declare checkedAt: CreationOptional<Date | null>;
  /** Since when its end hangs on the gateway: an answer that did not come, or money that it holds. */
  declare waitingSince: CreationOptional<Date | null>;
  declare completedAt: CreationOptional<Date | null>;
  /** When reconciliation last asked about it. */
  declare comparedAt: CreationOptional<Date | null>;
  /** When the gateway's statement was first seen to name it. */
  declare statedAt: CreationOptional<Date | null>;
}

export function initPayment(sequelize: Sequelize): void {
  Payment.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      orderId: { type: DataTypes.UUID, allowNull: false },
      provider: { type: DataTypes.TEXT, allowNull: false },
      providerOrderId: { type: DataTypes.TEXT, allowNull: true },
      providerCaptureId: { type: DataTypes.TEXT, allowNull: true },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'pending' },
      currency: { type: DataTypes.TEXT, allowNull: false },
      amountMinor: { type: DataTypes.BIGINT, allowNull: false },
      payee: { type: DataTypes.TEXT, allowNull: true },
      approvalUrl: { type: DataTypes.TEXT, allowNull: true },
      pendingReason: { type: DataTypes.TEXT, allowNull: true },
      failureCode: { type: DataTypes.TEXT, allowNull: true },
      payerSealed: { type: DataTypes.TEXT, allowNull: true },
      payerIndex: { type: DataTypes.TEXT, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      checkedAt: { type: DataTypes.DATE, allowNull: true },
      waitingSince: { type: DataTypes.DATE, allowNull: true },
      completedAt: { type: DataTypes.DATE, allowNull: true },
      comparedAt: { type: DataTypes.DATE, allowNull: true },
      statedAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'Payment', tableName: 'payments' },
  );
}
