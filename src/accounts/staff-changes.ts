import { Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { Staff, type StaffRole, type StaffStatus } from './staff.model.ts';

export interface StaffChanges {
  name: string;
  role: StaffRole;
  status: StaffStatus;
  locale: string;
}

type Public = Pick<Staff, 'name' | 'role' | 'status' | 'locale'>;

/**
 * Changes a member of staff; what they said before comes back.
 * @throws NotFound, Conflict when no active owner would be left, or somebody without a password would be let in
 */
export async function changeStaff(tx: Tx, id: string, changes: StaffChanges, now: Date): Promise<Public> {
  // All owners are locked, so that two of them cannot give up the role at once.
  const owners = await Staff.findAll({
    where: { [Op.or]: [{ role: 'owner', status: 'active' }, { id }] },
    order: [['id', 'ASC']],
    lock: tx.LOCK.UPDATE,
    transaction: tx,
  });
  const staff = owners.find((one) => one.id === id);
  if (staff === undefined) throw new NotFound('There is no such member of staff.');
  const staysOwner = changes.role === 'owner' && changes.status === 'active';
  if (!staysOwner && owners.every((one) => one.id === id)) throw new Conflict('There must be one active owner.');
  const { name, role, status, locale } = staff;
  if (changes.status !== status) checkStatus(changes.status, staff);
  await staff.update({ ...changes, updatedAt: now }, { transaction: tx });
  return { name, role, status, locale };
}

/** @throws Conflict */
function checkStatus(status: StaffStatus, { passwordHash }: Staff): void {
  if (status === 'invited') throw new Conflict('Only a new invitation makes somebody invited.');
  if (status === 'active' && passwordHash === null)
    throw new Conflict('They have not chosen a password yet. Invite them again.');
}
