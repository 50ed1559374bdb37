import { deleteStaleRefreshTokens } from '../accounts/refresh-tokens.ts';
import { deleteOldSessions } from '../accounts/staff-sessions.ts';
import { deleteOldAlerts } from '../credits/alerts.ts';
import type { Services } from './services.ts';

/** Forgets what nobody can use any more. */
export async function cleanUp({
  db,
  clock,
  machineClock,
}: Services): Promise<{ refreshTokens: number; alerts: number; sessions: number }> {
  const now = clock.now();
  return {
    refreshTokens: await deleteStaleRefreshTokens(now),
    alerts: await deleteOldAlerts(db, now),
    sessions: await deleteOldSessions(machineClock.now()),
  };
}
