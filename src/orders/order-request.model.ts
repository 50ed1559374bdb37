import { DataTypes, Model, type InferAttributes, type InferCreationAttributes, type Sequelize } from 'sequelize';

/** A request to begin an order that carried an idempotency key, and the order that it was answered with. */
export class OrderRequest extends Model<InferAttributes<OrderRequest>, InferCreationAttributes<OrderRequest>> {
  declare userId: string;
  declare idempotencyKey: string;
  /** A hash of what was asked for. */
  declare fingerprint: string;
  declare orderId: string;
  declare createdAt: Date;
}

export function initOrderRequest(sequelize: Sequelize): void {
  OrderRequest.init(
    {
      userId: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      idempotencyKey: { type: DataTypes.TEXT, primaryKey: true, allowNull: false },
      fingerprint: { type: DataTypes.TEXT, allowNull: false },
      orderId: { type: DataTypes.UUID, allowNull: false },
      createdAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'OrderRequest', tableName: 'order_requests' },
  );
}
