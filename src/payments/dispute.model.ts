import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { DisputeStatus } from '../states/moves.ts';

/** A buyer's complaint about a payment, as the gateway keeps it. */
export class Dispute extends Model<InferAttributes<Dispute>, InferCreationAttributes<Dispute>> {
  declare id: string;
  declare orderId: string;
  declare paymentId: string;
  declare provider: string;
  declare providerDisputeId: string;
  declare status: CreationOptional<DisputeStatus>;
  declare currency: string;
  declare amountMinor: number;
  /** What the decision gives the buyer back; null before it, and where the gateway does not say. */
  declare refundedMinor: number | null;
  /** The gateway's own words. */
  declare reason: string | null;
  declare outcome: string | null;
  /** At the gateway, by its own clock, as are the next two. */
  declare openedAt: Date;
  declare updatedAt: Date;
  declare respondBy: Date | null;
  /** When it was last asked about. */
  declare checkedAt: CreationOptional<Date | null>;
  declare closedAt: CreationOptional<Date | null>;
}

export function initDispute(sequelize: Sequelize): void {
  Dispute.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      orderId: { type: DataTypes.UUID, allowNull: false },
      paymentId: { type: DataTypes.UUID, allowNull: false },
      provider: { type: DataTypes.TEXT, allowNull: false },
      providerDisputeId: { type: DataTypes.TEXT, allowNull: false },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'open' },
      currency: { type: DataTypes.TEXT, allowNull: false },
      amountMinor: { type: DataTypes.BIGINT, allowNull: false },
      refundedMinor: { type: DataTypes.BIGINT, allowNull: true },
      reason: { type: DataTypes.TEXT, allowNull: true },
      outcome: { type: DataTypes.TEXT, allowNull: true },
      openedAt: { type: DataTypes.DATE, allowNull: false },
      updatedAt: { type: DataTypes.DATE, allowNull: false },
      respondBy: { type: DataTypes.DATE, allowNull: true },
      checkedAt: { type: DataTypes.DATE, allowNull: true },
      closedAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'Dispute', tableName: 'disputes' },
  );
}
