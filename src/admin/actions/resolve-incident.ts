import { z } from 'zod';
import { resolveIncident } from '../../billing/resolve-incident.ts';
import { reason, recordAction, textOf } from './action.ts';

export const resolveIncidentAction = recordAction({
  resource: 'incidents',
  name: 'resolve',
  icon: 'CheckCircle',
  offered: ({ status }) => status === 'open',
  body: z.strictObject({ reason }),
  preview: (_services, { summary = null }) => Promise.resolve({ summary }),
  async perform(services, row, { reason: why }, staff) {
    await resolveIncident(services, { incidentId: textOf(row, 'id'), reason: why, staff });
    return { message: 'incidentResolved' };
  },
});
