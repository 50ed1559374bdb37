import type { Tx } from '../db/index.ts';
import { Conflict } from '../kit/errors.ts';
import type { Money } from '../kit/money.ts';
import { planChangeOf, type ChangeCredit, type OrderChange } from '../orders/order-states.ts';
import { paidOrdersOf, type Order } from '../orders/orders.ts';
import { pendingMinor, refundsOf, type Refund } from '../payments/refunds.ts';
import { findPlan, findPrice, type Plan, type PlanPrice } from '../plans/catalog.ts';
import { isUpgrade, unusedPart } from '../subscriptions/plan-change.ts';
import { scheduledSubscription, type Subscription } from '../subscriptions/subscriptions.ts';

/** What moving to another plan, or another interval, means. */
export interface PlanChange {
  change: OrderChange;
  /** When the new plan begins. */
  effectiveAt: Date;
  /** To be paid for it: now, or when it begins. */
  due: Money;
  /** It would begin at once if it were certain what was paid for the plan that runs: a dispute or a refund is open. */
  isUndecided: boolean;
}

/**
 * More than the customer has begins at once, for its price less what is left of what they paid. Less begins when that
 * has run out; so does more that would cost nothing at once, since nothing can be paid out, and more while a dispute or a
 * refund is open, since nobody knows what is left.
 * @throws Conflict when the plan has no end: then nothing of it is ever left or used up
 */
export async function quotePlanChange(
  live: Subscription,
  to: { plan: Plan; price: PlanPrice },
  now: Date,
): Promise<PlanChange> {
  const plan = await findPlan(live.planId);
  const paid = live.priceId === null ? null : await findPrice(live.priceId);
  if (plan === null || paid === null || live.endDate === null) {
    throw new Conflict('You have a lifetime plan: there is nothing to renew or to change.');
  }
  const { subscriptionType, creditsMonthly } = live;
  const { amountMinor: priceMinor, currency } = to.price;
  const paidFor = await ordersPaidFor(live);
  const credits = creditsOf(paidFor, now);
  const dueMinor = priceMinor - credits.reduce((sum, { creditMinor }) => sum + creditMinor, 0);
  const target = { creditsMonthly: to.plan.creditsMonthly, subscriptionType: to.price.subscriptionType };
  const isMore = isUpgrade(
    { creditsMonthly, subscriptionType, amountMinor: paid.amountMinor },
    { ...target, amountMinor: priceMinor },
  );
  const from = { subscriptionId: live.id, planCode: plan.planCode, names: plan.names, subscriptionType };
  const isUndecided = isMore && isOpen(paidFor);
  return isMore && dueMinor > 0 && !isUndecided
    ? {
        change: { from, effective: 'now', priceMinor, credits },
        effectiveAt: now,
        due: { amountMinor: dueMinor, currency },
        isUndecided,
      }
    : {
        change: { from, effective: 'period_end', priceMinor, credits: [] },
        effectiveAt: live.endDate,
        due: { amountMinor: priceMinor, currency },
        isUndecided,
      };
}

interface PaidFor {
  orders: Order[];
  refunds: Refund[];
}

/** What is left at `now` of the periods that were paid for, the one that has yet to begin included. */
export async function creditsTowards(live: Subscription, now: Date, tx?: Tx): Promise<ChangeCredit[]> {
  return creditsOf(await ordersPaidFor(live, tx), now);
}

async function ordersPaidFor(live: Subscription, tx?: Tx): Promise<PaidFor> {
  const next = await scheduledSubscription(live.userId, tx);
  const orders = [...(await paidOrdersOf(live.id, tx)), ...(next === null ? [] : await paidOrdersOf(next.id, tx))];
  const ids = orders.map(({ id }) => id);
  return { orders, refunds: await refundsOf(ids, tx) };
}

function creditsOf({ orders, refunds }: PaidFor, now: Date): ChangeCredit[] {
  return orders.map((order) => creditOf(order, refunds, now)).filter(({ creditMinor }) => creditMinor > 0);
}

function isOpen({ orders, refunds }: PaidFor): boolean {
  return orders.some(({ disputedAt }) => disputedAt !== null) || refunds.some(({ status }) => status === 'pending');
}

function creditOf(order: Order, refunds: readonly Refund[], now: Date): ChangeCredit {
  const { id: orderId, orderNo, periodStart, periodEnd } = order;
  const worthMinor = worthOf(order, refunds);
  const none = { orderId, orderNo, worthMinor, daysLeft: 0, days: 1, creditMinor: 0 };
  if (periodStart === null || periodEnd === null || worthMinor === 0) return none;
  const { daysLeft, days, unusedMinor } = unusedPart({ start: periodStart, end: periodEnd, worthMinor }, now);
  return { ...none, daysLeft, days, creditMinor: unusedMinor };
}

/** What was paid for the period, in money and in what earlier orders counted towards it, less what goes back. */
function worthOf({ id, amountMinor, refundedMinor, disputedAt, snapshot }: Order, refunds: readonly Refund[]): number {
  // Whose money it is, is not decided.
  if (disputedAt !== null) return 0;
  const counted = planChangeOf(snapshot)?.credits ?? [];
  const creditedMinor = counted.reduce((sum, { creditMinor }) => sum + creditMinor, 0);
  const goesBack = refundedMinor + pendingMinor(refunds.filter(({ orderId }) => orderId === id));
  return Math.max(0, amountMinor + creditedMinor - goesBack);
}
