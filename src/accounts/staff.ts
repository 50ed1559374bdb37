import { col, fn, Op, where } from 'sequelize';
import type { Tx } from '../db/index.ts';
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

/** → the member of staff, or null when address or password is wrong; both take the same time. */
export async function authenticateStaff(email: string, password: string, now: Date): Promise<Staff | null> {
  const staff = await Staff.findOne({ where: where(fn('lower', col('email')), email.toLowerCase()) });
  const matches = await verifyPassword(password, staff?.passwordHash);
  if (staff === null || !matches || staff.status !== 'active') return null;
  await staff.update({ lastLoginAt: now });
  return staff;
}

export async function countStaff(): Promise<number> {
  return Staff.count();
}
