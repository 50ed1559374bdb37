import { findPlan, findPrice, type Plan, type PlanPrice } from '../plans/catalog.ts';
import { scheduledSubscription, type Subscription } from '../subscriptions/subscriptions.ts';

/** Another plan, or another interval, that begins when the running period ends. */
export interface WhatFollows {
  plan: Plan;
  price: PlanPrice;
  beginsAt: Date;
  /** False: the customer has chosen it, and pays for it before the period ends. */
  isPaid: boolean;
}

/** What the customer has chosen, or paid for, to follow their plan; null when it is to go on or end as it is. */
export async function whatFollows(live: Subscription): Promise<WhatFollows | null> {
  const paid = await scheduledSubscription(live.userId);
  const priceId = paid?.priceId ?? live.nextPriceId;
  const beginsAt = paid?.startDate ?? live.endDate;
  const price = priceId === null ? null : await findPrice(priceId);
  const plan = price === null ? null : await findPlan(price.planId);
  if (price === null || plan === null || beginsAt === null) return null;
  return { plan, price, beginsAt, isPaid: paid !== null };
}
