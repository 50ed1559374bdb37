import { onlyRow, query, type Tx } from '../db/index.ts';
import type { NextBatch, Position } from '../db/next-batch.ts';

/** Customers of whom something has expired; `ids` is an array as PostgreSQL writes it. */
export interface ExpiredUsers {
  count: number;
  ids: string;
  last: Position | null;
}

const sources = {
  grants: 'credit_grants WHERE open AND remaining > held AND expires_at IS NOT NULL',
  holds: `credit_holds WHERE status = 'open'`,
};

/** Whose free credits are past their date, or whose holds have run out, the longest first. Nothing is locked. */
export async function usersWithExpired(
  tx: Tx,
  source: keyof typeof sources,
  { now, after, limit, except }: NextBatch,
): Promise<ExpiredUsers> {
  const rows = await query<{ count: number; ids: string; at: string | null; id: string | null }>(
    tx,
    `WITH due AS MATERIALIZED (
       SELECT user_id, expires_at FROM ${sources[source]} AND expires_at <= $1 AND user_id <> ALL ($5::uuid[])
         AND ($2::timestamptz IS NULL OR (expires_at, user_id) > ($2::timestamptz, $3::uuid))
       ORDER BY expires_at, user_id LIMIT $4
     )
     SELECT count(*) AS count, coalesce(array_agg(DISTINCT user_id), '{}')::text AS ids,
       (array_agg(expires_at))[count(*)]::text AS at, (array_agg(user_id))[count(*)] AS id
     FROM due`,
    [now, after?.at ?? null, after?.id ?? null, limit, except],
  );
  const { at, id, ...users } = onlyRow(rows);
  return { ...users, last: at === null || id === null ? null : { at, id } };
}

/**
 * Writes off what has expired of those whose balances are free, and lets go of holds that have run out. → of how many
 * users, and how many credits
 */
export async function expireMany(
  tx: Tx,
  { ids }: Pick<ExpiredUsers, 'ids'>,
  now: Date,
): Promise<{ users: number; credits: number }> {
  return onlyRow(await query(tx, 'SELECT users, credits FROM credits_expire_many($1::uuid[], $2)', [ids, now]));
}
