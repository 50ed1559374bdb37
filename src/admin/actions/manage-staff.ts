import { z } from 'zod';
import { inviteAgain, resetStaffPassword, withdrawInvitation } from '../../billing/invite-staff.ts';
import { endStaffSession, endStaffSessions, resetFactor, unlockStaff } from '../../billing/manage-staff.ts';
import { reason, recordAction, textOf, type RowValues } from './action.ts';

const body = z.strictObject({ reason });
const named = (_services: unknown, { name = null, email = null }: RowValues) => Promise.resolve({ name, email });

const inviteAgainAction = recordAction({
  resource: 'staff',
  name: 'inviteAgain',
  icon: 'Mail',
  offered: ({ invitedAt }) => invitedAt !== null,
  body,
  preview: named,
  async perform(services, row, { reason: why }, staff) {
    await inviteAgain(services, { staffId: textOf(row, 'id'), reason: why, staff });
    return { message: 'invited', facts: { email: row['email'] ?? null } };
  },
});

const withdrawInvitationAction = recordAction({
  resource: 'staff',
  name: 'withdrawInvitation',
  icon: 'UserX',
  danger: true,
  offered: ({ status }) => status === 'invited',
  body,
  preview: named,
  async perform(services, row, { reason: why }, staff) {
    await withdrawInvitation(services, { staffId: textOf(row, 'id'), reason: why, staff });
    return { message: 'invitationWithdrawn' };
  },
});

const resetPasswordAction = recordAction({
  resource: 'staff',
  name: 'resetPassword',
  icon: 'Key',
  offered: ({ status }) => status === 'active',
  body,
  preview: named,
  async perform(services, row, { reason: why }, staff) {
    await resetStaffPassword(services, { staffId: textOf(row, 'id'), reason: why, staff });
    return { message: 'passwordLinkSent', facts: { email: row['email'] ?? null } };
  },
});

const unlockStaffAction = recordAction({
  resource: 'staff',
  name: 'unlock',
  icon: 'Unlock',
  offered: ({ lockedUntil }) => lockedUntil !== null,
  body,
  preview: named,
  async perform(services, row, { reason: why }, staff) {
    await unlockStaff(services, { staffId: textOf(row, 'id'), reason: why, staff });
    return { message: 'unlocked' };
  },
});

const resetFactorAction = recordAction({
  resource: 'staff',
  name: 'resetFactor',
  icon: 'Smartphone',
  danger: true,
  offered: ({ totpEnrolledAt }) => totpEnrolledAt !== null,
  body,
  preview: named,
  async perform(services, row, { reason: why }, staff) {
    await resetFactor(services, { staffId: textOf(row, 'id'), reason: why, staff });
    return { message: 'factorReset' };
  },
});

const endSessionsAction = recordAction({
  resource: 'staff',
  name: 'endSessions',
  icon: 'LogOut',
  danger: true,
  offered: ({ status }) => status === 'active',
  body,
  preview: named,
  async perform(services, row, { reason: why }, staff) {
    const sessions = await endStaffSessions(services, { staffId: textOf(row, 'id'), reason: why, staff });
    return { message: 'sessionsEnded', facts: { sessions } };
  },
});

const endSessionAction = recordAction({
  resource: 'staff_sessions',
  name: 'endSession',
  icon: 'LogOut',
  danger: true,
  offered: ({ endedAt }) => endedAt === null,
  body,
  preview: (_services, { browser = null, address = null }) => Promise.resolve({ browser, address }),
  async perform(services, row, { reason: why }, staff) {
    await endStaffSession(services, { sessionId: textOf(row, 'id'), reason: why, staff });
    return { message: 'sessionEnded' };
  },
});

export const staffActions = [
  inviteAgainAction,
  withdrawInvitationAction,
  resetPasswordAction,
  unlockStaffAction,
  resetFactorAction,
  endSessionsAction,
  endSessionAction,
];
