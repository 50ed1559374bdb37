import { getUser } from '../accounts/users.ts';
import type { Tx } from '../db/index.ts';
import { postMail } from '../mail/outbox.ts';
import { findPlan, findPrice, type Plan } from '../plans/catalog.ts';
import { lockReminderDue, setReminded, type Subscription } from '../subscriptions/subscriptions.ts';
import { inBatches } from './batches.ts';
import { addressOf } from './mail-data.ts';
import type { Services } from './services.ts';

const dayMs = 24 * 3600 * 1000;

/** How many days before the end a customer is reminded, nearest first. */
const reminderDays = [1, 3, 7] as const;

/**
 * Reminds of the end 7, 3 and 1 days before, once each per period. A reminder that was missed is not sent late beside
 * the next one: only the nearest that applies goes out.
 */
export async function sendRenewalReminders(services: Services): Promise<{ reminded: number; failed: number }> {
  const counts = { reminded: 0, failed: 0 };
  for (const days of reminderDays) {
    const { sum, failed } = await inBatches(
      services,
      'a reminder',
      (tx, batch) => {
        const to = new Date(batch.now.getTime() + days * dayMs);
        return lockReminderDue(tx, { ...batch, to, days });
      },
      (tx, subscription, now) => remind(services, tx, subscription, days, now),
    );
    counts.reminded += sum;
    counts.failed += failed;
  }
  return counts;
}

async function remind(
  { db }: Services,
  tx: Tx,
  subscription: Subscription,
  daysLeft: number,
  now: Date,
): Promise<number> {
  const { id, userId, planId, endDate } = subscription;
  if (endDate === null) return 0;
  const user = await getUser(userId, tx);
  const ending = await findPlan(planId, tx);
  const { plan, price, subscriptionType, creditsMonthly } = await whatIsDue(tx, subscription, ending);
  await setReminded(tx, subscription, daysLeft);
  await postMail(db, tx, {
    template: 'renewal_reminder',
    data: {
      customerName: user.name,
      planCode: plan?.planCode ?? '',
      planName: plan?.names ?? { en: '' },
      ...(subscription.nextPriceId === null || ending === null ? {} : { endingName: ending.names }),
      subscriptionType,
      creditsMonthly,
      endsAt: endDate.toISOString(),
      daysLeft,
      price: price && { amountMinor: price.amountMinor, currency: price.currency },
    },
    to: addressOf(user),
    dedupeKey: `renewal-${daysLeft}d:${id}:${endDate.toISOString()}`,
    now,
  });
  return 1;
}

/** What the customer is asked to pay for: one more period of the same, or the plan that they chose instead. */
async function whatIsDue(tx: Tx, subscription: Subscription, ending: Plan | null) {
  const { priceId, nextPriceId, subscriptionType, creditsMonthly } = subscription;
  const next = nextPriceId === null ? null : await findPrice(nextPriceId, tx);
  const plan = next === null ? null : await findPlan(next.planId, tx);
  if (next !== null && plan !== null) {
    return { plan, price: next, subscriptionType: next.subscriptionType, creditsMonthly: plan.creditsMonthly };
  }
  const price = priceId === null ? null : await findPrice(priceId, tx);
  return { plan: ending, price, subscriptionType, creditsMonthly };
}
