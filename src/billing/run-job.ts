import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import { enqueue } from '../db/queue.ts';
import { ValidationFailed } from '../kit/errors.ts';
import type { Services } from './services.ts';

/**
 * Has a job run now, beside its schedule. A worker does it; asked for twice before it has begun it runs once, and it does
 * not run beside itself.
 * @throws ValidationFailed without a reason
 */
export async function askForJob(
  { db, clock }: Services,
  { job, staff, ...given }: { job: string; reason: string; staff: StaffActor },
): Promise<void> {
  const reason = given.reason.trim();
  if (reason === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why.' }]);
  const now = clock.now();
  await db.transaction(async (tx) => {
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: 'job.run',
      subjectType: 'job',
      subjectId: job,
      reason,
      now,
    });
    await enqueue(db, tx, 'run_job', { job, askedAt: now.toISOString() }, `job:${job}`);
  });
}
