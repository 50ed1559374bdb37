import type { StaffActor } from '../accounts/staff.ts';
import type { ApprovalRequest } from '../approvals/approvals.ts';
import { findIncident } from '../incidents/incidents.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import type { Refund } from '../payments/refunds.ts';
import { refundOrAsk } from './ask-approval.ts';
import { resolveIncident } from './resolve-incident.ts';
import type { Services } from './services.ts';

/**
 * Gives back in full the second payment for the same that an incident reports, and closes the incident; it stays open
 * when the gateway refuses, and until another person has decided where that takes two.
 * @throws ValidationFailed without a reason, NotFound, Conflict when there is nothing (left) to give back
 */
export async function refundDuplicate(
  services: Services,
  { incidentId, reason, staff }: { incidentId: string; reason: string; staff: StaffActor },
): Promise<{ refund: Refund } | { approval: ApprovalRequest }> {
  const incident = await findIncident(incidentId);
  if (incident === null) throw new NotFound('There is no such incident.');
  if (incident.kind !== 'duplicate_payment' || incident.status !== 'open') {
    throw new Conflict('This incident reports no second payment that waits for a refund.');
  }
  const outcome = await refundOrAsk(services, { orderId: incident.subjectId, incidentId, reason, staff });
  if ('approval' in outcome || outcome.refund.status === 'failed') return outcome;
  await resolveIncident(services, { incidentId, reason, staff }).catch((error: unknown) => {
    // Somebody else has closed it meanwhile: the money goes back all the same.
    if (!(error instanceof Conflict)) throw error;
  });
  return outcome;
}
