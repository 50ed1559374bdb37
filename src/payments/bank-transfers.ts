import { UniqueConstraintError } from 'sequelize';
import { validate as isUuid } from 'uuid';
import type { Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { assertMove } from '../states/moves.ts';
import { BankTransfer } from './bank-transfer.model.ts';
import type { ProviderEvent } from './provider.ts';

export type { BankTransfer } from './bank-transfer.model.ts';

/** The name of this gateway in `payments.provider`. */
export const bankTransferProvider = 'manual';

export type NewTransfer = Pick<
  BankTransfer,
  'requestId' | 'direction' | 'orderId' | 'originalId' | 'reference' | 'account' | 'amountMinor' | 'currency'
> & { now: Date };

/** Opens a transfer, once for each request id. → its row, or null when another incoming one has the reference */
export async function openTransfer(tx: Tx | null, { now, ...transfer }: NewTransfer): Promise<BankTransfer | null> {
  await BankTransfer.bulkCreate([{ ...transfer, id: newId(), createdAt: now }], {
    ignoreDuplicates: true,
    transaction: tx,
  });
  return BankTransfer.findOne({ where: { requestId: transfer.requestId }, transaction: tx });
}

export async function findTransfer(id: string): Promise<BankTransfer | null> {
  return isUuid(id) ? BankTransfer.findByPk(id) : null;
}

/** @throws NotFound */
export async function lockTransfer(tx: Tx, id: string): Promise<BankTransfer> {
  const transfer = await BankTransfer.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (transfer === null) throw new NotFound('There is no such bank transfer.');
  return transfer;
}

/** What goes, or went, back of an incoming transfer. */
export async function returnsOf(originalId: string, tx?: Tx): Promise<BankTransfer[]> {
  return BankTransfer.findAll({ where: { originalId }, order: [['id', 'ASC']], transaction: tx ?? null });
}

/** How many wait for a second person. */
export async function countRecordedTransfers(): Promise<number> {
  return BankTransfer.count({ where: { status: 'recorded' } });
}

/** One line of the bank's statement. */
export interface StatementLine {
  /** The bank's own, or the payer's, as the statement has it. */
  bankReference: string;
  /** `2026-11-24` */
  bankDate: string;
  bankAmountMinor: number;
  bankCurrency: string;
}

/** Notes what one member of staff read on the statement. @throws Conflict when that was done before, or elsewhere */
export async function recordTransfer(
  tx: Tx,
  transfer: BankTransfer,
  { staffId, now, ...line }: StatementLine & { staffId: string; now: Date },
): Promise<void> {
  if (transfer.status !== 'awaiting') throw new Conflict('This transfer is recorded already.');
  assertMove('transfer', transfer.status, 'recorded');
  try {
    await transfer.update({ ...line, status: 'recorded', recordedBy: staffId, recordedAt: now }, { transaction: tx });
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) throw error;
    throw new Conflict(
      'Another transfer is recorded with this bank reference and date. One line of the statement counts once.',
    );
  }
}

/** Takes the record back: the transfer waits for its money again. @throws Conflict when there is nothing to take back */
export async function rejectTransfer(tx: Tx, transfer: BankTransfer): Promise<void> {
  refuseUnrecorded(transfer);
  assertMove('transfer', transfer.status, 'awaiting');
  const nothing = { bankReference: null, bankDate: null, bankAmountMinor: null, bankCurrency: null };
  await transfer.update({ ...nothing, status: 'awaiting', recordedBy: null, recordedAt: null }, { transaction: tx });
}

/** The second pair of eyes: from here on the money counts. @throws Conflict for the one who recorded it, or too early */
export async function confirmTransfer(
  tx: Tx,
  transfer: BankTransfer,
  { staffId, now }: { staffId: string; now: Date },
): Promise<void> {
  refuseUnrecorded(transfer);
  if (transfer.recordedBy === staffId) {
    throw new Conflict('You recorded this transfer yourself. Somebody else has to confirm it.');
  }
  assertMove('transfer', transfer.status, 'confirmed');
  await transfer.update({ status: 'confirmed', confirmedBy: staffId, confirmedAt: now }, { transaction: tx });
}

function refuseUnrecorded({ status }: BankTransfer): void {
  if (status === 'confirmed') throw new Conflict('This transfer is confirmed: it stands.');
  if (status === 'awaiting') throw new Conflict('Nothing is recorded for this transfer.');
}

/** What this gateway tells us when a transfer was confirmed: the news that another one sends as a webhook. */
export function confirmationOf({ id, direction, originalId }: BankTransfer): ProviderEvent {
  const incoming = direction === 'incoming';
  return {
    eventId: id,
    type: incoming ? 'TRANSFER.RECEIVED' : 'TRANSFER.SENT',
    kind: incoming ? 'capture' : 'refund',
    providerOrderId: incoming ? id : null,
    captureId: incoming ? id : originalId,
    refundId: incoming ? null : id,
    disputeId: null,
  };
}
