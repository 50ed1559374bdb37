import { UniqueConstraintError } from 'sequelize';
import { changeStaff as change, type StaffChanges } from '../accounts/staff-changes.ts';
import { createStaff, type StaffActor, type StaffRole } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import { Conflict } from '../kit/errors.ts';
import type { Services } from './services.ts';

export interface NewStaff {
  email: string;
  name: string;
  role: StaffRole;
  password: string;
}

/** Lets somebody into the panel. → their id. @throws Conflict when the address is on the team already */
export async function addStaff({ db, clock }: Services, staff: NewStaff, by: StaffActor): Promise<string> {
  const now = clock.now();
  const { email, name, role } = staff;
  try {
    return await db.transaction(async (tx) => {
      const { id } = await createStaff({ ...staff, now }, tx);
      await recordAudit(tx, {
        staffId: by.staffId,
        actor: by.name,
        address: by.address,
        action: 'staff.create',
        subjectType: 'staff',
        subjectId: id,
        after: { email, name, role },
        now,
      });
      return id;
    });
  } catch (error) {
    if (error instanceof UniqueConstraintError)
      throw new Conflict('Somebody with this address is on the team already.');
    throw error;
  }
}

/** @throws NotFound, Conflict when no active owner would be left */
export async function changeStaff(
  { db, clock }: Services,
  id: string,
  changes: StaffChanges,
  by: StaffActor,
): Promise<void> {
  const now = clock.now();
  await db.transaction(async (tx) => {
    const before = await change(tx, id, changes, now);
    const { password, ...after } = changes;
    await recordAudit(tx, {
      staffId: by.staffId,
      actor: by.name,
      address: by.address,
      action: 'staff.change',
      subjectType: 'staff',
      subjectId: id,
      before,
      after: password === undefined ? after : { ...after, password: 'changed' },
      now,
    });
  });
}
