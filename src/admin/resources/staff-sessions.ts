import { StaffSession } from '../../accounts/staff-session.model.ts';
import { choice, code, id, reference, text, time, type ResourceSpec } from './spec.ts';

export const staffSessions: ResourceSpec = {
  id: 'staff_sessions',
  model: StaffSession,
  group: 'team',
  fields: {
    id,
    staffId: reference('staff'),
    role: choice('owner', 'finance', 'support', 'viewer'),
    browser: text,
    address: code,
    begunAt: time,
    lastSeenAt: time,
    endedAt: time,
    endedBy: reference('staff'),
  },
  title: 'id',
  list: ['staffId', 'browser', 'address', 'begunAt', 'lastSeenAt', 'endedAt'],
  show: ['id', 'staffId', 'role', 'browser', 'address', 'begunAt', 'lastSeenAt', 'endedAt', 'endedBy'],
  filters: ['staffId', 'address', 'browser', 'begunAt', 'lastSeenAt', 'endedAt'],
  sort: { by: 'begunAt', direction: 'desc' },
  sortable: ['begunAt', 'lastSeenAt'],
};
