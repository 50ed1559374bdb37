import { onlyRow, query, type Tx } from '../db/index.ts';

/**
 * What begins in a batch, as columns: arrays as PostgreSQL writes them, the same place in each is the same customer's;
 * see migrations/*-quota-batches.cjs.
 */
export interface MonthsToBegin {
  users: string;
  ids: string;
  plans: string;
  credits: string;
  rollovers: string;
  caps: string;
  keys: string;
  ends: string;
  orders: string;
}

/** Locks the balances of a batch that nobody else has locked. → the places of the others */
export async function lockFreeBalances(tx: Tx, users: string): Promise<number[]> {
  const rows = await query<{ busy: number[] }>(
    tx,
    `WITH free AS MATERIALIZED (SELECT unnest(credits_lock_free($1::uuid[])) AS user_id)
     SELECT coalesce(array_agg(place::int), '{}') AS busy FROM unnest($1::uuid[]) WITH ORDINALITY u (user_id, place)
     WHERE NOT EXISTS (SELECT FROM free WHERE free.user_id = u.user_id)`,
    [users],
  );
  return onlyRow(rows).busy;
}

/**
 * `startQuotaMonth` for a batch whose balances are locked, `left` (places) left out.
 * → months that gave credits, and all places that were left out: also those whose month was given before
 */
export async function startQuotaMonths(
  tx: Tx,
  { users, ids, plans, credits, rollovers, caps, keys, ends, orders }: MonthsToBegin,
  { left, now }: { left: readonly number[]; now: Date },
): Promise<{ granted: number; left: number[] }> {
  const rows = await query<{ granted: number; left: number[] }>(
    tx,
    'SELECT granted, left_out AS left FROM credits_start_months($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
    [users, ids, plans, credits, rollovers, caps, keys, ends, orders, left, now],
  );
  return onlyRow(rows);
}
