import { z } from 'zod';
import { releaseHold } from '../../billing/release-hold.ts';
import { reason, recordAction, textOf } from './action.ts';

export const releaseHoldAction = recordAction({
  resource: 'credit_holds',
  name: 'releaseHold',
  icon: 'Unlock',
  danger: true,
  offered: ({ status }) => status === 'open',
  body: z.strictObject({ reason }),
  preview: (_services, { amount = null }) => Promise.resolve({ amount }),
  async perform(services, row, { reason: why }, staff) {
    const hold = { userId: textOf(row, 'userId'), holdId: textOf(row, 'id') };
    return { message: 'holdReleased', facts: { ...(await releaseHold(services, { ...hold, reason: why, staff })) } };
  },
});
