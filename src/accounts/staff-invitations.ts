import type { Tx } from '../db/index.ts';
import { sha256 } from '../kit/crypto.ts';
import { newId, newSecret } from '../kit/ids.ts';
import { hashPassword } from './passwords.ts';
import { StaffInvitation, type InvitationKind } from './staff-invitation.model.ts';
import { Staff } from './staff.model.ts';

export type { InvitationKind } from './staff-invitation.model.ts';

const validMs = 72 * 3600_000;

/** Makes a link for somebody whose row the caller has locked; the one before it is worth nothing. → its token, kept as a hash */
export async function createInvitation(
  tx: Tx,
  { staffId, kind, now }: { staffId: string; kind: InvitationKind; now: Date },
): Promise<{ id: string; token: string; expiresAt: Date }> {
  await withdrawInvitations(tx, staffId, now);
  const [id, token, expiresAt] = [newId(), newSecret(), new Date(now.getTime() + validMs)];
  const row = { id, staffId, kind, tokenHash: sha256(token), createdAt: now, expiresAt };
  await StaffInvitation.create(row, { transaction: tx });
  return { id, token, expiresAt };
}

/** → how many there were to withdraw: one or none */
export async function withdrawInvitations(tx: Tx, staffId: string, now: Date): Promise<number> {
  const open = { staffId, usedAt: null, withdrawnAt: null };
  const [count] = await StaffInvitation.update({ withdrawnAt: now }, { where: open, transaction: tx });
  return count;
}

/** Why a link does not open anything, or whom it lets choose a password. */
export type Invitation =
  | { state: 'open'; id: string; kind: InvitationKind; staff: Staff }
  | { state: 'unknown' | 'used' | 'withdrawn' | 'expired' };

/** In a transaction both rows are locked: of two who come at once the second finds it used. */
export async function readInvitation(token: string, now: Date, tx?: Tx): Promise<Invitation> {
  const where = { tokenHash: sha256(token) };
  const found = await StaffInvitation.findOne({ where, transaction: tx ?? null });
  if (found === null) return { state: 'unknown' };
  const lock = tx === undefined ? {} : { transaction: tx, lock: tx.LOCK.UPDATE };
  // The person first, as those do who make and withdraw links.
  const staff = await Staff.findByPk(found.staffId, lock);
  const invitation = await StaffInvitation.findOne({ where, ...lock });
  if (staff === null || invitation === null) return { state: 'unknown' };
  const { id, kind, usedAt, withdrawnAt, expiresAt } = invitation;
  if (usedAt !== null) return { state: 'used' };
  if (withdrawnAt !== null || staff.status === 'disabled') return { state: 'withdrawn' };
  return expiresAt <= now ? { state: 'expired' } : { state: 'open', id, kind, staff };
}

/** Uses the link up. The caller has read it in this transaction. */
export async function choosePassword(
  tx: Tx,
  { id, staff, password, now }: { id: string; staff: Staff; password: string; now: Date },
): Promise<void> {
  const passwordHash = await hashPassword(password);
  await StaffInvitation.update({ usedAt: now }, { where: { id }, transaction: tx });
  await staff.update(
    { passwordHash, status: 'active', invitedAt: null, failures: [], lockedUntil: null, updatedAt: now },
    { transaction: tx },
  );
}
