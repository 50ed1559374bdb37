import { lockUser } from '../accounts/users.ts';
import { grantCredits } from '../credits/ledger.ts';
import { endQuota, startQuotaMonth } from '../credits/quota.ts';
import type { Tx } from '../db/index.ts';
import { linkSubscription, type Order } from '../orders/orders.ts';
import {
  endSubscription,
  extendSubscription,
  liveSubscription,
  startSubscription,
  type Subscription,
} from '../subscriptions/subscriptions.ts';

const dayMs = 24 * 3600 * 1000;

export interface Activated {
  period: { start: Date; end: Date | null } | null;
  creditsExpireAt: Date | null;
}

/** Hands over what a paid order was for, in the transaction that marks it paid. */
export async function activatePurchase(tx: Tx, order: Order, now: Date): Promise<Activated> {
  if ('packCode' in order.snapshot) {
    const { credits, validityDays } = order.snapshot;
    const expiresAt = validityDays === null ? null : new Date(now.getTime() + validityDays * dayMs);
    await grantCredits(tx, {
      userId: order.userId,
      key: `order:${order.id}`,
      source: 'pack',
      amount: credits,
      expiresAt,
      orderId: order.id,
      now,
    });
    return { period: null, creditsExpireAt: expiresAt };
  }
  await lockUser(tx, order.userId);
  const live = await liveSubscription(order.userId, tx);
  if (live !== null && continues(live, order, now)) return extend(tx, live, order);
  return start(tx, live, order, now);
}

/** One that has ended is not continued, though the job that says so has yet to come: the time bought would lie behind us. */
function continues(live: Subscription, order: Order, now: Date): boolean {
  const runs = live.endDate !== null && live.endDate > now;
  return runs && live.planId === order.planId && live.subscriptionType === order.subscriptionType;
}

/** The period is added behind the current end; its credits come when it begins. */
async function extend(tx: Tx, live: Subscription, order: Order): Promise<Activated> {
  const start = live.endDate;
  if (start === null) throw new RangeError('a subscription without end cannot be extended');
  await extendSubscription(tx, live);
  const period = { start, end: live.endDate };
  await linkSubscription(tx, order, live.id, period);
  return { period, creditsExpireAt: null };
}

/** Begins the plan now, in the place of whatever there was; its first month's credits come at once. */
async function start(tx: Tx, replaced: Subscription | null, order: Order, now: Date): Promise<Activated> {
  const { userId, planId, priceId, subscriptionType, snapshot } = order;
  if (planId === null || subscriptionType === null || 'packCode' in snapshot) {
    throw new TypeError(`order ${order.id} does not name a plan`);
  }
  if (replaced !== null) {
    const hasEnded = replaced.endDate !== null && replaced.endDate <= now;
    await endSubscription(tx, replaced, hasEnded ? 'expired' : 'cancelled', now);
    await endQuota(tx, userId, replaced.id, now);
  }
  const { creditsMonthly, rollover, rolloverCap } = snapshot;
  const terms = { creditsMonthly, rollover, rolloverCap };
  const subscription = await startSubscription(tx, {
    ...terms,
    userId,
    planId,
    priceId,
    orderId: order.id,
    subscriptionType,
    now,
  });
  await startQuotaMonth(
    tx,
    { ...terms, userId, subscriptionId: subscription.id },
    { key: `order:${order.id}`, end: subscription.quotaResetsAt ?? now, orderId: order.id, now },
  );
  const period = { start: now, end: subscription.endDate };
  await linkSubscription(tx, order, subscription.id, period);
  return { period, creditsExpireAt: null };
}
