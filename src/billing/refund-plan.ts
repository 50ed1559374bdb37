import { creditsOfOrder } from '../credits/ledger.ts';
import { creditsOfSubscription, endQuota } from '../credits/quota.ts';
import type { Tx } from '../db/index.ts';
import { everPaidOrdersOf, type Order } from '../orders/orders.ts';
import { refundsOf, type Refund } from '../payments/refunds.ts';
import { endSubscription, isLive, lockSubscription, setEndDate } from '../subscriptions/subscriptions.ts';
import { claimedCredits, holdsItsTime, planRefund, type RefundPlan } from './refund-policy.ts';

/**
 * What giving back a part of an order, which is locked, does now; `endsSubscription` null: what is usual for the amount.
 * Locks the subscription and then the credits, in the order in which every flow does.
 */
export async function readRefundPlan(
  tx: Tx,
  order: Order,
  { amountMinor, endsSubscription }: Pick<Refund, 'amountMinor' | 'endsSubscription'>,
  now: Date,
): Promise<RefundPlan> {
  const { id, userId, subscriptionId, refundedMinor } = order;
  const subscription = subscriptionId === null ? null : await lockSubscription(tx, subscriptionId);
  const credits = await creditsOfOrder(tx, userId, id, now);
  const claimed = claimedCredits(await refundsOf([id], tx));
  const plan = planRefund(order, amountMinor, refundedMinor, credits, claimed);
  // One that has yet to begin was paid for as well.
  if (subscription === null || !(isLive(subscription) || subscription.status === 'scheduled')) return plan;
  if (!(endsSubscription ?? plan.isFull)) return { ...plan, subscription: 'stays' };

  const others = (await ordersWithTime(subscription.id, tx)).filter((one) => one.id !== id);
  if (!others.some(({ periodEnd }) => periodEnd === null || periodEnd > now)) {
    const inPlan = await creditsOfSubscription(tx, userId, subscription.id);
    return { ...plan, subscription: 'ends', creditsEnding: inPlan - plan.creditsTakenBack };
  }
  const isLast = order.periodEnd?.getTime() === subscription.endDate?.getTime();
  // The period before it may have been given back as well: what is paid for ends with the last that was not.
  const paidUntil = others.at(-1)?.periodEnd ?? null;
  if (!isLast || paidUntil === null) return { ...plan, subscription: 'goes_on' };
  return { ...plan, subscription: 'shortened', endsAt: paidUntil };
}

/** The orders that the time of a subscription is paid with, by the time that each paid for. */
export async function ordersWithTime(subscriptionId: string, tx: Tx): Promise<Order[]> {
  const paid = await everPaidOrdersOf(tx, subscriptionId);
  const refunds = await refundsOf(
    paid.map(({ id }) => id),
    tx,
  );
  return paid.filter((order) => holdsItsTime(order, refunds));
}

/** Takes back the time that the order paid for, as planned. */
export async function takeBackTime(tx: Tx, order: Order, plan: RefundPlan, now: Date): Promise<void> {
  if (order.subscriptionId === null) return;
  const subscription = await lockSubscription(tx, order.subscriptionId);
  if (plan.subscription === 'ends') {
    await endSubscription(tx, subscription, 'cancelled', now);
    await endQuota(tx, order.userId, subscription.id, now);
  }
  if (plan.subscription === 'shortened' && plan.endsAt !== null) await setEndDate(tx, subscription, plan.endsAt);
}
