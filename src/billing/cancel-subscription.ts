import type { StaffActor } from '../accounts/staff.ts';
import { getUser } from '../accounts/users.ts';
import { recordAudit } from '../audit/audit.ts';
import { endQuota } from '../credits/quota.ts';
import type { Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { postMail } from '../mail/outbox.ts';
import { findPlan } from '../plans/catalog.ts';
import {
  endSubscription,
  liveSubscription,
  scheduledSubscription,
  setCancelAtPeriodEnd,
  type Subscription,
} from '../subscriptions/subscriptions.ts';
import { addressOf } from './mail-data.ts';
import type { Services } from './services.ts';

export interface Cancellation {
  userId: string;
  /** True: it runs to the end that was paid for. False: it ends now, with its credits; nothing is refunded. */
  atPeriodEnd: boolean;
  /** Present when staff do it, who must say why. */
  by?: { staff: StaffActor; reason: string };
}

/** @throws NotFound without a subscription, Conflict when it has no end to run to or is cancelled already */
export async function cancelSubscription(services: Services, cancellation: Cancellation): Promise<Subscription> {
  const { userId, atPeriodEnd, by } = cancellation;
  const now = services.clock.now();
  return services.db.transaction(async (tx) => {
    const subscription = await liveSubscription(userId, tx);
    if (subscription === null) throw new NotFound('There is no subscription to cancel.');
    const before = { status: subscription.status, cancelAtPeriodEnd: subscription.cancelAtPeriodEnd };
    if (atPeriodEnd) {
      if (subscription.endDate === null) {
        throw new Conflict('This plan has no end to run to. It can only be cancelled at once (at_period_end: false).');
      }
      if (subscription.cancelAtPeriodEnd) return subscription;
      if ((await scheduledSubscription(userId)) !== null) {
        throw new Conflict('What follows this plan is paid for: it begins when this one ends.');
      }
      await setCancelAtPeriodEnd(tx, subscription, true);
    } else {
      await endSubscription(tx, subscription, 'cancelled', now);
      await endQuota(tx, userId, subscription.id, now);
    }
    if (by !== undefined) {
      await recordAudit(tx, {
        staffId: by.staff.staffId,
        actor: by.staff.name,
        address: by.staff.address,
        action: 'subscription.cancel',
        subjectType: 'subscription',
        subjectId: subscription.id,
        reason: by.reason,
        before,
        after: { status: subscription.status, cancelAtPeriodEnd: subscription.cancelAtPeriodEnd },
        now,
      });
    }
    await tell(services, tx, subscription, now);
    return subscription;
  });
}

/** Takes a planned cancellation back; `by` staff, who must say why. @throws NotFound without a subscription */
export async function resumeSubscription(
  { db, clock }: Services,
  userId: string,
  by?: Cancellation['by'],
): Promise<Subscription> {
  return db.transaction(async (tx) => {
    const subscription = await liveSubscription(userId, tx);
    if (subscription === null) throw new NotFound('There is no subscription to resume. Choose a plan again.');
    if (!subscription.cancelAtPeriodEnd) return subscription;
    await setCancelAtPeriodEnd(tx, subscription, false);
    if (by !== undefined) {
      await recordAudit(tx, {
        staffId: by.staff.staffId,
        actor: by.staff.name,
        address: by.staff.address,
        action: 'subscription.resume',
        subjectType: 'subscription',
        subjectId: subscription.id,
        reason: by.reason,
        before: { cancelAtPeriodEnd: true },
        after: { cancelAtPeriodEnd: false },
        now: clock.now(),
      });
    }
    return subscription;
  });
}

async function tell({ db }: Services, tx: Tx, subscription: Subscription, now: Date): Promise<void> {
  const user = await getUser(subscription.userId, tx);
  const plan = await findPlan(subscription.planId, tx);
  const endedNow = subscription.endedAt !== null;
  const endsAt = endedNow ? now : (subscription.endDate ?? now);
  await postMail(db, tx, {
    template: 'subscription_cancelled',
    data: {
      customerName: user.name,
      planCode: plan?.planCode ?? '',
      planName: plan?.names ?? { en: '' },
      endsAt: endsAt.toISOString(),
      endedNow,
    },
    to: addressOf(user),
    dedupeKey: `cancelled:${subscription.id}:${endsAt.toISOString()}:${now.toISOString()}`,
    now,
  });
}
