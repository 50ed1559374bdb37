import type { Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { IncidentComment } from './incident-comment.model.ts';
import { Incident } from './incident.model.ts';

/** What staff do with an incident beside resolving it: look after it, talk about it, take it up again. */

export interface Assignment {
  id: string;
  /** null: nobody looks after it. */
  assigneeId: string | null;
  /** Who looked after it on the page from which this comes: two people who take it at once do not pass unseen. */
  seenId: string | null;
  now: Date;
}

/** @throws NotFound, Conflict when it is resolved, or somebody else has it by now */
export async function assignIncident(tx: Tx, { id, assigneeId, seenId, now }: Assignment): Promise<void> {
  const incident = await lock(tx, id);
  if (incident.status === 'resolved') throw new Conflict('This incident is resolved. Reopen it first.');
  if (incident.assignedTo !== seenId) {
    throw new Conflict('Somebody has assigned this incident meanwhile. Reload the page to see who has it now.');
  }
  const assignedAt = assigneeId === null ? null : now;
  await incident.update({ assignedTo: assigneeId, assignedAt }, { transaction: tx });
}

/** → false when this comment, by its id, is there already. @throws NotFound */
export async function addIncidentComment(
  tx: Tx,
  { id, incidentId, staffId, body, now }: { id: string; incidentId: string; staffId: string; body: string; now: Date },
): Promise<boolean> {
  // Under the lock, so that the same form sent twice at once finds the other's comment.
  await lock(tx, incidentId);
  if ((await IncidentComment.findByPk(id, { transaction: tx })) !== null) return false;
  await IncidentComment.create({ id, incidentId, staffId, body, createdAt: now }, { transaction: tx });
  return true;
}

/** Opens what was resolved. → as it was resolved. @throws NotFound, Conflict when it is open */
export async function reopenIncident(tx: Tx, id: string): Promise<{ resolution: string | null }> {
  const incident = await lock(tx, id);
  if (incident.status === 'open') throw new Conflict('This incident is open.');
  const { resolution } = incident;
  const changes = { status: 'open', resolvedAt: null, resolvedBy: null, resolution: null } as const;
  await incident.update(changes, { transaction: tx });
  return { resolution };
}

async function lock(tx: Tx, id: string): Promise<Incident> {
  const incident = await Incident.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (incident === null) throw new NotFound('There is no such incident.');
  return incident;
}
