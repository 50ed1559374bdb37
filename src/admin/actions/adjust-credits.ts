import { z } from 'zod';
import { adjustCredits, maxAdjustment } from '../../billing/adjust-credits.ts';
import { readCredits } from '../../credits/queries.ts';
import { newId } from '../../kit/ids.ts';
import { reason, recordAction, textOf } from './action.ts';

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
    reason,
    requestId: z.uuid(),
  }),
  async preview({ db, clock }, row) {
    const { balance } = await db.transaction((tx) => readCredits(tx, textOf(row, 'id'), clock.now()));
    // Made here and sent back with the form: the same form sent twice adjusts once.
    return { email: row.email ?? null, available: balance.available, requestId: newId() };
  },
  async perform(services, row, body, staff) {
    const { available } = await adjustCredits(services, { ...body, userId: textOf(row, 'id'), staff });
    return { message: 'creditsAdjusted', facts: { amount: body.amount, available } };
  },
});
