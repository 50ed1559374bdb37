import { col, fn, Op, where } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { NotFound } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { Staff, type StaffRole } from './staff.model.ts';

export type { Staff, StaffRole } from './staff.model.ts';

/** Who acts in the panel, as flows and the audit log need to know it. */
export interface StaffActor {
  staffId: string;
  name: string;
  /** IP address of the request. */
  address: string | null;
}

export async function createStaff(
  staff: { email: string; name: string; password: string; role: StaffRole; now: Date },
  tx?: Tx,
): Promise<Staff> {
  const { password, now, ...rest } = staff;
  const passwordHash = await hashPassword(password);
  return Staff.create(
    { id: newId(), ...rest, passwordHash, createdAt: now, updatedAt: now },
    { transaction: tx ?? null },
  );
}

export async function findStaff(id: string): Promise<Staff | null> {
  return Staff.findOne({ where: { id, status: 'active' } });
}

/** Who works here in one of these roles. */
export async function activeStaff(roles: readonly StaffRole[], tx: Tx): Promise<Staff[]> {
  return Staff.findAll({ where: { status: 'active', role: { [Op.in]: roles } }, order: ['id'], transaction: tx });
}

/** Somebody who cannot sign in before they have chosen a password. @throws UniqueConstraintError: the address is taken */
export async function createInvitedStaff(
  tx: Tx,
  staff: { email: string; name: string; role: StaffRole; locale: string; now: Date },
): Promise<Staff> {
  const { now, ...rest } = staff;
  const row = { id: newId(), ...rest, passwordHash: null, status: 'invited' as const, invitedAt: now };
  return Staff.create({ ...row, createdAt: now, updatedAt: now }, { transaction: tx });
}

/** For whoever changes what was read: others wait. @throws NotFound */
export async function lockStaff(tx: Tx, id: string): Promise<Staff> {
  const staff = await Staff.findByPk(id, { lock: tx.LOCK.UPDATE, transaction: tx });
  if (staff === null) throw new NotFound('There is no such member of staff.');
  return staff;
}

/** Whose address it is, and whether it is their password; takes the same time whether anybody has the address or not. */
export async function checkStaffPassword(
  email: string,
  password: string,
): Promise<{ staff: Staff | null; matches: boolean }> {
  const staff = await Staff.findOne({ where: where(fn('lower', col('email')), email.toLowerCase()) });
  return { staff, matches: await verifyPassword(password, staff?.passwordHash) };
}

export async function markSignedIn(tx: Tx, staff: Staff, now: Date): Promise<void> {
  await staff.update({ lastLoginAt: now }, { transaction: tx });
}

export async function countStaff(): Promise<number> {
  return Staff.count();
}
