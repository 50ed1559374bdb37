import type { StaffActor } from '../accounts/staff.ts';
import { findIncident } from '../incidents/incidents.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import type { Refund } from '../payments/refunds.ts';
import { refundOrder } from './refund-order.ts';
import { resolveIncident } from './resolve-incident.ts';
import type { Services } from './services.ts';

/**
 * Gives back in full the second payment for the same that an incident reports, and closes the incident; it stays open
 * when the gateway refuses.
 * @throws ValidationFailed without a reason, NotFound, Conflict when there is nothing (left) to give back
 */
export async function refundDuplicate(
  services: Services,
  { incidentId, reason, staff }: { incidentId: string; reason: string; staff: StaffActor },
): Promise<Refund> {
  const incident = await findIncident(incidentId);
  if (incident === null) throw new NotFound('There is no such incident.');
  if (incident.kind !== 'duplicate_payment' || incident.status !== 'open') {
    throw new Conflict('This incident reports no second payment that waits for a refund.');
  }
  const refund = await refundOrder(services, { orderId: incident.subjectId, reason, staff });
  if (refund.status === 'failed') return refund;
  await resolveIncident(services, { incidentId, reason, staff }).catch((error: unknown) => {
    // Somebody else has closed it meanwhile: the money goes back all the same.
    if (!(error instanceof Conflict)) throw error;
  });
  return refund;
}
