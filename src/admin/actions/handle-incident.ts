import { z } from 'zod';
import { assignIncident, commentOnIncident, reopenIncident } from '../../billing/handle-incident.ts';
import { permissions } from '../permissions.ts';
import { reason, recordAction, textOf } from './action.ts';

const nobody = () => Promise.resolve({});

export const assignIncidentAction = recordAction({
  resource: 'incidents',
  name: 'assign',
  icon: 'UserPlus',
  inline: true,
  offered: ({ status }) => status === 'open',
  body: z.strictObject({ assigneeId: z.uuid().nullable(), seenId: z.uuid().nullable() }),
  preview: nobody,
  async perform(services, row, body, staff) {
    const roles = permissions.incidents['assign'] ?? [];
    const name = await assignIncident(services, { ...body, incidentId: textOf(row, 'id'), roles, staff });
    return name === null ? { message: 'incidentUnassigned' } : { message: 'incidentAssigned', facts: { name } };
  },
});

export const commentIncidentAction = recordAction({
  resource: 'incidents',
  name: 'comment',
  icon: 'MessageSquare',
  inline: true,
  offered: () => true,
  body: z.strictObject({ comment: z.string().max(5000), commentId: z.uuid() }),
  preview: nobody,
  async perform(services, row, body, staff) {
    await commentOnIncident(services, { ...body, incidentId: textOf(row, 'id'), staff });
    return { message: 'incidentCommented' };
  },
});

export const reopenIncidentAction = recordAction({
  resource: 'incidents',
  name: 'reopen',
  icon: 'RotateCcw',
  offered: ({ status }) => status === 'resolved',
  body: z.strictObject({ reason }),
  preview: (_services, { summary = null }) => Promise.resolve({ summary }),
  async perform(services, row, { reason: why }, staff) {
    await reopenIncident(services, { incidentId: textOf(row, 'id'), reason: why, staff });
    return { message: 'incidentReopened', type: 'info' };
  },
});
