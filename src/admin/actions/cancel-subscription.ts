import { z } from 'zod';
import { cancelSubscription, resumeSubscription } from '../../billing/cancel-subscription.ts';
import { readCredits } from '../../credits/queries.ts';
import { Conflict } from '../../kit/errors.ts';
import { liveStatuses } from '../../subscriptions/subscription-states.ts';
import { reason, recordAction, textOf, type RowValues } from './action.ts';

export const cancelSubscriptionAction = recordAction({
  resource: 'subscriptions',
  name: 'cancel',
  icon: 'XCircle',
  danger: true,
  offered: isLive,
  body: z.strictObject({ atPeriodEnd: z.boolean(), reason }),
  async preview({ db, clock }, row) {
    const { grants } = await db.transaction((tx) => readCredits(tx, textOf(row, 'userId'), clock.now()));
    const ofPlan = grants.filter(({ subscriptionId }) => subscriptionId === row.id);
    return {
      endDate: row.endDate ?? null,
      cancelAtPeriodEnd: row.cancelAtPeriodEnd ?? false,
      creditsLost: ofPlan.reduce((sum, { remaining }) => sum + remaining, 0),
    };
  },
  async perform(services, row, { atPeriodEnd, reason: why }, staff) {
    // The flow cancels the customer's live subscription, which is this one only while it lives.
    if (!isLive(row)) throw new Conflict('This subscription has ended already.');
    const userId = textOf(row, 'userId');
    await cancelSubscription(services, { userId, atPeriodEnd, by: { staff, reason: why } });
    return { message: atPeriodEnd ? 'cancelPlanned' : 'cancelled', facts: { endDate: row.endDate ?? null } };
  },
});

export const resumeSubscriptionAction = recordAction({
  resource: 'subscriptions',
  name: 'resume',
  icon: 'RotateCcw',
  offered: (row) => isLive(row) && row.cancelAtPeriodEnd === true,
  body: z.strictObject({ reason }),
  preview: (_services, { endDate = null }) => Promise.resolve({ endDate }),
  async perform(services, row, { reason: why }, staff) {
    if (!isLive(row)) throw new Conflict('This subscription has ended already.');
    if (row.cancelAtPeriodEnd !== true) throw new Conflict('This subscription is not cancelled.');
    await resumeSubscription(services, textOf(row, 'userId'), { staff, reason: why });
    return { message: 'resumed' };
  },
});

export function isLive({ status }: RowValues): boolean {
  return liveStatuses.some((live) => live === status);
}
