import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import { resolveIncident as resolve, type Incident } from '../incidents/incidents.ts';
import { ValidationFailed } from '../kit/errors.ts';
import type { Services } from './services.ts';

/** Closes an incident with what was found and done. @throws ValidationFailed without that, NotFound, Conflict */
export async function resolveIncident(
  { db, clock }: Services,
  { incidentId, reason, staff }: { incidentId: string; reason: string; staff: StaffActor },
): Promise<Incident> {
  const resolution = reason.trim();
  if (resolution === '') throw new ValidationFailed([{ path: 'reason', message: 'Say what was found and done.' }]);
  const now = clock.now();
  return db.transaction(async (tx) => {
    const incident = await resolve(tx, { id: incidentId, staffId: staff.staffId, resolution, now });
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: 'incident.resolve',
      subjectType: 'incident',
      subjectId: incidentId,
      reason: resolution,
      before: { status: 'open' },
      after: { status: 'resolved' },
      now,
    });
    return incident;
  });
}
