import type { StaffActor } from '../accounts/staff.ts';
import { enqueue } from '../db/queue.ts';
import type { Tx } from '../db/index.ts';
import { NotFound } from '../kit/errors.ts';
import { findOrder, type Order } from '../orders/orders.ts';
import {
  bankTransferProvider,
  confirmationOf,
  confirmTransfer,
  findTransfer,
  lockTransfer,
  type BankTransfer,
} from '../payments/bank-transfers.ts';
import { storeEvent } from '../payments/provider-events.ts';
import { findRefund } from '../payments/refunds.ts';
import { auditTransfer, checkedReason, statementOf } from './record-bank-transfer.ts';
import { requestRefund } from './refund-order.ts';
import type { Services } from './services.ts';
import { settlePayment, type Settlement } from './settle-payment.ts';
import { stillWanted } from './still-wanted.ts';

/** completed … returned: what became of the payment, as `settlePayment` says it. refunded: what was sent back is booked. */
export type ConfirmedTransfer = Settlement['outcome'] | 'refunded';

/**
 * The second of two people vouches for what the first one recorded: from here on the money counts. The news of it is
 * committed with it, into the inbox of webhooks, so that a crash before the end leaves work that the queue takes up.
 * @throws ValidationFailed without a reason, NotFound, Conflict when nothing is recorded, or by the one who recorded it
 */
export async function confirmBankTransfer(
  services: Services,
  { transferId, staff, ...given }: { transferId: string; reason: string; staff: StaffActor },
): Promise<ConfirmedTransfer> {
  const now = services.clock.now();
  const reason = checkedReason(given.reason);
  const transfer = await services.db.transaction(async (tx) => {
    const locked = await lockTransfer(tx, transferId);
    await confirmTransfer(tx, locked, { staffId: staff.staffId, now });
    const after = statementOf(locked);
    await auditTransfer(tx, { transfer: locked, action: 'transfer.confirm', reason, staff, after, now });
    await postNews(services, tx, locked, now);
    return locked;
  });
  return book(services, transfer);
}

/**
 * hand_over: the order is paid. goes_back: it was closed, or another plan was paid for. mismatch: it is not what was asked
 * for, so the order fails. nothing: the order has failed before. refund: what is sent back is booked.
 */
export type TransferEffect = 'hand_over' | 'goes_back' | 'mismatch' | 'nothing' | 'refund';

/** What a confirmation would do now; of a transfer that is not recorded, if what was asked for arrives. @throws NotFound */
export async function previewBankTransfer(
  transferId: string,
): Promise<{ transfer: BankTransfer; original: BankTransfer | null; order: Order; effect: TransferEffect }> {
  const transfer = await findTransfer(transferId);
  const order = transfer === null ? null : await findOrder(transfer.orderId);
  if (transfer === null || order === null) throw new NotFound('There is no such bank transfer.');
  const original = transfer.originalId === null ? null : await findTransfer(transfer.originalId);
  return { transfer, original, order, effect: await effectOf(transfer, order) };
}

async function effectOf(transfer: BankTransfer, order: Order): Promise<TransferEffect> {
  if (transfer.direction === 'outgoing') return 'refund';
  if (order.status === 'failed') return 'nothing';
  const { bankAmountMinor, bankCurrency, amountMinor, currency } = transfer;
  const isOther = bankAmountMinor !== null && (bankAmountMinor !== amountMinor || bankCurrency !== currency);
  if (isOther) return 'mismatch';
  return order.status === 'pending' && (await stillWanted(order)) ? 'hand_over' : 'goes_back';
}

async function postNews({ db, sealer }: Services, tx: Tx, transfer: BankTransfer, now: Date): Promise<void> {
  const event = confirmationOf(transfer);
  const bodySealed = sealer.seal(JSON.stringify(event));
  const row = await storeEvent(tx, event, { provider: bankTransferProvider, bodySealed, headers: {}, now });
  if (row === null) throw new Error(`the transfer ${transfer.id} was confirmed before`);
  await enqueue(db, tx, 'handle_provider_event', { eventRowId: row.id }, `event:${row.id}`);
}

/** At once, so that staff see what came of it. */
async function book(services: Services, { direction, requestId }: BankTransfer): Promise<ConfirmedTransfer> {
  if (direction === 'incoming') return (await settlePayment(services, requestId)).outcome;
  const refund = await findRefund(requestId);
  if (refund === null) throw new Error(`there is no refund ${requestId}`);
  await requestRefund(services, refund);
  return 'refunded';
}
