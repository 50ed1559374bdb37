import { deliverMail } from '../billing/deliver-mail.ts';
import { handleProviderEvent } from '../billing/handle-provider-event.ts';
import type { Services } from '../billing/services.ts';
import { runAskedJob } from './runner.ts';
import { startQueueWorker, type QueueWorker } from '../db/queue.ts';

/** Works off what flows put into the queue. */
export function startWorker(services: Services): Promise<QueueWorker> {
  return startQueueWorker(
    services.db,
    {
      send_mail: async ({ emailId }) => {
        await deliverMail(services, emailId);
      },
      handle_provider_event: ({ eventRowId }) => handleProviderEvent(services, eventRowId),
      run_job: ({ job, askedAt }) => runAskedJob(services, job, new Date(askedAt)),
    },
    { log: services.log },
  );
}
