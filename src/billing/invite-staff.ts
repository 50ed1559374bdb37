import { UniqueConstraintError } from 'sequelize';
import {
  choosePassword,
  createInvitation,
  readInvitation,
  withdrawInvitations,
  type Invitation,
  type InvitationKind,
} from '../accounts/staff-invitations.ts';
import { endSessions } from '../accounts/staff-sessions.ts';
import { createInvitedStaff, lockStaff, type Staff, type StaffActor, type StaffRole } from '../accounts/staff.ts';
import type { Tx } from '../db/index.ts';
import { Conflict } from '../kit/errors.ts';
import { postMail } from '../mail/outbox.ts';
import type { Services } from './services.ts';
import { asActor, noteAboutStaff } from './staff-audit.ts';

export interface NewStaff {
  email: string;
  name: string;
  role: StaffRole;
  locale: string;
}

/**
 * Lets somebody into the panel: they get a mail with a link by which they choose a password. → their id
 * @throws Conflict when the address is on the team already
 */
export async function inviteStaff(services: Services, person: NewStaff, by: StaffActor): Promise<string> {
  const now = services.clock.now();
  try {
    return await services.db.transaction(async (tx) => {
      const staff = await createInvitedStaff(tx, { ...person, now });
      await noteAboutStaff(tx, by, staff.id, { action: 'staff.invite', after: person, now });
      await sendLink(services, tx, staff, { kind: 'invitation', by, now });
      return staff.id;
    });
  } catch (error) {
    if (error instanceof UniqueConstraintError)
      throw new Conflict('Somebody with this address is on the team already.');
    throw error;
  }
}

interface About {
  staffId: string;
  reason: string;
  staff: StaffActor;
}

/** A new link; the one before it opens nothing any more. @throws NotFound, Conflict when they have a password */
export async function inviteAgain(services: Services, { staffId, reason, staff: by }: About): Promise<void> {
  const now = services.clock.now();
  await services.db.transaction(async (tx) => {
    const staff = await lockStaff(tx, staffId);
    if (staff.passwordHash !== null) throw new Conflict('They have accepted the invitation already.');
    await staff.update({ status: 'invited', invitedAt: now, updatedAt: now }, { transaction: tx });
    await noteAboutStaff(tx, by, staffId, { action: 'staff.invite-again', reason, now });
    await sendLink(services, tx, staff, { kind: 'invitation', by, now });
  });
}

/** The link opens nothing any more, and the account is disabled. @throws NotFound, Conflict when it was accepted */
export async function withdrawInvitation(services: Services, { staffId, reason, staff: by }: About): Promise<void> {
  const now = services.clock.now();
  await services.db.transaction(async (tx) => {
    const staff = await lockStaff(tx, staffId);
    if (staff.status !== 'invited') throw new Conflict('There is no invitation that waits for an answer.');
    await withdrawInvitations(tx, staffId, now);
    await staff.update({ status: 'disabled', updatedAt: now }, { transaction: tx });
    await noteAboutStaff(tx, by, staffId, { action: 'staff.withdraw-invitation', reason, now });
  });
}

/**
 * A link by which they choose another password; until then theirs goes on working. Whoever asks for their own gives no
 * reason. @throws NotFound, Conflict
 */
export async function resetStaffPassword(
  services: Services,
  { staffId, reason, staff: by }: Omit<About, 'reason'> & { reason?: string },
): Promise<void> {
  const now = services.clock.now();
  await services.db.transaction(async (tx) => {
    const staff = await lockStaff(tx, staffId);
    if (staff.status !== 'active') throw new Conflict('Only an active account has a password to change.');
    await noteAboutStaff(tx, by, staffId, { action: 'staff.reset-password', reason: reason ?? null, now });
    await sendLink(services, tx, staff, { kind: 'reset', by, now });
  });
}

async function sendLink(
  { db }: Services,
  tx: Tx,
  staff: Staff,
  { kind, by, now }: { kind: InvitationKind; by: StaffActor; now: Date },
): Promise<void> {
  const { id, token, expiresAt } = await createInvitation(tx, { staffId: staff.id, kind, now });
  await postMail(db, tx, {
    template: kind === 'invitation' ? 'staff_invitation' : 'staff_password',
    data: {
      customerName: staff.name,
      invitedBy: by.name,
      email: staff.email,
      role: staff.role,
      expiresAt: expiresAt.toISOString(),
      token,
    },
    to: { userId: null, address: staff.email, locale: staff.locale },
    dedupeKey: `staff-link:${id}`,
    now,
  });
}

/**
 * Whoever has the link chooses a password, once; all sessions that the account had are ended. They sign in with it then.
 * → why not, where the link opens nothing
 */
export async function acceptInvitation(
  { db, clock, machineClock }: Pick<Services, 'db' | 'clock' | 'machineClock'>,
  { token, password, address }: { token: string; password: string; address: string | null },
): Promise<Invitation['state'] | 'done'> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const invitation = await readInvitation(token, now, tx);
    if (invitation.state !== 'open') return invitation.state;
    const { id, kind, staff } = invitation;
    await choosePassword(tx, { id, staff, password, now });
    await endSessions(tx, staff.id, { by: null, now: machineClock.now() });
    const action = kind === 'invitation' ? 'staff.accept-invitation' : 'staff.choose-password';
    await noteAboutStaff(tx, asActor(staff, address), staff.id, { action, now });
    return 'done';
  });
}
