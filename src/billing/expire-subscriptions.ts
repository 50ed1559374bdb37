import { getUser } from '../accounts/users.ts';
import { endQuota } from '../credits/quota.ts';
import { readCredits } from '../credits/queries.ts';
import type { Tx } from '../db/index.ts';
import { postMail } from '../mail/outbox.ts';
import { findPlan, findPrice } from '../plans/catalog.ts';
import { endSubscription, lockEnded, type Subscription } from '../subscriptions/subscriptions.ts';
import { inBatches } from './batches.ts';
import { addressOf } from './mail-data.ts';
import type { Services } from './services.ts';

/** Ends what was not renewed: the plan's credits stop, and the customer is told on the day. */
export async function expireSubscriptions(services: Services): Promise<{ expired: number; failed: number }> {
  const { sum, failed } = await inBatches(services, 'the end of a subscription', lockEnded, (tx, ended, now) =>
    expire(services, tx, ended, now),
  );
  return { expired: sum, failed };
}

async function expire({ db }: Services, tx: Tx, subscription: Subscription, now: Date): Promise<number> {
  const { id, userId, planId, priceId, subscriptionType, endDate } = subscription;
  await endSubscription(tx, subscription, subscription.cancelAtPeriodEnd ? 'cancelled' : 'expired', now);
  await endQuota(tx, userId, id, now);
  const user = await getUser(userId, tx);
  const plan = await findPlan(planId, tx);
  const price = priceId === null ? null : await findPrice(priceId, tx);
  const credits = await readCredits(tx, userId, now);
  await postMail(db, tx, {
    template: 'subscription_expired',
    data: {
      customerName: user.name,
      planCode: plan?.planCode ?? '',
      planName: plan?.names ?? { en: '' },
      subscriptionType,
      currency: price?.currency,
      endedAt: (endDate ?? now).toISOString(),
      creditsKept: credits.balance.available,
    },
    to: addressOf(user),
    dedupeKey: `expired:${id}`,
    now,
  });
  return 1;
}
