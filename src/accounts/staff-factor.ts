import type { Tx } from '../db/index.ts';
import { sha256, type Sealer } from '../kit/crypto.ts';
import { readableCode } from '../kit/ids.ts';
import { stepOfCode } from './one-time-codes.ts';
import { StaffRecoveryCode } from './staff-recovery-code.model.ts';
import type { Staff } from './staff.model.ts';

const recoveryCodes = 10;
/** 80 random bits: a hash of them says nothing. */
const codeLength = 16;

export function hasFactor({ totpEnrolledAt }: Pick<Staff, 'totpEnrolledAt'>): boolean {
  return totpEnrolledAt !== null;
}

/**
 * Takes a code of the phone, or a recovery code, of somebody whose row the caller has locked; each counts once.
 * @param now machine time, which is the phone's
 * → what it was; null: neither, or used before
 */
export async function takeCode(
  tx: Tx,
  sealer: Sealer,
  { staff, code, now }: { staff: Staff; code: string; now: Date },
): Promise<'code' | 'recovery-code' | null> {
  if (staff.totpSealed === null) return null;
  const step = stepOfCode(sealer.open(staff.totpSealed), code, now);
  if (step === null) return (await takeRecoveryCode(tx, staff.id, code, now)) ? 'recovery-code' : null;
  if (staff.totpStep !== null && step <= staff.totpStep) return null;
  await staff.update({ totpStep: step }, { transaction: tx });
  return 'code';
}

async function takeRecoveryCode(tx: Tx, staffId: string, code: string, now: Date): Promise<boolean> {
  const [taken] = await StaffRecoveryCode.update(
    { usedAt: now },
    { where: { staffId, codeHash: hashOf(code), usedAt: null }, transaction: tx },
  );
  return taken === 1;
}

/** The secret has shown that the phone has it: `step` is that of its first code. → recovery codes, in no other place */
export async function enrolFactor(
  tx: Tx,
  staff: Staff,
  { totpSealed, step, now }: { totpSealed: string; step: number; now: Date },
): Promise<string[]> {
  await staff.update({ totpSealed, totpStep: step, totpEnrolledAt: now, updatedAt: now }, { transaction: tx });
  return replaceRecoveryCodes(tx, staff.id, now);
}

export async function removeFactor(tx: Tx, staff: Staff, now: Date): Promise<void> {
  await staff.update({ totpSealed: null, totpStep: null, totpEnrolledAt: null, updatedAt: now }, { transaction: tx });
  await StaffRecoveryCode.destroy({ where: { staffId: staff.id }, transaction: tx });
}

/** → `7K2M-9QXA-4TBC-0VWX` and nine more; those before are worth nothing */
export async function replaceRecoveryCodes(tx: Tx, staffId: string, now: Date): Promise<string[]> {
  await StaffRecoveryCode.destroy({ where: { staffId }, transaction: tx });
  const codes = Array.from({ length: recoveryCodes }, () => readableCode(codeLength));
  await StaffRecoveryCode.bulkCreate(
    codes.map((code) => ({ staffId, codeHash: hashOf(code), createdAt: now })),
    { transaction: tx },
  );
  return codes.map((code) => code.replace(/(.{4})(?=.)/g, '$1-'));
}

/** How many are left. */
export async function countRecoveryCodes(staffId: string): Promise<number> {
  return StaffRecoveryCode.count({ where: { staffId, usedAt: null } });
}

/** However they typed it: without dashes, in small letters. */
function hashOf(code: string): string {
  return sha256(code.toUpperCase().replace(/[^0-9A-Z]/g, ''));
}
