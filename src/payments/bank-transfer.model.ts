import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { TransferStatus } from '../states/moves.ts';

/** Money that a customer sends to our bank account, or that we send back from it. */
export class BankTransfer extends Model<InferAttributes<BankTransfer>, InferCreationAttributes<BankTransfer>> {
  declare id: string;
  /** The payment that asked for it, or the refund. */
  declare requestId: string;
  declare direction: 'incoming' | 'outgoing';
  declare status: CreationOptional<TransferStatus>;
  declare orderId: string;
  /** Of an outgoing one: the incoming one that it gives back. */
  declare originalId: string | null;
  /** What the customer is asked to write on the transfer. */
  declare reference: string;
  /** Of an incoming one: our account as the customer was told it, in lines. */
  declare account: string | null;
  /** What was asked for, or has to be sent. */
  declare amountMinor: number;
  declare currency: string;
  /** What the bank's statement says. */
  declare bankReference: CreationOptional<string | null>;
  /** `2026-11-24` */
  declare bankDate: CreationOptional<string | null>;
  declare bankAmountMinor: CreationOptional<number | null>;
  declare bankCurrency: CreationOptional<string | null>;
  declare recordedBy: CreationOptional<string | null>;
  declare recordedAt: CreationOptional<Date | null>;
  declare confirmedBy: CreationOptional<string | null>;
  declare confirmedAt: CreationOptional<Date | null>;
  declare createdAt: Date;
}

export function initBankTransfer(sequelize: Sequelize): void {
  BankTransfer.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      requestId: { type: DataTypes.UUID, allowNull: false },
      direction: { type: DataTypes.TEXT, allowNull: false },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'awaiting' },
      orderId: { type: DataTypes.UUID, allowNull: false },
      originalId: { type: DataTypes.UUID, allowNull: true },
      reference: { type: DataTypes.TEXT, allowNull: false },
      account: { type: DataTypes.TEXT, allowNull: true },
      amountMinor: { type: DataTypes.BIGINT, allowNull: false },
      currency: { type: DataTypes.TEXT, allowNull: false },
      bankReference: { type: DataTypes.TEXT, allowNull: true },
      bankDate: { type: DataTypes.DATEONLY, allowNull: true },
      bankAmountMinor: { type: DataTypes.BIGINT, allowNull: true },
      bankCurrency: { type: DataTypes.TEXT, allowNull: true },
      recordedBy: { type: DataTypes.UUID, allowNull: true },
      recordedAt: { type: DataTypes.DATE, allowNull: true },
      confirmedBy: { type: DataTypes.UUID, allowNull: true },
      confirmedAt: { type: DataTypes.DATE, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'BankTransfer', tableName: 'bank_transfers' },
  );
}
