import { lockFreeBalances, startQuotaMonths } from '../credits/quota-batch.ts';
import { startQuotaMonth } from '../credits/quota.ts';
import type { Tx } from '../db/index.ts';
import type { Order } from '../orders/orders.ts';
import { nextQuotaReset } from '../subscriptions/periods.ts';
import {
  advanceDueMonths,
  countQuotaDue,
  lockDueMonths,
  lockQuotaDue,
  type BegunMonths,
  type DueMonths,
} from '../subscriptions/quota-due.ts';
import { setQuotaReset, type Subscription } from '../subscriptions/subscriptions.ts';
import { freezeIfDisputed } from './freeze-order.ts';
import { idsOf, inSets, type Tell } from './in-sets.ts';
import { monthsToGive } from './paid-months.ts';
import { ordersWithTime } from './refund-plan.ts';
import type { Services } from './services.ts';

/** One grant for one month of one subscription, however often it is asked for. */
export function quotaKey(subscriptionId: string, monthStart: Date): string {
  return `quota:${subscriptionId}:${monthStart.toISOString()}`;
}

/** A month that begins so long after its time was missed: no process was there to begin it. */
const lateMs = 3600_000;

interface Begun extends BegunMonths {
  done: number;
  left?: readonly string[];
  /** Months that gave credits. */
  granted: number;
}

interface QuotaCounts extends Record<string, number> {
  /** Brought up to date. */
  subscriptions: number;
  /** Months that gave credits. */
  months: number;
  /** Months that began so late that they were made up for, and how many days the first of them was late. */
  late: number;
  daysLate: number;
}

/**
 * Begins the quota months that are due, one month of each of a batch at a time, the longest due first. A month is given
 * once, by its key, and the date moves on in the same transaction. See record 29.
 * @param batchSize subscriptions of a batch at most
 */
export async function resetQuotas(
  services: Services,
  { tell = () => undefined, batchSize }: { tell?: Tell; batchSize?: number } = {},
): Promise<QuotaCounts & { failed: number }> {
  const { db, clock, log } = services;
  const due = await db.transaction((tx) => countQuotaDue(tx, clock.now()));
  const counts: QuotaCounts = { subscriptions: 0, months: 0, late: 0, daysLate: 0 };
  const late: Pick<BegunMonths, 'from' | 'to'> = { from: null, to: null };
  if (due === 0) return { ...counts, failed: 0 };
  const failed = await inSets<DueMonths, Begun>(
    services,
    {
      what: 'a quota reset',
      find: lockDueMonths,
      work: (tx, months, now) => beginBatch(services, tx, months, now),
      one: (tx, id, now) => beginMonthsOf(services, tx, id, now),
      count(begun) {
        counts.subscriptions += begun.upToDate;
        counts.months += begun.granted;
        counts.late += begun.late;
        if (begun.from !== null && (late.from === null || begun.from < late.from)) late.from = begun.from;
        if (begun.to !== null && (late.to === null || begun.to > late.to)) late.to = begun.to;
        if (late.from !== null) counts.daysLate = daysBetween(late.from, clock.now());
        tell({ due, ...counts });
      },
    },
    batchSize === undefined ? {} : { most: batchSize },
  );
  if (counts.late > 0) log.warn({ ...counts, ...late }, 'quota months were made up for: nobody had begun them in time');
  return { ...counts, failed };
}

function daysBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / (24 * 3600_000));
}

/**
 * The plain ones of a batch. Balances are locked before it is read who paid: whoever opens a dispute waits for that lock
 * or has been waited for, so one of the two sees the other.
 */
async function beginBatch({ settings }: Services, tx: Tx, months: DueMonths, now: Date): Promise<Begun> {
  const busy = await lockFreeBalances(tx, months.users);
  const { disputed, ...toGive } = await monthsToGive(tx, months);
  const apart = settings.freezeDisputed ? [...new Set([...busy, ...disputed])] : busy;
  const { granted, left } = await startQuotaMonths(tx, { ...months, ...toGive }, { left: apart, now });
  const begun = await advanceDueMonths(tx, months, { left, now, lateBefore: lateBefore(now) });
  return { ...begun, granted, done: months.count - left.length, left: idsOf(months.ids, left) };
}

function lateBefore(now: Date): Date {
  return new Date(now.getTime() - lateMs);
}

/**
 * Every month of one that began since, so that a process that was down gives what is due, and not one more. A month whose
 * payment was given back, while a later period is paid for, gives nothing.
 */
export async function beginMonthsOf(services: Services, tx: Tx, id: string, now: Date): Promise<Begun> {
  const begun: Begun = { done: 0, granted: 0, upToDate: 0, late: 0, from: null, to: null };
  const subscription = await lockQuotaDue(tx, id, now);
  if (subscription === null) return begun;
  const orders = await ordersWithTime(id, tx);
  let start = subscription.quotaResetsAt;
  while (start !== null && start <= now) {
    if (await beginMonth(services, tx, subscription, { start, orders, now })) begun.granted += 1;
    if (start < lateBefore(now)) {
      begun.late += 1;
      begun.from ??= start;
      begun.to = start;
    }
    start = nextQuotaReset(subscription.anchorAt, start);
  }
  if (start !== null) await setQuotaReset(tx, subscription, start);
  return { ...begun, done: 1, upToDate: 1 };
}

async function beginMonth(
  services: Services,
  tx: Tx,
  subscription: Subscription,
  { start, orders, now }: { start: Date; orders: readonly Order[]; now: Date },
): Promise<boolean> {
  const { id, userId, planId, priceId, anchorAt, rollover, rolloverCap } = subscription;
  const paidBy = orders.find((order) => isPaidBy(order, start));
  const creditsMonthly = priceId === null || paidBy !== undefined ? subscription.creditsMonthly : 0;
  const granted = await startQuotaMonth(
    tx,
    { userId, subscriptionId: id, planId, creditsMonthly, rollover, rolloverCap },
    { key: quotaKey(id, start), end: nextQuotaReset(anchorAt, start), orderId: paidBy?.id ?? null, now },
  );
  if (granted && paidBy !== undefined) await freezeIfDisputed(services, tx, paidBy.id, now);
  return granted;
}

function isPaidBy({ periodStart, periodEnd }: Order, time: Date): boolean {
  return periodStart !== null && periodStart <= time && (periodEnd === null || time < periodEnd);
}
