import type { StaffActor } from '../accounts/staff.ts';
import { getUser } from '../accounts/users.ts';
import { recordAudit } from '../audit/audit.ts';
import { deductCredits, grantCredits } from '../credits/ledger.ts';
import { readCredits } from '../credits/queries.ts';
import { ValidationFailed, type FieldError } from '../kit/errors.ts';
import type { Services } from './services.ts';

export const maxAdjustment = 1_000_000_000;

export interface Adjustment {
  userId: string;
  /** Credits: positive gives, negative takes. */
  amount: number;
  reason: string;
  /** Made with the form: the same form sent twice adjusts once. */
  requestId: string;
  staff: StaffActor;
}

/**
 * Gives or takes credits by hand; the audit log says who and why.
 * @returns the balance after it
 * @throws ValidationFailed, NotFound, InsufficientCredits when more is taken than there is
 */
export async function adjustCredits({ db, clock }: Services, adjustment: Adjustment): Promise<{ available: number }> {
  const { userId, amount, requestId, staff } = adjustment;
  const reason = adjustment.reason.trim();
  refuseInvalid(amount, reason);
  const now = clock.now();
  const actor = `staff:${staff.staffId}`;
  const key = `adjustment:${requestId}`;
  return db.transaction(async (tx) => {
    await getUser(userId, tx);
    const before = await readCredits(tx, userId, now);
    const isNew =
      amount > 0
        ? await grantCredits(tx, {
            userId,
            key,
            source: 'adjustment',
            type: 'adjust',
            amount,
            expiresAt: null,
            description: reason,
            actor,
            now,
          })
        : await deductCredits(tx, { userId, key, amount: -amount, description: reason, actor, now });
    const { balance } = await readCredits(tx, userId, now);
    if (isNew) {
      await recordAudit(tx, {
        staffId: staff.staffId,
        actor: staff.name,
        address: staff.address,
        action: 'credits.adjust',
        subjectType: 'user',
        subjectId: userId,
        reason,
        before: { available: before.balance.available },
        after: { available: balance.available, amount },
        now,
      });
    }
    return { available: balance.available };
  });
}

function refuseInvalid(amount: number, reason: string): void {
  const errors: FieldError[] = [];
  if (!Number.isSafeInteger(amount) || amount === 0 || Math.abs(amount) > maxAdjustment) {
    errors.push({ path: 'amount', message: `Give a whole number of credits, not 0, up to ${maxAdjustment}.` });
  }
  if (reason === '') errors.push({ path: 'reason', message: 'Say why the credits are adjusted.' });
  if (errors.length > 0) throw new ValidationFailed(errors);
}
