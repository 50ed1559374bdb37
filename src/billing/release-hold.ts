import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import { readCredits } from '../credits/queries.ts';
import { cancelHold } from '../credits/holds.ts';
import { ValidationFailed } from '../kit/errors.ts';
import type { Services } from './services.ts';

/**
 * Lets go of a hold whose work will never be settled, before its time is over. Whoever settles it after that is told that
 * it was released.
 * @returns the credits that are free again, and what is available now
 * @throws ValidationFailed without a reason, HoldClosed, NotFound
 */
export async function releaseHold(
  { db, clock }: Services,
  { userId, holdId, reason, staff }: { userId: string; holdId: string; reason: string; staff: StaffActor },
): Promise<{ released: number; available: number }> {
  const why = reason.trim();
  if (why === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why.' }]);
  const now = clock.now();
  return db.transaction(async (tx) => {
    const before = await readCredits(tx, userId, now);
    const actor = `staff:${staff.staffId}`;
    const { amount, available } = await cancelHold(tx, { userId, holdId, actor, now });
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: 'hold.release',
      subjectType: 'user',
      subjectId: userId,
      reason: why,
      before: { available: before.balance.available },
      after: { available, hold: holdId, released: amount },
      now,
    });
    return { released: amount, available };
  });
}
