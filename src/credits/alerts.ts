import { select, type Database, type Tx } from '../db/index.ts';
import { CreditAlert, type AlertOutcome } from './credit-alert.model.ts';

export type { AlertOutcome } from './credit-alert.model.ts';

/** An alert that nobody has looked at yet, and how things stand now. */
export interface OpenAlert {
  id: string;
  userId: string;
  /** Of the monthly quota. */
  percent: number;
  /** The end of the quota month that it was raised in. */
  periodEnd: Date;
  /** In credits, as what follows. */
  threshold: number;
  monthlyQuota: number;
  /** When it was raised. */
  available: number;
  /** Without what has expired, whether it is written off yet or not. */
  availableNow: number;
  /** The end of the quota month that runs now; null without a plan. */
  quotaResetAt: Date | null;
}

/**
 * The alerts that were raised first, locked; other processes skip them. Balances are only read: alerts are raised under
 * their lock. In the order of the customers, so that of two processes that write mails neither waits for the other in turn.
 * @param batch `except` have failed in this run
 */
export async function lockOpenAlerts(
  tx: Tx,
  { now, limit, except }: { now: Date; limit: number; except: readonly string[] },
): Promise<OpenAlert[]> {
  return select<OpenAlert>(
    tx,
    `SELECT * FROM (
       SELECT a.id, a.user_id AS "userId", a.percent, a.period_end AS "periodEnd", a.threshold, a.available,
         a.monthly_quota AS "monthlyQuota", b.quota_reset_at AS "quotaResetAt",
         b.available - coalesce((
           SELECT sum(remaining - held) FROM credit_grants g
           WHERE g.user_id = a.user_id AND g.open AND g.remaining > g.held AND g.expires_at <= :now
         ), 0)::bigint AS "availableNow"
       FROM credit_alerts a JOIN credit_balances b ON b.user_id = a.user_id
       WHERE a.handled_at IS NULL AND a.id <> ALL (string_to_array(:except, ',')::uuid[])
       ORDER BY a.raised_at LIMIT :limit FOR UPDATE OF a SKIP LOCKED
     ) due ORDER BY "userId", percent`,
    { now, limit, except: except.join(',') },
  );
}

export async function closeAlert(
  tx: Tx,
  { userId, id }: Pick<OpenAlert, 'userId' | 'id'>,
  outcome: AlertOutcome,
  now: Date,
): Promise<void> {
  await CreditAlert.update({ handledAt: now, outcome }, { where: { userId, id }, transaction: tx });
}

const keptMs = 400 * 24 * 3600 * 1000;
const deletedAtOnce = 10_000;

/** Forgets alerts that are older than a year and a month, a bounded number at a time. → how many */
export async function deleteOldAlerts({ pool }: Database, now: Date): Promise<number> {
  let deleted = 0;
  for (;;) {
    const { rowCount } = await pool.query(
      `DELETE FROM credit_alerts WHERE (user_id, id) IN (
         SELECT user_id, id FROM credit_alerts WHERE raised_at < $1 LIMIT $2
       )`,
      [new Date(now.getTime() - keptMs), deletedAtOnce],
    );
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < deletedAtOnce) return deleted;
  }
}
