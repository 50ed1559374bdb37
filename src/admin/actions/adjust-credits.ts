import { DateTime } from 'luxon';
import { z } from 'zod';
import { maxAdjustment } from '../../billing/adjust-credits.ts';
import { adjustableAlone } from '../../billing/approval-limits.ts';
import { adjustOrAsk } from '../../billing/ask-approval.ts';
import { readCredits } from '../../credits/queries.ts';
import { newId } from '../../kit/ids.ts';
import { reason, recordAction, textOf } from './action.ts';
import { approvalAsked } from './refund-order.ts';

export const adjustCreditsAction = recordAction({
  resource: 'users',
  name: 'adjustCredits',
  icon: 'Zap',
  offered: ({ status }) => status !== 'deleted',
  body: z.strictObject({
    amount: z
      .int()
      .min(-maxAdjustment)
      .max(maxAdjustment)
      .refine((amount) => amount !== 0, 'Not 0.'),
    expiresOn: z.iso.date('Give a day.').optional(),
    reason,
    requestId: z.uuid(),
  }),
  async preview(services, row) {
    const { db, clock } = services;
    const userId = textOf(row, 'id');
    return db.transaction(async (tx) => {
      const { balance } = await readCredits(tx, userId, clock.now());
      const { available } = balance;
      const alone = await adjustableAlone(services, tx, userId);
      // The id is made here and sent back with the form: the same form sent twice adjusts once.
      return { email: row.email ?? null, available, alone, requestId: newId() };
    });
  },
  async perform(services, row, { expiresOn, ...body }, staff) {
    const expiresAt = expiresOn === undefined ? null : endOfDay(expiresOn);
    const outcome = await adjustOrAsk(services, { ...body, expiresAt, userId: textOf(row, 'id'), staff });
    if ('approval' in outcome) return approvalAsked;
    return { message: 'creditsAdjusted', facts: { amount: body.amount, available: outcome.available } };
  },
});

/** The credits can be spent on that day, in UTC. */
function endOfDay(day: string): Date {
  return DateTime.fromISO(day, { zone: 'utc' }).plus({ days: 1 }).toJSDate();
}
