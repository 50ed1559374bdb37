import { beginScheduledPlans } from '../billing/begin-scheduled-plans.ts';
import { checkBooks } from '../billing/check-books.ts';
import { cleanUp } from '../billing/clean-up.ts';
import { sweepOutbox } from '../billing/deliver-mail.ts';
import { expireApprovals } from '../billing/expire-approvals.ts';
import { expireCredits } from '../billing/expire-credits.ts';
import { expireOrders } from '../billing/expire-orders.ts';
import { expireSubscriptions } from '../billing/expire-subscriptions.ts';
import { followUpDisputes } from '../billing/follow-up-disputes.ts';
import { followUpPayments, followUpRefunds } from '../billing/follow-up.ts';
import { sweepEvents } from '../billing/handle-provider-event.ts';
import type { Tell } from '../billing/in-sets.ts';
import { reconcile } from '../billing/reconcile.ts';
import { resetQuotas } from '../billing/reset-quotas.ts';
import { sendLowBalanceMails } from '../billing/send-low-balance-mails.ts';
import { sendRenewalReminders } from '../billing/send-renewal-reminders.ts';
import type { Services } from '../billing/services.ts';
import { updateMetrics } from '../billing/update-metrics.ts';
import { deleteOldRuns } from './runs.ts';

export interface Job {
  name: string;
  /** How often it is due, by the clock. A tick that was missed is made up for once, by the next. */
  every: 'minute' | 'ten minutes' | 'hour' | 'day';
  /** Does what is due now, whenever that became due, and tells how far it is where that takes long. → what it did */
  run(services: Services, tell: Tell): Promise<Record<string, number>>;
}

/**
 * All of them, in the order in which one tick runs them: what was paid for ahead takes the place of what ends, and a
 * subscription that was not renewed ends before its quota would begin again.
 */
export const jobs: readonly Job[] = [
  { name: 'follow-up-payments', every: 'minute', run: followUpPayments },
  { name: 'follow-up-refunds', every: 'minute', run: followUpRefunds },
  { name: 'follow-up-disputes', every: 'day', run: followUpDisputes },
  { name: 'sweep-webhooks', every: 'minute', run: sweepEvents },
  { name: 'expire-orders', every: 'ten minutes', run: expireOrders },
  { name: 'expire-approvals', every: 'ten minutes', run: expireApprovals },
  { name: 'send-renewal-reminders', every: 'hour', run: sendRenewalReminders },
  { name: 'begin-scheduled-plans', every: 'minute', run: beginScheduledPlans },
  { name: 'expire-subscriptions', every: 'minute', run: expireSubscriptions },
  { name: 'reset-quotas', every: 'minute', run: (services, tell) => resetQuotas(services, { tell }) },
  { name: 'expire-credits', every: 'ten minutes', run: (services, tell) => expireCredits(services, { tell }) },
  { name: 'send-low-balance-mails', every: 'minute', run: sendLowBalanceMails },
  { name: 'sweep-outbox', every: 'minute', run: (services) => sweepOutbox(services) },
  { name: 'update-metrics', every: 'hour', run: updateMetrics },
  { name: 'check-books', every: 'day', run: checkBooks },
  { name: 'reconcile', every: 'day', run: (services) => reconcile(services) },
  {
    name: 'clean-up',
    every: 'day',
    run: async (services) => ({ ...(await cleanUp(services)), runs: await deleteOldRuns(services.clock.now()) }),
  },
];
