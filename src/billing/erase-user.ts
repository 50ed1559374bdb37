import { deleteRefreshTokensOf } from '../accounts/refresh-tokens.ts';
import type { StaffActor } from '../accounts/staff.ts';
import { eraseAccount, getUser, lockUser, type User } from '../accounts/users.ts';
import { pendingApprovalsOf } from '../approvals/approvals.ts';
import { recordAudit } from '../audit/audit.ts';
import { readCredits, setFrozen } from '../credits/queries.ts';
import { endQuota } from '../credits/quota.ts';
import type { Tx } from '../db/index.ts';
import { Conflict, ValidationFailed, type FieldError } from '../kit/errors.ts';
import { eraseMailsOf } from '../mail/outbox.ts';
import { everPaidOrdersOf, isOpen, ordersOf } from '../orders/orders.ts';
import { countOpenDisputes } from '../payments/disputes.ts';
import { erasePayersOf } from '../payments/payments.ts';
import { pendingMinor, refundsOf } from '../payments/refunds.ts';
import {
  endSubscription,
  liveSubscription,
  scheduledSubscription,
  type Subscription,
} from '../subscriptions/subscriptions.ts';
import type { Services } from './services.ts';

/** What has to come to its end before a customer can be erased. */
export const erasureObstacles = ['plan', 'orders', 'refunds', 'disputes', 'holds', 'approvals'] as const;
export type ErasureObstacle = (typeof erasureObstacles)[number];

const words: Readonly<Record<ErasureObstacle, string>> = {
  plan: 'a paid plan runs (cancel it at once)',
  orders: 'an order is open (it is paid, or closes by itself)',
  refunds: 'a refund is not confirmed',
  disputes: 'a dispute is open',
  holds: 'credits are held for running work (release the hold)',
  approvals: 'a request waits for its decision',
};

export interface ErasurePreview {
  email: string;
  obstacles: ErasureObstacle[];
  /** Orders that stay in the books, under the id alone. */
  orders: number;
  /** Credits that nobody can spend any more. */
  available: number;
  endsFreePlan: boolean;
}

/** @throws NotFound */
export async function previewErasure({ db, clock }: Services, userId: string): Promise<ErasurePreview> {
  return db.transaction(async (tx) => {
    const { email } = await getUser(userId, tx);
    const { balance } = await readCredits(tx, userId, clock.now());
    const live = await liveSubscription(userId, tx);
    return {
      email,
      obstacles: await obstaclesOf(tx, userId, clock.now()),
      orders: (await ordersOf(tx, userId)).length,
      available: balance.available,
      endsFreePlan: live !== null && live.priceId === null,
    };
  });
}

/**
 * Forgets a person, for ever, and keeps the books: orders, payments and the ledger stay under the id; address, name,
 * password, sign-ins, payers' data and what mails said go. The address is free again.
 * @param erasure.email as the customer has it: typed again, so that nobody erases another by a slip
 * @throws ValidationFailed without a reason or with another address, NotFound, Conflict while something is not at its end
 */
export async function eraseUser(
  { db, clock }: Services,
  { userId, email, staff, ...given }: { userId: string; email: string; reason: string; staff: StaffActor },
): Promise<void> {
  const reason = given.reason.trim();
  const now = clock.now();
  await db.transaction(async (tx) => {
    const user = await lockUser(tx, userId);
    if (user.status === 'deleted') throw new Conflict('This account was erased before.');
    refuseSlips(user, email, reason);
    const obstacles = await obstaclesOf(tx, userId, now);
    if (obstacles.length > 0) {
      const list = obstacles.map((obstacle) => words[obstacle]).join('; ');
      throw new Conflict(`This account cannot be erased yet: ${list}. Nothing was changed.`);
    }
    const before = { status: user.status };
    const live = await liveSubscription(userId, tx);
    if (live !== null) {
      await endSubscription(tx, live, 'cancelled', now);
      await endQuota(tx, userId, live.id, now);
    }
    await setFrozen(tx, userId, true);
    const erased = await erasePerson(tx, user, now);
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: 'user.erase',
      subjectType: 'user',
      subjectId: userId,
      reason,
      before,
      after: { status: 'deleted', ...erased },
      now,
    });
  });
}

async function erasePerson(tx: Tx, user: User, now: Date): Promise<{ mails: number; payers: number; signIns: number }> {
  const orders = await ordersOf(tx, user.id);
  const payers = await erasePayersOf(
    tx,
    orders.map(({ id }) => id),
  );
  const signIns = await deleteRefreshTokensOf(tx, user.id);
  await eraseAccount(tx, user, now);
  return { mails: await eraseMailsOf(tx, user.id), payers, signIns };
}

async function obstaclesOf(tx: Tx, userId: string, now: Date): Promise<ErasureObstacle[]> {
  const orders = await ordersOf(tx, userId);
  const ids = orders.map(({ id }) => id);
  const next = await scheduledSubscription(userId, tx);
  const live = await liveSubscription(userId, tx);
  const { heldForWork } = await readCredits(tx, userId, now);
  const found: Record<ErasureObstacle, boolean> = {
    plan: next !== null || (live !== null && (await isPaid(tx, live))),
    orders: orders.some(isOpen),
    refunds: pendingMinor(await refundsOf(ids, tx)) > 0,
    disputes: (await countOpenDisputes(tx, ids)) > 0,
    holds: heldForWork > 0,
    approvals: (await pendingApprovalsOf(tx, userId)).length > 0,
  };
  return erasureObstacles.filter((obstacle) => found[obstacle]);
}

/** A plan that was given can have been paid for longer. */
async function isPaid(tx: Tx, { id, priceId }: Subscription): Promise<boolean> {
  return priceId !== null || (await everPaidOrdersOf(tx, id)).length > 0;
}

/** @throws ValidationFailed */
function refuseSlips(user: User, email: string, reason: string): void {
  const errors: FieldError[] = [];
  if (email.trim().toLowerCase() !== user.email.toLowerCase()) {
    errors.push({ path: 'email', message: 'This is not the address of the account. Type it as it stands there.' });
  }
  if (reason === '') errors.push({ path: 'reason', message: 'Say why.' });
  if (errors.length > 0) throw new ValidationFailed(errors);
}
