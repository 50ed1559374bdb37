import { endQuota, startQuotaMonth } from '../credits/quota.ts';
import type { Tx } from '../db/index.ts';
import {
  beginSubscription,
  endSubscription,
  liveSubscription,
  lockBeginning,
  type Subscription,
} from '../subscriptions/subscriptions.ts';
import { inBatches } from './batches.ts';
import { freezeIfDisputed } from './freeze-order.ts';
import { quotaKey } from './reset-quotas.ts';
import type { Services } from './services.ts';

/** Begins what was paid for ahead, in the place of the plan that ends with it; its first credits come at once. */
export async function beginScheduledPlans(services: Services): Promise<{ begun: number; failed: number }> {
  const { sum, failed } = await inBatches(services, 'the beginning of a plan', lockBeginning, (tx, next, now) =>
    begin(services, tx, next, now),
  );
  return { begun: sum, failed };
}

async function begin(services: Services, tx: Tx, next: Subscription, now: Date): Promise<number> {
  const { id, userId, orderId, planId, creditsMonthly, rollover, rolloverCap, anchorAt } = next;
  const ended = await liveSubscription(userId, tx);
  if (ended !== null) {
    await endSubscription(tx, ended, 'expired', now);
    await endQuota(tx, userId, ended.id, now);
  }
  await beginSubscription(tx, next);
  await startQuotaMonth(
    tx,
    { userId, subscriptionId: id, planId, creditsMonthly, rollover, rolloverCap },
    {
      key: orderId === null ? quotaKey(id, anchorAt) : `order:${orderId}`,
      end: next.quotaResetsAt ?? now,
      orderId,
      now,
    },
  );
  if (orderId !== null) await freezeIfDisputed(services, tx, orderId, now);
  return 1;
}
