import type { Staff, StaffActor } from '../accounts/staff.ts';
import { recordAudit, type AuditRecord } from '../audit/audit.ts';
import type { Tx } from '../db/index.ts';

type Noted = Pick<AuditRecord, 'action' | 'reason' | 'before' | 'after' | 'now'>;

/** What one member of staff did to the account of another, or to their own. */
export async function noteAboutStaff(tx: Tx, by: StaffActor, staffId: string, noted: Noted): Promise<void> {
  const { staffId: actorId, name: actor, address } = by;
  await recordAudit(tx, { staffId: actorId, actor, address, subjectType: 'staff', subjectId: staffId, ...noted });
}

/** For what somebody does at the door, to whom nobody is signed in yet. */
export function asActor({ id, name }: Pick<Staff, 'id' | 'name'>, address: string | null): StaffActor {
  return { staffId: id, name, address };
}
