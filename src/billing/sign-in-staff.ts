import { hasFactor, takeCode } from '../accounts/staff-factor.ts';
import { countFailure, forgetFailures, isLocked } from '../accounts/staff-lock.ts';
import { beginSession } from '../accounts/staff-sessions.ts';
import { checkStaffPassword, lockStaff, markSignedIn, type Staff } from '../accounts/staff.ts';
import type { Tx } from '../db/index.ts';
import type { Services } from './services.ts';
import { asActor, noteAboutStaff } from './staff-audit.ts';

type Needed = Pick<Services, 'db' | 'clock' | 'machineClock' | 'sealer' | 'settings'>;

/** Where somebody knocks from. */
export interface Knock {
  address: string | null;
  /** As the browser calls itself. */
  browser: string | null;
}

/**
 * The first step of the sign-in. → who it is; null where the address is nobody's, the password wrong, or the account
 * disabled or locked: the answer takes as long in each case, and whoever asks is not told which it was. Wrong passwords
 * are counted, and too many lock the account.
 */
export async function checkPassword(
  services: Needed,
  { email, password }: { email: string; password: string },
  { address }: Knock,
): Promise<Staff | null> {
  const { staff, matches } = await checkStaffPassword(email, password);
  if (staff === null) return null;
  return services.db.transaction(async (tx) => {
    const locked = await lockStaff(tx, staff.id);
    // Of many guesses at once, none counts that was right only after the tenth.
    if (isLocked(locked, services.machineClock.now())) return null;
    if (matches && locked.status === 'active') return locked;
    await noteFailure(services, tx, { staff: locked, address, action: 'staff.sign-in-failed' });
    return null;
  });
}

/** The second step. → whether the code was right; wrong ones count together with wrong passwords */
export async function checkCode(services: Needed, staffId: string, code: string, { address }: Knock): Promise<boolean> {
  const now = services.machineClock.now();
  return services.db.transaction(async (tx) => {
    const staff = await lockStaff(tx, staffId);
    if (staff.status !== 'active' || isLocked(staff, now)) return false;
    const taken = await takeCode(tx, services.sealer, { staff, code, now });
    if (taken === null) await noteFailure(services, tx, { staff, address, action: 'staff.code-failed' });
    if (taken === 'recovery-code') {
      const by = asActor(staff, address);
      await noteAboutStaff(tx, by, staffId, { action: 'staff.recovery-code', now: services.clock.now() });
    }
    return taken !== null;
  });
}

async function noteFailure(
  { clock, machineClock }: Needed,
  tx: Tx,
  { staff, address, action }: { staff: Staff; address: string | null; action: string },
): Promise<void> {
  const now = clock.now();
  const by = asActor(staff, address);
  await noteAboutStaff(tx, by, staff.id, { action, now });
  if (await countFailure(tx, staff, machineClock.now())) {
    await noteAboutStaff(tx, by, staff.id, { action: 'staff.lock', now });
  }
}

/** What stands between a right password and the panel. */
export function nextStep({ settings }: Pick<Services, 'settings'>, staff: Staff): 'code' | 'enrol' | 'in' {
  if (hasFactor(staff)) return 'code';
  return settings.staff.totp === 'required' ? 'enrol' : 'in';
}

/** After the last step. → the id of the session that begins */
export async function beginStaffSession(services: Needed, staffId: string, knock: Knock): Promise<string> {
  const { db, clock, machineClock } = services;
  return db.transaction(async (tx) => {
    const staff = await lockStaff(tx, staffId);
    const now = clock.now();
    await forgetFailures(tx, staff);
    await markSignedIn(tx, staff, now);
    await noteAboutStaff(tx, asActor(staff, knock.address), staffId, { action: 'staff.sign-in', now });
    return beginSession(tx, staff, { ...knock, now: machineClock.now() });
  });
}
