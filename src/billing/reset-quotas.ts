import { startQuotaMonth } from '../credits/quota.ts';
import type { Tx } from '../db/index.ts';
import type { Order } from '../orders/orders.ts';
import { nextQuotaReset } from '../subscriptions/periods.ts';
import { lockQuotaDue, setQuotaReset, type Subscription } from '../subscriptions/subscriptions.ts';
import { inBatches } from './batches.ts';
import { freezeIfDisputed } from './freeze-order.ts';
import { ordersWithTime } from './refund-plan.ts';
import type { Services } from './services.ts';

/** One grant for one month of one subscription, however often it is asked for. */
export function quotaKey(subscriptionId: string, monthStart: Date): string {
  return `quota:${subscriptionId}:${monthStart.toISOString()}`;
}

/**
 * Begins the quota months that are due, in batches of one transaction each. Any number of processes may run it at once
 * and it may be killed anywhere: a month is given once, by its key.
 */
export async function resetQuotas(
  services: Services,
): Promise<{ subscriptions: number; months: number; failed: number }> {
  const { rows, sum, failed } = await inBatches(services, 'a quota reset', lockQuotaDue, (tx, due, now) =>
    beginDueMonths(services, tx, due, now),
  );
  return { subscriptions: rows, months: sum, failed };
}

/**
 * Every month that began since, so that a process that was down gives what is due, and not one more. A month whose
 * payment was given back, while a later period is paid for, gives nothing.
 */
async function beginDueMonths(services: Services, tx: Tx, subscription: Subscription, now: Date): Promise<number> {
  const { id, userId, planId, priceId, anchorAt, rollover, rolloverCap } = subscription;
  const orders = await ordersWithTime(id, tx);
  let months = 0;
  let start = subscription.quotaResetsAt;
  while (start !== null && start <= now) {
    const monthStart = start;
    const end = nextQuotaReset(anchorAt, monthStart);
    const paidBy = orders.find((order) => isPaidBy(order, monthStart));
    const creditsMonthly = priceId === null || paidBy !== undefined ? subscription.creditsMonthly : 0;
    const granted = await startQuotaMonth(
      tx,
      { userId, subscriptionId: id, planId, creditsMonthly, rollover, rolloverCap },
      { key: quotaKey(id, monthStart), end, orderId: paidBy?.id ?? null, now },
    );
    if (granted) months += 1;
    if (granted && paidBy !== undefined) await freezeIfDisputed(services, tx, paidBy.id, now);
    start = end;
  }
  if (start !== null) await setQuotaReset(tx, subscription, start);
  return months;
}

function isPaidBy({ periodStart, periodEnd }: Order, time: Date): boolean {
  return periodStart !== null && periodStart <= time && (periodEnd === null || time < periodEnd);
}
