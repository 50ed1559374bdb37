import type { StaffActor } from '../accounts/staff.ts';
import { lockUser } from '../accounts/users.ts';
import { recordAudit } from '../audit/audit.ts';
import { deductCredits, grantCredits, lockBalance } from '../credits/ledger.ts';
import { isAdjusted, readCredits } from '../credits/queries.ts';
import type { Tx } from '../db/index.ts';
import { Conflict, ValidationFailed, type FieldError } from '../kit/errors.ts';
import { adjustableAlone } from './approval-limits.ts';
import type { Approval } from './decide-approval.ts';
import type { Services } from './services.ts';

export const maxAdjustment = 1_000_000_000;

export interface Adjustment {
  userId: string;
  /** Credits: positive gives, negative takes. */
  amount: number;
  /** When given credits end; null or missing: never. */
  expiresAt?: Date | null;
  reason: string;
  /** Made with the form: the same form sent twice adjusts once. */
  requestId: string;
  staff: StaffActor;
}

/**
 * Gives or takes credits by hand; the audit log says who and why.
 * @returns the balance after it
 * @throws ValidationFailed, NotFound, InsufficientCredits when more is taken than there is, Conflict when it takes a
 * second person
 */
export async function adjustCredits(services: Services, adjustment: Adjustment): Promise<{ available: number }> {
  return services.db.transaction((tx) => bookAdjustment(services, tx, adjustment));
}

/** The same in a transaction; `approval`: another person has decided that it is done. */
export async function bookAdjustment(
  services: Services,
  tx: Tx,
  adjustment: Adjustment,
  approval?: Approval,
): Promise<{ available: number }> {
  const { userId, amount, expiresAt = null, requestId, staff } = adjustment;
  const now = services.clock.now();
  const reason = refuseInvalid(adjustment, now);
  const key = `adjustment:${requestId}`;
  await lockAccount(tx, userId, now);
  const before = await readCredits(tx, userId, now);
  if (await isAdjusted(tx, userId, key)) return { available: before.balance.available };
  if (approval === undefined && (await needsSecond(services, tx, adjustment))) {
    throw new Conflict('So many credits take a second person: ask for an approval.');
  }
  const change = { userId, key, description: reason, actor: `staff:${staff.staffId}`, now };
  if (amount > 0) await grantCredits(tx, { ...change, source: 'adjustment', type: 'adjust', amount, expiresAt });
  else await deductCredits(tx, { ...change, amount: -amount });
  const { balance } = await readCredits(tx, userId, now);
  await recordAudit(tx, {
    staffId: staff.staffId,
    actor: staff.name,
    address: staff.address,
    action: 'credits.adjust',
    subjectType: 'user',
    subjectId: userId,
    reason,
    before: { available: before.balance.available },
    after: {
      available: balance.available,
      amount,
      ...(expiresAt !== null && { expiresAt: expiresAt.toISOString() }),
      ...(approval !== undefined && { approval: approval.id, requestedBy: approval.requestedBy }),
    },
    now,
  });
  return { available: balance.available };
}

/** Whether it is more than one person decides; the balance is locked, or two halves at once would pass. */
export async function needsSecond(
  services: Services,
  tx: Tx,
  { userId, amount }: Pick<Adjustment, 'userId' | 'amount'>,
): Promise<boolean> {
  const most = await adjustableAlone(services, tx, userId);
  return most !== null && Math.abs(amount) > most;
}

/** The user before their credits: the order in which every flow locks them. @throws NotFound, Conflict when it was erased */
export async function lockAccount(tx: Tx, userId: string, now: Date): Promise<void> {
  const { status } = await lockUser(tx, userId);
  if (status === 'deleted') throw new Conflict('This account was erased: nobody is there to have credits.');
  await lockBalance(tx, userId, now);
}

/** → the reason. @throws ValidationFailed */
export function refuseInvalid({ amount, expiresAt, reason }: Adjustment, now: Date): string {
  const errors: FieldError[] = [];
  if (!Number.isSafeInteger(amount) || amount === 0 || Math.abs(amount) > maxAdjustment) {
    errors.push({ path: 'amount', message: `Give a whole number of credits, not 0, up to ${maxAdjustment}.` });
  }
  if (expiresAt != null && amount < 0) {
    errors.push({ path: 'expiresOn', message: 'Only credits that are given can expire.' });
  }
  if (expiresAt != null && expiresAt <= now) errors.push({ path: 'expiresOn', message: 'Give a day that is to come.' });
  if (reason.trim() === '') errors.push({ path: 'reason', message: 'Say why the credits are adjusted.' });
  if (errors.length > 0) throw new ValidationFailed(errors);
  return reason.trim();
}
