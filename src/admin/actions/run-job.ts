import { z } from 'zod';
import { askForJob } from '../../billing/run-job.ts';
import { reason, recordAction, textOf } from './action.ts';

export const runJobAction = recordAction({
  resource: 'job_runs',
  name: 'runJob',
  icon: 'Play',
  offered: () => true,
  body: z.strictObject({ reason }),
  preview: (_services, { job = null }) => Promise.resolve({ job }),
  async perform(services, row, { reason: why }, staff) {
    await askForJob(services, { job: textOf(row, 'job'), reason: why, staff });
    return { message: 'jobAsked', type: 'info' };
  },
});
