import { z } from 'zod';
import { archivePrice } from '../../billing/edit-catalog.ts';
import { reason, recordAction, textOf } from './action.ts';

export const archivePriceAction = recordAction({
  resource: 'plan_prices',
  name: 'archive',
  icon: 'Archive',
  danger: true,
  offered: ({ isActive }) => isActive === true,
  body: z.strictObject({ reason }),
  preview: () => Promise.resolve({}),
  async perform(services, row, { reason: why }, staff) {
    await archivePrice(services, textOf(row, 'id'), why, staff);
    return { message: 'archived' };
  },
});
