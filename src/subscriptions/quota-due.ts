import { onlyRow, query, type Tx } from '../db/index.ts';
import type { NextBatch, Position } from '../db/next-batch.ts';
import { Subscription } from './subscription.model.ts';

/**
 * Months that are due, as columns: arrays as PostgreSQL writes them, which go from one statement to the next and are not
 * taken apart here. The same place in each is the same subscription's.
 */
export interface DueMonths {
  count: number;
  ids: string;
  users: string;
  plans: string;
  credits: string;
  rollovers: string;
  caps: string;
  /** Whether it was paid for, so that each of its months is an order's. */
  priced: string;
  starts: string;
  ends: string;
  /** Where the next batch begins; null: there was none. */
  last: Position | null;
}

/** A period that has ended gets no further month: it is renewed or it expires. */
const isDue = `status = 'active' AND quota_resets_at <= $1 AND (end_date IS NULL OR end_date > $1)`;

/** The next month of each of a batch, the longest due first, locked; what others have locked is skipped. */
export async function lockDueMonths(tx: Tx, { now, after, limit, except }: NextBatch): Promise<DueMonths> {
  const rows = await query<Omit<DueMonths, 'last'> & { last_at: string | null; last_id: string | null }>(
    tx,
    `WITH due AS MATERIALIZED (
       SELECT id, user_id, plan_id, credits_monthly, rollover, rollover_cap, price_id, anchor_at, quota_resets_at
       FROM subscriptions
       WHERE ${isDue} AND id <> ALL ($5::uuid[])
         AND ($2::timestamptz IS NULL OR (quota_resets_at, id) > ($2::timestamptz, $3::uuid))
       ORDER BY quota_resets_at, id LIMIT $4 FOR UPDATE SKIP LOCKED
     )
     SELECT count(*) AS count, array_agg(id)::text AS ids, array_agg(user_id)::text AS users,
       array_agg(plan_id)::text AS plans, array_agg(credits_monthly)::text AS credits,
       array_agg(rollover)::text AS rollovers, array_agg(rollover_cap)::text AS caps,
       array_agg(price_id IS NOT NULL)::text AS priced, array_agg(quota_resets_at)::text AS starts,
       array_agg(next_quota_reset(anchor_at, quota_resets_at))::text AS ends,
       (array_agg(quota_resets_at))[count(*)]::text AS last_at, (array_agg(id))[count(*)] AS last_id
     FROM due`,
    [now, after?.at ?? null, after?.id ?? null, limit, except],
  );
  const { last_at: at, last_id: id, ...months } = onlyRow(rows);
  return { ...months, last: at === null || id === null ? null : { at, id } };
}

/** What came of a batch of months. */
export interface BegunMonths {
  /** Subscriptions that no other month is due of. */
  upToDate: number;
  /** Months that began before `lateBefore`, and the first and the last of their beginnings. */
  late: number;
  from: Date | null;
  to: Date | null;
}

/** Sets the next date of each of a batch, `left` (places) left out. */
export async function advanceDueMonths(
  tx: Tx,
  { ids, starts, ends }: DueMonths,
  { left, now, lateBefore }: { left: readonly number[]; now: Date; lateBefore: Date },
): Promise<BegunMonths> {
  const rows = await query<BegunMonths>(
    tx,
    `WITH month AS MATERIALIZED (
       SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY
         m (id, start_at, end_at, place)
       WHERE place <> ALL ($4::int[])
     ), advanced AS (
       UPDATE subscriptions s SET quota_resets_at = m.end_at FROM month m WHERE s.id = m.id
     )
     SELECT count(*) FILTER (WHERE end_at > $5) AS "upToDate", count(*) FILTER (WHERE start_at < $6) AS late,
       min(start_at) FILTER (WHERE start_at < $6) AS from, max(start_at) FILTER (WHERE start_at < $6) AS to
     FROM month`,
    [ids, starts, ends, left, now, lateBefore],
  );
  return onlyRow(rows);
}

/** One whose quota month is due, locked; null: it is not due any more, or somebody else has it. */
export async function lockQuotaDue(tx: Tx, id: string, now: Date): Promise<Subscription | null> {
  const subscription = await Subscription.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE, skipLocked: true });
  if (subscription?.status !== 'active') return null;
  const { quotaResetsAt, endDate } = subscription;
  const isStillDue = quotaResetsAt !== null && quotaResetsAt <= now && (endDate === null || endDate > now);
  return isStillDue ? subscription : null;
}

/** How many subscriptions have a month due. */
export async function countQuotaDue(tx: Tx, now: Date): Promise<number> {
  return onlyRow(
    await query<{ count: number }>(tx, `SELECT count(*) AS count FROM subscriptions WHERE ${isDue}`, [now]),
  ).count;
}
