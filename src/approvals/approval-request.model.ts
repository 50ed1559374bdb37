import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { ApprovalStatus } from '../states/moves.ts';

export type ApprovalKind = 'refund' | 'adjustment';

/** Something that one member of staff wants done, and that another has to decide. */
export class ApprovalRequest extends Model<InferAttributes<ApprovalRequest>, InferCreationAttributes<ApprovalRequest>> {
  declare id: string;
  declare kind: ApprovalKind;
  declare status: CreationOptional<ApprovalStatus>;
  /** The customer whose money or credits it is about. */
  declare userId: string;
  /** Of a refund. */
  declare orderId: CreationOptional<string | null>;
  /** Of a refund: how much goes back. */
  declare amountMinor: CreationOptional<number | null>;
  declare currency: CreationOptional<string | null>;
  /** Of an adjustment: positive gives, negative takes. */
  declare credits: CreationOptional<number | null>;
  /** The rest of what was asked for. */
  declare parameters: object;
  /** What whoever asked was shown. */
  declare shown: object;
  declare reason: string;
  declare requestedBy: string;
  declare createdAt: Date;
  declare expiresAt: Date;
  declare decidedBy: CreationOptional<string | null>;
  declare decidedAt: CreationOptional<Date | null>;
  /** Why it was decided so. */
  declare decision: CreationOptional<string | null>;
  /** Why it could not be done any more when it was approved. */
  declare failure: CreationOptional<string | null>;
  declare refundId: CreationOptional<string | null>;
}

export function initApprovalRequest(sequelize: Sequelize): void {
  ApprovalRequest.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      kind: { type: DataTypes.TEXT, allowNull: false },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'pending' },
      userId: { type: DataTypes.UUID, allowNull: false },
      orderId: { type: DataTypes.UUID, allowNull: true },
      amountMinor: { type: DataTypes.BIGINT, allowNull: true },
      currency: { type: DataTypes.TEXT, allowNull: true },
      credits: { type: DataTypes.BIGINT, allowNull: true },
      parameters: { type: DataTypes.JSONB, allowNull: false },
      shown: { type: DataTypes.JSONB, allowNull: false },
      reason: { type: DataTypes.TEXT, allowNull: false },
      requestedBy: { type: DataTypes.UUID, allowNull: false },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      expiresAt: { type: DataTypes.DATE, allowNull: false },
      decidedBy: { type: DataTypes.UUID, allowNull: true },
      decidedAt: { type: DataTypes.DATE, allowNull: true },
      decision: { type: DataTypes.TEXT, allowNull: true },
      failure: { type: DataTypes.TEXT, allowNull: true },
      refundId: { type: DataTypes.UUID, allowNull: true },
    },
    { sequelize, modelName: 'ApprovalRequest', tableName: 'approval_requests' },
  );
}
