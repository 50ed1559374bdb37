import { z } from 'zod';
import { reactivateUser, suspendUser } from '../../billing/suspend-user.ts';
import { reason, recordAction, textOf } from './action.ts';

const body = z.strictObject({ reason });

export const suspendUserAction = recordAction({
  resource: 'users',
  name: 'suspend',
  icon: 'Slash',
  danger: true,
  offered: ({ status }) => status === 'active',
  body,
  preview: (_services, { email = null }) => Promise.resolve({ email }),
  async perform(services, row, { reason: why }, staff) {
    await suspendUser(services, { userId: textOf(row, 'id'), reason: why, staff });
    return { message: 'suspended' };
  },
});

export const reactivateUserAction = recordAction({
  resource: 'users',
  name: 'reactivate',
  icon: 'UserCheck',
  offered: ({ status }) => status === 'suspended',
  body,
  preview: (_services, { email = null }) => Promise.resolve({ email }),
  async perform(services, row, { reason: why }, staff) {
    await reactivateUser(services, { userId: textOf(row, 'id'), reason: why, staff });
    return { message: 'reactivated' };
  },
});
