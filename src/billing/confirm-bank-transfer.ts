import type { StaffActor } from '../accounts/staff.ts';
import { enqueue } from '../db/queue.ts';
import type { Tx } from '../db/index.ts';
import {
  bankTransferProvider,
  confirmationOf,
  confirmTransfer,
  lockTransfer,
  type BankTransfer,
} from '../payments/bank-transfers.ts';
import { storeEvent } from '../payments/provider-events.ts';
import { findRefund } from '../payments/refunds.ts';
import { auditTransfer, checkedReason, statementOf } from './record-bank-transfer.ts';
import { requestRefund } from './refund-order.ts';
import type { Services } from './services.ts';
import { settlePayment, type Settlement } from './settle-payment.ts';

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
