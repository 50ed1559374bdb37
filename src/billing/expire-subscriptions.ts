import { getUser } from '../accounts/users.ts';
import { endQuota } from '../credits/quota.ts';
import { readCredits } from '../credits/queries.ts';
import type { Tx } from '../db/index.ts';
import { postMail } from '../mail/outbox.ts';
import { findPlan } from '../plans/catalog.ts';
import { endSubscription, lockEnded, type Subscription } from '../subscriptions/subscriptions.ts';
import { addressOf } from './mail-data.ts';
import type { Services } from './services.ts';

const batchSize = 100;

/** Ends what was not renewed: the plan's credits stop, and the customer is told on the day. */
export async function expireSubscriptions(services: Services): Promise<{ expired: number }> {
  let expired = 0;
  for (;;) {
    const now = services.clock.now();
    const count = await services.db.transaction(async (tx) => {
      const ended = await lockEnded(tx, now, batchSize);
      for (const subscription of ended) await expire(services, tx, subscription, now);
      return ended.length;
    });
    expired += count;
    if (count < batchSize) return { expired };
  }
}

async function expire({ db }: Services, tx: Tx, subscription: Subscription, now: Date): Promise<void> {
  const { id, userId, planId, subscriptionType, endDate } = subscription;
  await endSubscription(tx, subscription, subscription.cancelAtPeriodEnd ? 'cancelled' : 'expired', now);
  await endQuota(tx, userId, id, now);
  const user = await getUser(userId, tx);
  const plan = await findPlan(planId, tx);
  const credits = await readCredits(tx, userId, now);
  await postMail(db, tx, {
    template: 'subscription_expired',
    data: {
      customerName: user.name,
      planCode: plan?.planCode ?? '',
      planName: plan?.names ?? { en: '' },
      subscriptionType,
      endedAt: (endDate ?? now).toISOString(),
      creditsKept: credits.balance.available,
    },
    to: addressOf(user),
    dedupeKey: `expired:${id}`,
    now,
  });
}
