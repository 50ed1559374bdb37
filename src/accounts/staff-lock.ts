import type { Staff } from './staff.model.ts';
import type { Tx } from '../db/index.ts';

/** So many wrong passwords or codes in this time lock an account for as long. */
export const failuresAllowed = 10;
export const lockMs = 15 * 60_000;

export function isLocked({ lockedUntil }: Pick<Staff, 'lockedUntil'>, now: Date): boolean {
  return lockedUntil !== null && lockedUntil > now;
}

/** Counts a wrong password or code of somebody whose row the caller has locked. → whether that locks the account */
export async function countFailure(tx: Tx, staff: Staff, now: Date): Promise<boolean> {
  const recent = staff.failures.filter((time) => time.getTime() > now.getTime() - lockMs);
  const failures = [...recent, now];
  const isTooMany = failures.length >= failuresAllowed;
  const lock = { failures: [], lockedUntil: new Date(now.getTime() + lockMs) };
  await staff.update(isTooMany ? lock : { failures }, { transaction: tx });
  return isTooMany;
}

export async function forgetFailures(tx: Tx, staff: Staff): Promise<void> {
  await staff.update({ failures: [], lockedUntil: null }, { transaction: tx });
}
