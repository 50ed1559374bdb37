import { revokeRefreshTokensOf } from '../accounts/refresh-tokens.ts';
import type { StaffActor } from '../accounts/staff.ts';
import { lockUser, setStatus, type User } from '../accounts/users.ts';
import { recordAudit } from '../audit/audit.ts';
import { setFrozen } from '../credits/queries.ts';
import { Conflict, ValidationFailed } from '../kit/errors.ts';
import type { Services } from './services.ts';

interface Decision {
  userId: string;
  reason: string;
  staff: StaffActor;
}

/**
 * Locks a customer out: signed out everywhere, credits kept but not to be spent. What was paid for keeps running.
 * @throws ValidationFailed without a reason, NotFound, Conflict when suspended already
 */
export async function suspendUser(services: Services, decision: Decision): Promise<User> {
  return change(services, decision, 'active', 'suspended');
}

/** Lets a suspended customer in again. @throws ValidationFailed without a reason, NotFound, Conflict */
export async function reactivateUser(services: Services, decision: Decision): Promise<User> {
  return change(services, decision, 'suspended', 'active');
}

async function change(
  { db, clock }: Services,
  { userId, reason, staff }: Decision,
  from: User['status'],
  to: User['status'],
): Promise<User> {
  if (reason.trim() === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why.' }]);
  const now = clock.now();
  return db.transaction(async (tx) => {
    const user = await lockUser(tx, userId);
    if (user.status !== from) throw new Conflict(`This account is ${user.status}.`);
    await setStatus(tx, user, to, now);
    await setFrozen(tx, userId, to === 'suspended');
    if (to === 'suspended') await revokeRefreshTokensOf(tx, userId, now);
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: to === 'suspended' ? 'user.suspend' : 'user.reactivate',
      subjectType: 'user',
      subjectId: userId,
      reason: reason.trim(),
      before: { status: from },
      after: { status: to },
      now,
    });
    return user;
  });
}
