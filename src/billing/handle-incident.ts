import { activeStaff, type StaffActor, type StaffRole } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import type { Tx } from '../db/index.ts';
import { addIncidentComment, assignIncident as assign, reopenIncident as reopen } from '../incidents/inbox.ts';
import { ValidationFailed } from '../kit/errors.ts';
import type { Services } from './services.ts';

const maxComment = 2000;

interface Assigning {
  incidentId: string;
  /** null: nobody. */
  assigneeId: string | null;
  seenId: string | null;
  /** Who can look after an incident. */
  roles: readonly StaffRole[];
  staff: StaffActor;
}

/**
 * Says who looks after an incident. Nothing else changes by it, so no reason is asked for.
 * → the name, or null. @throws ValidationFailed for somebody who cannot; NotFound; Conflict when it is resolved or somebody
 * else has assigned it since `seenId` was read
 */
export async function assignIncident(
  { db, clock }: Services,
  { incidentId, assigneeId, seenId, roles, staff }: Assigning,
): Promise<string | null> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const able = await activeStaff(roles, tx);
    const assignee = able.find(({ id }) => id === assigneeId);
    if (assigneeId !== null && assignee === undefined) {
      throw new ValidationFailed([{ path: 'assigneeId', message: 'Choose somebody who works here and may do this.' }]);
    }
    await assign(tx, { id: incidentId, assigneeId, seenId, now });
    const [before, after] = [{ assignedTo: seenId }, { assignedTo: assigneeId, name: assignee?.name ?? null }];
    await record(tx, { action: 'incident.assign', incidentId, reason: null, before, after, staff, now });
    return assignee?.name ?? null;
  });
}

/**
 * Adds to what is said about an incident. The same `commentId` again adds nothing.
 * @throws ValidationFailed when it is empty or longer than 2000 characters, NotFound
 */
export async function commentOnIncident(
  { db, clock }: Services,
  {
    incidentId,
    commentId,
    comment,
    staff,
  }: Record<'incidentId' | 'commentId' | 'comment', string> & { staff: StaffActor },
): Promise<void> {
  const body = comment.trim();
  if (body === '' || body.length > maxComment) {
    throw new ValidationFailed([{ path: 'comment', message: `Write something, in ${maxComment} characters at most.` }]);
  }
  const now = clock.now();
  await db.transaction(async (tx) => {
    const given = { id: commentId, incidentId, staffId: staff.staffId, body, now };
    if (!(await addIncidentComment(tx, given))) return;
    await record(tx, {
      action: 'incident.comment',
      incidentId,
      reason: body,
      after: { comment: commentId },
      staff,
      now,
    });
  });
}

/** Takes up again what was resolved. @throws ValidationFailed without a reason, NotFound, Conflict when it is open */
export async function reopenIncident(
  { db, clock }: Services,
  { incidentId, reason, staff }: { incidentId: string; reason: string; staff: StaffActor },
): Promise<void> {
  const why = reason.trim();
  if (why === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why.' }]);
  const now = clock.now();
  await db.transaction(async (tx) => {
    const { resolution } = await reopen(tx, incidentId);
    const [before, after] = [{ status: 'resolved', resolution }, { status: 'open' }];
    await record(tx, { action: 'incident.reopen', incidentId, reason: why, before, after, staff, now });
  });
}

interface Entry {
  action: string;
  incidentId: string;
  reason: string | null;
  before?: object;
  after: object;
  staff: StaffActor;
  now: Date;
}

async function record(tx: Tx, { incidentId, staff, ...entry }: Entry): Promise<void> {
  const { staffId, name: actor, address } = staff;
  await recordAudit(tx, { ...entry, staffId, actor, address, subjectType: 'incident', subjectId: incidentId });
}
