import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { OrderKind, OrderSnapshot, OrderStatus } from './order-states.ts';
import type { SubscriptionType } from '../plans/plan-terms.ts';

/** Something that was sold, or that somebody began to buy. */
export class Order extends Model<InferAttributes<Order>, InferCreationAttributes<Order>> {
  declare id: string;
  declare orderNo: string;
  declare userId: string;
  declare kind: OrderKind;
  declare status: CreationOptional<OrderStatus>;
  declare planId: string | null;
  declare priceId: string | null;
  declare packId: string | null;
  declare subscriptionType: SubscriptionType | null;
  declare subscriptionId: CreationOptional<string | null>;
  declare snapshot: OrderSnapshot;
  declare currency: string;
  declare amountMinor: number;
  declare refundedMinor: CreationOptional<number>;
  /** What of it was counted towards a later order, minor units. */
  declare creditedMinor: CreationOptional<number>;
  declare failureCode: CreationOptional<string | null>;
  /** The order that had paid for the same already. */
  declare duplicateOf: CreationOptional<string | null>;
  declare createdAt: Date;
  declare expiresAt: Date;
  declare paidAt: CreationOptional<Date | null>;
  declare closedAt: CreationOptional<Date | null>;
  /** The time that was paid for; the end is null for lifetime, both are null for a pack and before payment. */
  declare periodStart: CreationOptional<Date | null>;
  declare periodEnd: CreationOptional<Date | null>;
  /** Since when a dispute about it is open; null when none is. */
  declare disputedAt: CreationOptional<Date | null>;
}

export function initOrder(sequelize: Sequelize): void {
  Order.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      orderNo: { type: DataTypes.TEXT, allowNull: false },
      userId: { type: DataTypes.UUID, allowNull: false },
      kind: { type: DataTypes.TEXT, allowNull: false },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'pending' },
      planId: { type: DataTypes.UUID, allowNull: true },
      priceId: { type: DataTypes.UUID, allowNull: true },
      packId: { type: DataTypes.UUID, allowNull: true },
      subscriptionType: { type: DataTypes.TEXT, allowNull: true },
      subscriptionId: { type: DataTypes.UUID, allowNull: true },
      snapshot: { type: DataTypes.JSONB, allowNull: false },
      currency: { type: DataTypes.TEXT, allowNull: false },
      amountMinor: { type: DataTypes.BIGINT, allowNull: false },
      refundedMinor: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      creditedMinor: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      failureCode: { type: DataTypes.TEXT, allowNull: true },
      duplicateOf: { type: DataTypes.UUID, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      expiresAt: { type: DataTypes.DATE, allowNull: false },
      paidAt: { type: DataTypes.DATE, allowNull: true },
      closedAt: { type: DataTypes.DATE, allowNull: true },
      periodStart: { type: DataTypes.DATE, allowNull: true },
      periodEnd: { type: DataTypes.DATE, allowNull: true },
      disputedAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'Order', tableName: 'orders' },
  );
}
