import { Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { newId } from '../kit/ids.ts';
import { StaffSession } from './staff-session.model.ts';
import type { Staff, StaffRole } from './staff.model.ts';

export type { StaffSession } from './staff-session.model.ts';

/** How long a session may last, in milliseconds. */
export interface SessionLimits {
  /** Without a request. */
  idleMs: number;
  /** In all. */
  totalMs: number;
}

const seenEveryMs = 60_000;
const keptMs = 90 * 24 * 3600_000;
const browserMaxLength = 300;

/** → the id of the new session */
export async function beginSession(
  tx: Tx,
  { id: staffId, role }: Staff,
  { address, browser, now }: { address: string | null; browser: string | null; now: Date },
): Promise<string> {
  const id = newId();
  const from = { address, browser: browser?.slice(0, browserMaxLength) ?? null };
  await StaffSession.create({ id, staffId, role, begunAt: now, lastSeenAt: now, ...from }, { transaction: tx });
  return id;
}

function whereLive({ idleMs, totalMs }: SessionLimits, now: Date) {
  return {
    endedAt: null,
    lastSeenAt: { [Op.gt]: new Date(now.getTime() - idleMs) },
    begunAt: { [Op.gt]: new Date(now.getTime() - totalMs) },
  };
}

/** → the session, if nobody has ended it and it has not run out; that it was seen is kept, once a minute at most */
export async function useSession(id: string, limits: SessionLimits, now: Date): Promise<StaffSession | null> {
  const session = await StaffSession.findOne({ where: { id, ...whereLive(limits, now) } });
  if (session === null || now.getTime() - session.lastSeenAt.getTime() < seenEveryMs) return session;
  // Not `save`: a session that is being ended meanwhile stays ended.
  await StaffSession.update({ lastSeenAt: now }, { where: { id, lastSeenAt: { [Op.lt]: now } } });
  return session;
}

export async function keepRole(id: string, role: StaffRole): Promise<void> {
  await StaffSession.update({ role }, { where: { id } });
}

/** Of one member of staff, the last used first. */
export async function liveSessions(staffId: string, limits: SessionLimits, now: Date): Promise<StaffSession[]> {
  return StaffSession.findAll({
    where: { staffId, ...whereLive(limits, now) },
    order: [
      ['lastSeenAt', 'DESC'],
      ['id', 'DESC'],
    ],
  });
}

export async function findSession(id: string): Promise<StaffSession | null> {
  return StaffSession.findByPk(id);
}

/**
 * Ends sessions of one member of staff: one, all, or all but one. Whoever uses them is signed out by their next request.
 * @param ended.by who ends them; null: their owner's new password does. → how many were open
 */
export async function endSessions(
  tx: Tx,
  staffId: string,
  ended: { only?: string; except?: string; by: string | null; now: Date },
): Promise<number> {
  const { only, except, by, now } = ended;
  const [count] = await StaffSession.update(
    { endedAt: now, endedBy: by },
    {
      where: {
        staffId,
        endedAt: null,
        ...(only === undefined ? {} : { id: only }),
        ...(except === undefined ? {} : { id: { [Op.ne]: except } }),
      },
      transaction: tx,
    },
  );
  return count;
}

/** → how many were forgotten */
export async function deleteOldSessions(now: Date): Promise<number> {
  return StaffSession.destroy({ where: { lastSeenAt: { [Op.lt]: new Date(now.getTime() - keptMs) } } });
}
