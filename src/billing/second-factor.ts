import { newTotpSecret, stepOfCode, totpLink } from '../accounts/one-time-codes.ts';
import { enrolFactor, hasFactor, removeFactor, replaceRecoveryCodes } from '../accounts/staff-factor.ts';
import { lockStaff, type Staff, type StaffActor } from '../accounts/staff.ts';
import { Conflict, Forbidden } from '../kit/errors.ts';
import type { Services } from './services.ts';
import { checkCode } from './sign-in-staff.ts';
import { noteAboutStaff } from './staff-audit.ts';

type Needed = Pick<Services, 'db' | 'clock' | 'machineClock' | 'sealer' | 'settings'>;

/** → a new secret as it may wait in a session until a code proves that the phone has it */
export function proposeFactor({ sealer }: Pick<Services, 'sealer'>): string {
  return sealer.seal(newTotpSecret());
}

/** What somebody gives their phone: the secret in base 32, and the link that the QR code is made of. */
export function readProposal(
  { sealer }: Pick<Services, 'sealer'>,
  proposal: string,
  { email }: Pick<Staff, 'email'>,
): { secret: string; link: string } {
  const secret = sealer.open(proposal);
  return { secret, link: totpLink(secret, email) };
}

/**
 * Enrols the second factor when the code is one of the proposed secret. → recovery codes, shown this once; null: the code
 * is wrong. @throws Conflict when there is one already, enrolled in another window
 */
export async function enrolSecondFactor(
  { db, clock, machineClock, sealer }: Needed,
  { proposal, code, staff: by }: { proposal: string; code: string; staff: StaffActor },
): Promise<string[] | null> {
  const step = stepOfCode(sealer.open(proposal), code, machineClock.now());
  if (step === null) return null;
  const now = clock.now();
  return db.transaction(async (tx) => {
    const staff = await lockStaff(tx, by.staffId);
    if (hasFactor(staff)) throw new Conflict('This account has a second factor already.');
    const codes = await enrolFactor(tx, staff, { totpSealed: proposal, step, now });
    await noteAboutStaff(tx, by, staff.id, { action: 'staff.enrol-factor', now });
    return codes;
  });
}

/** By its owner, with a code. → whether the code was right. @throws Forbidden where a second factor is required */
export async function removeSecondFactor(services: Needed, by: StaffActor, code: string): Promise<boolean> {
  if (services.settings.staff.totp === 'required') throw new Forbidden('A second factor is required here.');
  if (!(await checkCode(services, by.staffId, code, { address: by.address, browser: null }))) return false;
  const now = services.clock.now();
  await services.db.transaction(async (tx) => {
    await removeFactor(tx, await lockStaff(tx, by.staffId), now);
    await noteAboutStaff(tx, by, by.staffId, { action: 'staff.remove-factor', now });
  });
  return true;
}

/** → ten new ones, shown this once, those before are worth nothing; null: the code is wrong */
export async function renewRecoveryCodes(services: Needed, by: StaffActor, code: string): Promise<string[] | null> {
  if (!(await checkCode(services, by.staffId, code, { address: by.address, browser: null }))) return null;
  const now = services.clock.now();
  return services.db.transaction(async (tx) => {
    const staff = await lockStaff(tx, by.staffId);
    if (!hasFactor(staff)) return null;
    await noteAboutStaff(tx, by, by.staffId, { action: 'staff.renew-recovery-codes', now });
    return replaceRecoveryCodes(tx, staff.id, now);
  });
}
