import { DateTime } from 'luxon';
import type { SubscriptionType } from '../plans/plan-terms.ts';

/**
 * Pure date arithmetic, in UTC. Every boundary is computed from the anchor, never from the boundary before it, so that
 * 31 January → 28 February → 31 March: a short month does not shorten the months after it.
 */
export function addMonths(anchor: Date, months: number): Date {
  return DateTime.fromJSDate(anchor, { zone: 'utc' }).plus({ months }).toJSDate();
}

const monthsIn: Readonly<Record<Exclude<SubscriptionType, 'lifetime'>, number>> = { monthly: 1, yearly: 12 };

/** How many whole months of the anchor lie at or before `time`; negative when `time` is before the anchor. */
export function monthsSince(anchor: Date, time: Date): number {
  const [from, to] = [anchor, time].map((date) => date.getUTCFullYear() * 12 + date.getUTCMonth()) as [number, number];
  const months = to - from;
  return addMonths(anchor, months).getTime() <= time.getTime() ? months : months - 1;
}

/** The start of the first quota month after `time`. */
export function nextQuotaReset(anchor: Date, time: Date): Date {
  return addMonths(anchor, monthsSince(anchor, time) + 1);
}

/** The start of the quota month that `time` lies in. */
export function quotaMonthStart(anchor: Date, time: Date): Date {
  return addMonths(anchor, monthsSince(anchor, time));
}

/** When a period that is bought at `start` ends; null for lifetime. */
export function firstPeriodEnd(start: Date, type: SubscriptionType): Date | null {
  return type === 'lifetime' ? null : addMonths(start, monthsIn[type]);
}

/**
 * Where the end moves when one more period is bought before `currentEnd`: on from the current end, along the anchor.
 * @throws RangeError for a lifetime subscription, which has no end to extend
 */
export function extendedEnd(anchor: Date, currentEnd: Date, type: SubscriptionType): Date {
  if (type === 'lifetime') throw new RangeError('a lifetime subscription has no period to extend');
  return addMonths(anchor, monthsSince(anchor, currentEnd) + monthsIn[type]);
}
