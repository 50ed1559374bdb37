import { Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { hashPassword } from './passwords.ts';
import { Staff, type StaffRole } from './staff.model.ts';

export interface StaffChanges {
  name: string;
  role: StaffRole;
  status: 'active' | 'disabled';
  locale: string;
  /** undefined: stays as it is. */
  password?: string | undefined;
}

type Public = Pick<Staff, 'name' | 'role' | 'status' | 'locale'>;

/**
 * Changes a member of staff; what they said before comes back.
 * @throws NotFound, Conflict when no active owner would be left
 */
export async function changeStaff(tx: Tx, id: string, changes: StaffChanges, now: Date): Promise<Public> {
  const { password, ...rest } = changes;
  const passwordHash = password === undefined ? undefined : await hashPassword(password);
  // All owners are locked, so that two of them cannot give up the role at once.
  const owners = await Staff.findAll({
    where: { [Op.or]: [{ role: 'owner', status: 'active' }, { id }] },
    order: [['id', 'ASC']],
    lock: tx.LOCK.UPDATE,
    transaction: tx,
  });
  const staff = owners.find((one) => one.id === id);
  if (staff === undefined) throw new NotFound('There is no such member of staff.');
  const staysOwner = rest.role === 'owner' && rest.status === 'active';
  if (!staysOwner && owners.every((one) => one.id === id)) throw new Conflict('There must be one active owner.');
  const { name, role, status, locale } = staff;
  await staff.update(
    { ...rest, ...(passwordHash === undefined ? {} : { passwordHash }), updatedAt: now },
    { transaction: tx },
  );
  return { name, role, status, locale };
}
