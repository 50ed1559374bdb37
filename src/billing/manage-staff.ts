import { withdrawInvitations } from '../accounts/staff-invitations.ts';
import { changeStaff as change, type StaffChanges } from '../accounts/staff-changes.ts';
import { removeFactor } from '../accounts/staff-factor.ts';
import { forgetFailures } from '../accounts/staff-lock.ts';
import { endSessions, findSession } from '../accounts/staff-sessions.ts';
import { lockStaff, type StaffActor } from '../accounts/staff.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import type { Services } from './services.ts';
import { noteAboutStaff } from './staff-audit.ts';

type Needed = Pick<Services, 'db' | 'clock' | 'machineClock'>;

/** @throws NotFound, Conflict when no active owner would be left, or somebody without a password would be let in */
export async function changeStaff(services: Needed, id: string, changes: StaffChanges, by: StaffActor): Promise<void> {
  const { db, clock, machineClock } = services;
  const now = clock.now();
  await db.transaction(async (tx) => {
    const before = await change(tx, id, changes, now);
    if (changes.status === 'disabled') {
      await withdrawInvitations(tx, id, now);
      await endSessions(tx, id, { by: by.staffId, now: machineClock.now() });
    }
    await noteAboutStaff(tx, by, id, { action: 'staff.change', before, after: changes, now });
  });
}

interface About {
  staffId: string;
  reason: string;
  staff: StaffActor;
}

/** Lets somebody try again before the time is over. @throws NotFound, Conflict when they are not locked out */
export async function unlockStaff({ db, clock }: Needed, { staffId, reason, staff: by }: About): Promise<void> {
  await db.transaction(async (tx) => {
    const staff = await lockStaff(tx, staffId);
    if (staff.lockedUntil === null) throw new Conflict('This account is not locked.');
    const before = { lockedUntil: staff.lockedUntil.toISOString() };
    await forgetFailures(tx, staff);
    await noteAboutStaff(tx, by, staffId, {
      action: 'staff.unlock',
      reason,
      before,
      after: { lockedUntil: null },
      now: clock.now(),
    });
  });
}

/** Takes a lost phone away: sessions end, and where a second factor is required they enrol again. @throws NotFound, Conflict */
export async function resetFactor(services: Needed, { staffId, reason, staff: by }: About): Promise<void> {
  const { db, clock, machineClock } = services;
  const now = clock.now();
  await db.transaction(async (tx) => {
    const staff = await lockStaff(tx, staffId);
    if (staff.totpEnrolledAt === null) throw new Conflict('There is no second factor to take away.');
    const before = { totpEnrolledAt: staff.totpEnrolledAt.toISOString() };
    await removeFactor(tx, staff, now);
    await endSessions(tx, staffId, { by: by.staffId, now: machineClock.now() });
    await noteAboutStaff(tx, by, staffId, {
      action: 'staff.reset-factor',
      reason,
      before,
      after: { totpEnrolledAt: null },
      now,
    });
  });
}

/**
 * Signs somebody out everywhere, or in one place: from their next request on.
 * @param about.only the one session; default: all. → how many there were
 * @throws NotFound, Conflict when the one has ended before
 */
export async function endStaffSessions(
  { db, clock, machineClock }: Needed,
  about: Omit<About, 'reason'> & { reason?: string; only?: string; except?: string },
): Promise<number> {
  const { staffId, reason = null, staff: by, only, except } = about;
  return db.transaction(async (tx) => {
    await lockStaff(tx, staffId);
    const which = { ...(only === undefined ? {} : { only }), ...(except === undefined ? {} : { except }) };
    const ended = await endSessions(tx, staffId, { ...which, by: by.staffId, now: machineClock.now() });
    if (only !== undefined && ended === 0) throw new Conflict('This session has ended already.');
    await noteAboutStaff(tx, by, staffId, {
      action: 'staff.end-sessions',
      reason,
      after: { sessions: ended, ...(only === undefined ? {} : { session: only }) },
      now: clock.now(),
    });
    return ended;
  });
}

/** By the session's id alone, whosever it is. @throws NotFound, Conflict */
export async function endStaffSession(
  services: Needed,
  { sessionId, ...about }: Omit<About, 'staffId'> & { sessionId: string },
): Promise<void> {
  const session = await findSession(sessionId);
  if (session === null) throw new NotFound('There is no such session.');
  await endStaffSessions(services, { ...about, staffId: session.staffId, only: sessionId });
}

/** Somebody leaves by themselves. */
export async function signOutStaff(
  { db, clock, machineClock }: Needed,
  by: StaffActor,
  sessionId: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    const ended = await endSessions(tx, by.staffId, { only: sessionId, by: by.staffId, now: machineClock.now() });
    if (ended > 0) await noteAboutStaff(tx, by, by.staffId, { action: 'staff.sign-out', now: clock.now() });
  });
}
