import { prorate } from '../kit/proration.ts';
import type { SubscriptionType } from '../plans/plan-terms.ts';

/** What is compared when somebody moves from one plan to another. */
export interface Standing {
  creditsMonthly: number;
  subscriptionType: SubscriptionType;
  /** Minor units of the price; both of one currency. */
  amountMinor: number;
}

const lengths: Readonly<Record<SubscriptionType, number>> = { monthly: 1, yearly: 2, lifetime: 3 };

/**
 * Whether the second is more than the first: more credits a month, else a longer interval, else a higher price. More is
 * had at once, for the difference; less begins when what was paid for has run out.
 */
export function isUpgrade(from: Standing, to: Standing): boolean {
  const byCredits = to.creditsMonthly - from.creditsMonthly;
  const byLength = lengths[to.subscriptionType] - lengths[from.subscriptionType];
  return (byCredits || byLength || to.amountMinor - from.amountMinor) > 0;
}

/** A period that was paid for. */
export interface PaidPeriod {
  start: Date;
  end: Date;
  /** What it cost, minor units, less what was given back of it. */
  worthMinor: number;
}

export interface Unused {
  /** Days that have not ended, of all its days. */
  daysLeft: number;
  days: number;
  /** What they are worth, minor units; rounded in the customer's favour. */
  unusedMinor: number;
}

const dayMs = 24 * 3600 * 1000;

/**
 * What is left of a paid period, in whole days from its start, so that it can be checked by hand and does not change
 * while somebody reads it. The day that is running counts as unused.
 */
export function unusedPart({ start, end, worthMinor }: PaidPeriod, now: Date): Unused {
  const days = Math.max(1, Math.round((end.getTime() - start.getTime()) / dayMs));
  const ended = Math.floor((now.getTime() - start.getTime()) / dayMs);
  const daysLeft = days - Math.min(days, Math.max(0, ended));
  return { daysLeft, days, unusedMinor: prorate(worthMinor, daysLeft, days).left };
}
