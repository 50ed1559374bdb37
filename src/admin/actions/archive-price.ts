import { z } from 'zod';
import { archivePrice } from '../../billing/edit-catalog.ts';
import { countHolders } from '../plan-prices.ts';
import { reason, recordAction, textOf } from './action.ts';

export const archivePriceAction = recordAction({
  resource: 'plan_prices',
  name: 'archive',
  icon: 'Archive',
  danger: true,
  offered: ({ isActive }) => isActive === true,
  body: z.strictObject({ reason }),
  preview: async (services, row) => ({ holders: await countHolders(services, textOf(row, 'id')) }),
  async perform(services, row, { reason: why }, staff) {
    await archivePrice(services, textOf(row, 'id'), why, staff);
    return { message: 'archived' };
  },
});
