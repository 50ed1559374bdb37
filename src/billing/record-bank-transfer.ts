import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import type { Tx } from '../db/index.ts';
import { NotFound, ValidationFailed } from '../kit/errors.ts';
import { toDecimal, type Money } from '../kit/money.ts';
import { keepOrderOpen, lockOrder } from '../orders/orders.ts';
import {
  bankTransferProvider,
  findTransfer,
  lockTransfer,
  recordTransfer,
  rejectTransfer,
  type BankTransfer,
} from '../payments/bank-transfers.ts';
import { providerOf, type Services } from './services.ts';

export interface TransferRecord {
  transferId: string;
  /** As the bank's statement has it. */
  bankReference: string;
  /** `2026-11-24` */
  bankDate: string;
  /** What arrived. An outgoing transfer sends exactly what it has to, so there it is left out. */
  received?: Money | undefined;
  reason: string;
  staff: StaffActor;
}

/**
 * The first of two people says what the bank's statement shows. Nothing is booked by it; an order that waits for this
 * money does not expire over it.
 * @throws ValidationFailed, NotFound, Conflict when it is recorded already, or the line of the statement is used
 */
export async function recordBankTransfer(services: Services, record: TransferRecord): Promise<BankTransfer> {
  const { db, clock } = services;
  const { transferId, staff } = record;
  const now = clock.now();
  const reason = checkedReason(record.reason);
  const line = checkedLine(record, now);
  const found = await findTransfer(transferId);
  if (found === null) throw new NotFound('There is no such bank transfer.');
  return db.transaction(async (tx) => {
    const order = await lockOrder(tx, found.orderId);
    const transfer = await lockTransfer(tx, transferId);
    const { amountMinor, currency } = checkedAmount(transfer, record.received);
    const money = { bankAmountMinor: amountMinor, bankCurrency: currency };
    await recordTransfer(tx, transfer, { ...line, ...money, staffId: staff.staffId, now });
    const { openForMs } = providerOf(services, bankTransferProvider);
    await keepOrderOpen(tx, order, new Date(now.getTime() + openForMs));
    await auditTransfer(tx, { transfer, action: 'transfer.record', reason, staff, after: statementOf(transfer), now });
    return transfer;
  });
}

/**
 * Takes a record back, by the one who made it or by another: it was a mistake, and the transfer waits again.
 * @throws ValidationFailed without a reason, NotFound, Conflict when nothing is recorded or it is confirmed
 */
export async function rejectBankTransfer(
  { db, clock }: Services,
  { transferId, staff, ...given }: { transferId: string; reason: string; staff: StaffActor },
): Promise<BankTransfer> {
  const now = clock.now();
  const reason = checkedReason(given.reason);
  return db.transaction(async (tx) => {
    const transfer = await lockTransfer(tx, transferId);
    const before = statementOf(transfer);
    await rejectTransfer(tx, transfer);
    await auditTransfer(tx, { transfer, action: 'transfer.reject', reason, staff, before, now });
    return transfer;
  });
}

/** @throws ValidationFailed */
export function checkedReason(reason: string): string {
  const said = reason.trim();
  if (said === '') throw new ValidationFailed([{ path: 'reason', message: 'Say what you saw, or why.' }]);
  return said;
}

/** What the bank's statement says, for the audit log. */
export function statementOf({ bankReference, bankDate, bankAmountMinor, bankCurrency }: BankTransfer): object {
  const [amountMinor, currency] = [bankAmountMinor ?? 0, bankCurrency ?? ''];
  return { bankReference, bankDate, amount: toDecimal({ amountMinor, currency }), currency };
}

export async function auditTransfer(
  tx: Tx,
  entry: {
    transfer: BankTransfer;
    action: 'transfer.record' | 'transfer.confirm' | 'transfer.reject';
    reason: string;
    staff: StaffActor;
    before?: object;
    after?: object;
    now: Date;
  },
): Promise<void> {
  const { transfer, staff, ...rest } = entry;
  await recordAudit(tx, {
    ...rest,
    staffId: staff.staffId,
    actor: staff.name,
    address: staff.address,
    subjectType: 'transfer',
    subjectId: transfer.id,
  });
}

const dayMs = 24 * 3600 * 1000;

/** @throws ValidationFailed */
function checkedLine(record: Pick<TransferRecord, 'bankReference' | 'bankDate'>, now: Date) {
  const bankReference = record.bankReference.trim();
  const { bankDate } = record;
  const errors = [];
  if (bankReference === '') errors.push({ path: 'bankReference', message: 'Copy it from the statement.' });
  const at = /^\d{4}-\d{2}-\d{2}$/.test(bankDate) ? Date.parse(bankDate) : Number.NaN;
  // It may be tomorrow already where the bank is.
  const isPossible = at <= now.getTime() + dayMs && at > now.getTime() - 366 * dayMs;
  if (!isPossible) errors.push({ path: 'bankDate', message: 'Give the day of the statement, not in the future.' });
  if (errors.length > 0) throw new ValidationFailed(errors);
  return { bankReference, bankDate };
}

/** @throws ValidationFailed */
function checkedAmount({ direction, amountMinor, currency }: BankTransfer, received: Money | undefined): Money {
  if (direction === 'outgoing') {
    if (received === undefined) return { amountMinor, currency };
    throw new ValidationFailed([{ path: 'bankAmountMinor', message: 'What goes back is given by the refund.' }]);
  }
  if (received !== undefined && Number.isSafeInteger(received.amountMinor) && received.amountMinor > 0) return received;
  throw new ValidationFailed([{ path: 'bankAmountMinor', message: 'Give the amount that arrived.' }]);
}
