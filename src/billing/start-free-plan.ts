import { lockUser } from '../accounts/users.ts';
import { startQuotaMonth } from '../credits/quota.ts';
import { Conflict, PlanUnavailable } from '../kit/errors.ts';
import { findPlanByCode, isFree } from '../plans/catalog.ts';
import { nextQuotaReset, quotaMonthStart } from '../subscriptions/periods.ts';
import {
  lastFreeSubscription,
  liveSubscription,
  reopenSubscription,
  startSubscription,
  type Subscription,
} from '../subscriptions/subscriptions.ts';
import { quotaKey } from './reset-quotas.ts';
import type { Services } from './services.ts';

/**
 * Starts a plan that costs nothing. Whoever had it before takes it up where it was left, in the same months: leaving and
 * coming back gives no second quota.
 * @throws PlanUnavailable when there is no such plan or it has a price, Conflict when the customer has a plan
 */
export async function startFreePlan(
  { db, clock }: Services,
  { userId, planCode }: { userId: string; planCode: string },
): Promise<Subscription> {
  const plan = await findPlanByCode(planCode);
  if (plan === null || !(await isFree(plan.id))) throw new PlanUnavailable('There is no free plan of this name.');
  const now = clock.now();
  return db.transaction(async (tx) => {
    // Without a plan there is no row to wait at: a second click would start a second one.
    await lockUser(tx, userId);
    const live = await liveSubscription(userId, tx);
    if (live?.planId === plan.id) return live;
    if (live !== null) throw new Conflict('You have a plan already.');
    const former = await lastFreeSubscription(tx, userId, plan.id);
    if (former !== null) await reopenSubscription(tx, former, nextQuotaReset(former.anchorAt, now));
    const { creditsMonthly, rollover, rolloverCap } = plan;
    const terms = { userId, creditsMonthly, rollover, rolloverCap };
    const subscription =
      former ??
      (await startSubscription(tx, {
        ...terms,
        planId: plan.id,
        priceId: null,
        orderId: null,
        subscriptionType: 'monthly',
        now,
      }));
    const start = quotaMonthStart(subscription.anchorAt, now);
    await startQuotaMonth(
      tx,
      { ...terms, planId: plan.id, subscriptionId: subscription.id },
      { key: quotaKey(subscription.id, start), end: nextQuotaReset(subscription.anchorAt, now), now },
    );
    return subscription;
  });
}
