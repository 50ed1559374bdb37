import type { Database, Tx } from '../db/index.ts';
import { query, select } from '../db/index.ts';
import { figuresOfDays, monthlyActives, settledAfterDays } from './definitions.ts';

/** A figure of one UTC day, `2026-11-24`. `dimension` is a currency, a reason, or empty. */
export interface Figure {
  day: string;
  metric: string;
  dimension: string;
  value: number;
}

/** Computed together: the tables are read once for all of them. */
const daysAtOnce = 31;

/**
 * The next days to compute, oldest first: those that never were, and once a day those that can still change.
 * @param today its first instant, in UTC
 */
export async function daysToCompute({ pool }: Pick<Database, 'pool'>, today: Date): Promise<string[]> {
  const { rows } = await pool.query<{ day: string }>(
    `WITH bounds AS (
       SELECT (min(created_at) AT TIME ZONE 'UTC')::date AS first, ($1::timestamptz AT TIME ZONE 'UTC')::date AS today
       FROM users
     ), days AS (SELECT first + nth AS day FROM bounds, generate_series(0, today - first - 1) nth)
     SELECT day::text AS day FROM days LEFT JOIN metric_days done USING (day)
     WHERE done.day IS NULL
       OR done.computed_at < least($1::timestamptz, (day + $2::integer)::timestamp AT TIME ZONE 'UTC')
     ORDER BY 1 LIMIT $3`,
    [today, settledAfterDays, daysAtOnce],
  );
  return rows.map(({ day }) => day);
}

/** Puts the figures of these days in the place of what was there. Nobody else may do so at the same time. */
export async function computeDays(tx: Tx, days: readonly string[], now: Date): Promise<void> {
  await query(tx, 'DELETE FROM metrics_daily WHERE day = ANY ($1::date[])', [days]);
  const statement = `
    INSERT INTO metrics_daily (day, metric, dimension, value)
    SELECT day, metric, dimension, value FROM (${figuresOfDays} UNION ALL (${monthlyActives})) figures
    WHERE day IN (:days)`;
  await select(tx, statement, { days, ...boundsOf(days) });
  await query(
    tx,
    `INSERT INTO metric_days (day, computed_at) SELECT day, $2 FROM unnest($1::date[]) day
     ON CONFLICT (day) DO UPDATE SET computed_at = excluded.computed_at`,
    [days, now],
  );
}

/** What is so far of the days that are not computed yet, read from the tables themselves. */
export async function readLive(tx: Tx, days: readonly string[]): Promise<Figure[]> {
  if (days.length === 0) return [];
  const statement = `SELECT day::text AS day, metric, dimension, value::bigint AS value FROM (${figuresOfDays}) figures`;
  return select<Figure>(tx, statement, boundsOf(days));
}

/** The computed figures of the days from `from` up to, not including, `to`. */
export async function readComputed(tx: Tx, from: string, to: string): Promise<Figure[]> {
  const statement = `SELECT day::text AS day, metric, dimension, value FROM metrics_daily
    WHERE day >= :from AND day < :to`;
  return select<Figure>(tx, statement, { from, to });
}

/** What all days before `day` came to, of the figures that stand at an instant. */
export async function readStanding(tx: Tx, day: string): Promise<Omit<Figure, 'day'>[]> {
  const statement = `SELECT metric, dimension, sum(value)::bigint AS value FROM metrics_daily
    WHERE day < :day AND metric IN ('subscriptions_started', 'subscriptions_ended', 'arr_started', 'arr_ended')
    GROUP BY 1, 2`;
  return select(tx, statement, { day });
}

/** The last day that is computed; null before the first. */
export async function lastComputedDay(tx: Tx): Promise<string | null> {
  const [row] = await select<{ day: string | null }>(tx, 'SELECT max(day)::text AS day FROM metric_days');
  return row?.day ?? null;
}

function boundsOf(days: readonly string[]): { from: string; to: string } {
  const sorted = [...days].sort();
  const [first, last] = [sorted[0] ?? '', sorted.at(-1) ?? ''];
  return { from: `${first}T00:00:00Z`, to: `${dayAfter(last)}T00:00:00Z` };
}

const dayMs = 24 * 3600 * 1000;

export function dayAfter(day: string): string {
  return addDays(day, 1);
}

/** `2026-11-24` and 7 → `2026-12-01` */
export function addDays(day: string, days: number): string {
  return toDay(Date.parse(`${day}T00:00:00Z`) + days * dayMs);
}

/** The UTC day of an instant, in ms since 1970. */
export function toDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Midnight, in UTC, of the day that `now` belongs to. */
export function firstInstantOf(now: Date): Date {
  return new Date(Math.floor(now.getTime() / dayMs) * dayMs);
}
