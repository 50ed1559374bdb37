import { z } from 'zod';
import { eraseUser, previewErasure } from '../../billing/erase-user.ts';
import { reason, recordAction, textOf } from './action.ts';

export const eraseUserAction = recordAction({
  resource: 'users',
  name: 'erase',
  icon: 'Trash2',
  danger: true,
  offered: ({ status }) => status !== 'deleted',
  body: z.strictObject({ email: z.string().trim().max(254), reason }),
  async preview(services, row) {
    const { obstacles, ...facts } = await previewErasure(services, textOf(row, 'id'));
    return { ...facts, obstacles: obstacles.join(' ') };
  },
  async perform(services, row, body, staff) {
    await eraseUser(services, { ...body, userId: textOf(row, 'id'), staff });
    return { message: 'userErased' };
  },
});
