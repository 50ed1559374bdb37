import { getUser, type User } from '../accounts/users.ts';
import { closeAlert, lockOpenAlerts, type AlertOutcome, type OpenAlert } from '../credits/alerts.ts';
import type { Tx } from '../db/index.ts';
import { postMail } from '../mail/outbox.ts';
import type { LowBalanceData } from '../mail/templates.ts';
import { findPlan, listPacks } from '../plans/catalog.ts';
import { liveSubscription, scheduledSubscription, type Subscription } from '../subscriptions/subscriptions.ts';
import { inBatches } from './batches.ts';
import { addressOf } from './mail-data.ts';
import type { Services } from './services.ts';

/**
 * Tells of balances that have fallen to a threshold of their plan: each is one event, in the log and in the metrics, and
 * whoever wants it gets one mail in a quota month, with the figures of now. Any number of processes may run it at once.
 */
export async function sendLowBalanceMails(
  services: Services,
): Promise<{ alerts: number; mails: number; failed: number }> {
  const packsOnSale = (await listPacks()).length > 0;
  const { rows, sum, failed } = await inBatches(
    services,
    'a low balance',
    lockOpenAlerts,
    async (tx, alert, now) => {
      const outcome = await tell(services, tx, alert, { packsOnSale, now });
      await closeAlert(tx, alert, outcome, now);
      return outcome === 'mailed' ? 1 : 0;
    },
    (alerts) => {
      announce(services, alerts);
    },
  );
  return { alerts: rows, mails: sum, failed };
}

interface Circumstances {
  packsOnSale: boolean;
  now: Date;
}

async function tell(
  services: Services,
  tx: Tx,
  alert: OpenAlert,
  { packsOnSale, now }: Circumstances,
): Promise<AlertOutcome> {
  if (alert.periodEnd <= now || alert.quotaResetAt?.getTime() !== alert.periodEnd.getTime()) return 'over';
  if (alert.availableNow > alert.threshold) return 'recovered';
  const user = await getUser(alert.userId, tx);
  if (user.status !== 'active') return 'not_active';
  if (!user.mailLowBalance) return 'unwanted';
  const data = await mailData(user, alert, now);
  if (data === null) return 'over';
  const isNew = await postMail(services.db, tx, {
    template: 'low_balance',
    data: { ...data, packsOnSale },
    to: addressOf(user),
    dedupeKey: `low-balance:${user.id}:${alert.periodEnd.toISOString()}`,
    now,
  });
  return isNew ? 'mailed' : 'mailed_before';
}

/** Null when the plan has ended meanwhile. Nothing of it is locked: a checkout need not wait for a mail. */
async function mailData(
  { id, name }: User,
  { availableNow, monthlyQuota, periodEnd }: OpenAlert,
  now: Date,
): Promise<Omit<LowBalanceData, 'packsOnSale'> | null> {
  const subscription = await liveSubscription(id);
  const plan = subscription && (await findPlan(subscription.planId));
  if (subscription === null || plan === null) return null;
  return {
    customerName: name,
    planName: plan.names,
    available: availableNow,
    monthlyQuota,
    at: now.toISOString(),
    monthEndsAt: periodEnd.toISOString(),
    next: await whatComesNext(subscription, periodEnd),
  };
}

/** The last month of a period is followed by credits only if something is paid for. */
async function whatComesNext(subscription: Subscription, monthEnd: Date): Promise<LowBalanceData['next']> {
  const { userId, endDate, cancelAtPeriodEnd } = subscription;
  if (endDate === null || endDate > monthEnd) return 'credits';
  if ((await scheduledSubscription(userId)) !== null) return 'credits';
  return cancelAtPeriodEnd ? 'none' : 'renewal';
}

function announce({ log, metrics }: Services, alerts: readonly OpenAlert[]): void {
  for (const { userId, percent, available, monthlyQuota } of alerts) {
    metrics.lowBalanceAlerts.inc({ percent: String(percent) });
    log.info({ user: userId, percent, available, quota: monthlyQuota }, 'low balance');
  }
}
