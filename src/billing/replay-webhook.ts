import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import { enqueue } from '../db/queue.ts';
import { ValidationFailed } from '../kit/errors.ts';
import { reopenEvent } from '../payments/provider-events.ts';
import type { Services } from './services.ts';

/**
 * Has a stored webhook handled once more, also one that was handled: its news is fetched from the gateway again, and
 * what is booked already is not booked twice.
 * @throws ValidationFailed without a reason, NotFound
 */
export async function replayWebhook(
  { db, clock }: Services,
  { eventRowId, reason, staff }: { eventRowId: string; reason: string; staff: StaffActor },
): Promise<void> {
  const why = reason.trim();
  if (why === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why.' }]);
  await db.transaction(async (tx) => {
    const { handledAt, outcome, attempts, error } = await reopenEvent(tx, eventRowId);
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: 'webhook.replay',
      subjectType: 'webhook',
      subjectId: eventRowId,
      reason: why,
      before: { handledAt, outcome, attempts, error },
      after: { handledAt: null },
      now: clock.now(),
    });
    await enqueue(db, tx, 'handle_provider_event', { eventRowId }, `event:${eventRowId}`);
  });
}
