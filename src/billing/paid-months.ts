import { onlyRow, query, type Tx } from '../db/index.ts';
import type { DueMonths } from '../subscriptions/quota-due.ts';

/** What each month of a batch gives, as columns at the same places; see DueMonths. */
export interface MonthsToGive {
  keys: string;
  credits: string;
  /** Which order paid for it. */
  orders: string;
  /** Places of those whose order is disputed. */
  disputed: number[];
}

/**
 * The same as `ordersWithTime` and `quotaKey` say of one month, for many: a month whose payment was given back gives
 * nothing, unless it was decided that its time stays.
 */
export async function monthsToGive(tx: Tx, { ids, starts, credits, priced }: DueMonths): Promise<MonthsToGive> {
  const rows = await query<MonthsToGive>(
    tx,
    `SELECT
       array_agg('quota:' || m.id || ':' || to_char(m.start_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
         ORDER BY m.place)::text AS keys,
       array_agg(CASE WHEN m.priced AND o.id IS NULL THEN 0 ELSE m.credits END ORDER BY m.place)::text AS credits,
       array_agg(o.id ORDER BY m.place)::text AS orders,
       coalesce(array_agg(m.place::int) FILTER (WHERE o.disputed_at IS NOT NULL), '{}') AS disputed
     FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::boolean[]) WITH ORDINALITY
       m (id, start_at, credits, priced, place)
     LEFT JOIN LATERAL (
       SELECT o.id, o.disputed_at FROM orders o
       WHERE o.subscription_id = m.id AND o.paid_at IS NOT NULL
         AND o.period_start <= m.start_at AND (o.period_end IS NULL OR m.start_at < o.period_end)
         AND NOT EXISTS (${made} AND r.ends_subscription)
         AND (o.status <> 'refunded' OR EXISTS (${made} AND NOT r.ends_subscription))
       ORDER BY o.period_start LIMIT 1
     ) o ON true`,
    [ids, starts, credits, priced],
  );
  return onlyRow(rows);
}

const made = `SELECT FROM refunds r WHERE r.order_id = o.id AND r.status = 'completed'`;
