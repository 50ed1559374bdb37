import type { Database } from '../../src/db/index.ts';

export interface DueSubscriptions {
  count: number;
  /** When the month ended that they are in. */
  dueAt: Date;
  /** Every second one is a year that was paid for; the others cost nothing. */
  planCode?: string;
  quota?: number;
  /** What is left of the old month's credits, which expire when it ends. */
  left?: number;
}

/**
 * Customers of a seeded database whose next quota month is due, set-based: each with an old grant of which something is
 * left, entries for it, and for every second one a paid order. In the middle of the second year of their subscriptions.
 */
export async function addDueSubscriptions(
  { pool }: Pick<Database, 'pool'>,
  { count, dueAt, planCode = 'pro', quota = 100, left = 30 }: DueSubscriptions,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    // Ids as they come to be: with the time in which customers came.
    await client.query(
      `CREATE TEMP TABLE due ON COMMIT DROP AS
       SELECT i % 2 = 0 AS paid, came, credits_new_id(came) AS user_id, credits_new_id(came) AS id,
         credits_new_id(came) AS order_id, credits_new_id(came) AS payment_id,
         credits_new_id($2) AS grant_id, $2::timestamptz AS due_at
       FROM generate_series(1, $1::int) i, LATERAL (SELECT $2::timestamptz - interval '20 months' + i * interval '1 s' AS came) c`,
      [count, dueAt],
    );
    await client.query('ANALYZE due');
    for (const sql of statements(Math.trunc(quota), Math.trunc(left))) await client.query(sql);
    await client.query(
      `INSERT INTO subscriptions (id, user_id, plan_id, price_id, subscription_type, status, credits_monthly,
         rollover, anchor_at, start_date, end_date, quota_resets_at, created_at)
       SELECT d.id, d.user_id, p.plan_id, CASE WHEN paid THEN p.id END,
         CASE WHEN paid THEN 'yearly' ELSE 'monthly' END, 'active', $2, 'none', due_at - interval '18 months',
         due_at - interval '18 months', CASE WHEN paid THEN due_at + interval '6 months' END, due_at,
         due_at - interval '18 months'
       FROM due d CROSS JOIN (${price}) p`,
      [planCode, quota],
    );
    await client.query(
      `INSERT INTO orders (id, order_no, user_id, kind, status, plan_id, price_id, subscription_type, snapshot, currency,
         amount_minor, created_at, expires_at, paid_at, subscription_id, period_start, period_end)
       SELECT d.order_id, d.order_id::text, d.user_id, 'renewal', 'completed', p.plan_id, p.id, 'yearly', '{}', p.currency,
         p.amount_minor, due_at - interval '6 months', due_at - interval '6 months', due_at - interval '6 months',
         d.id, due_at - interval '6 months', due_at + interval '6 months'
       FROM due d CROSS JOIN (${price}) p WHERE paid`,
      [planCode],
    );
    await client.query(
      `INSERT INTO payments (id, order_id, provider, provider_capture_id, status, currency, amount_minor, created_at,
         completed_at)
       SELECT d.payment_id, d.order_id, 'paypal', d.payment_id::text, 'completed', p.currency, p.amount_minor,
         due_at - interval '6 months', due_at - interval '6 months'
       FROM due d CROSS JOIN (${price}) p WHERE paid`,
      [planCode],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

const price = `
  SELECT pp.id, pp.plan_id, pp.currency, pp.amount_minor FROM plan_prices pp JOIN plans ON plans.id = pp.plan_id
  WHERE plans.plan_code = $1 AND pp.subscription_type = 'yearly' AND pp.currency = 'USD'`;

const statements = (quota: number, left: number): string[] => [
  `INSERT INTO users (id, email, locale, created_at, updated_at)
   SELECT user_id, user_id || '@due.test', 'en', came, came FROM due`,
  `INSERT INTO credit_balances
     (user_id, available, total_earned, total_used, monthly_quota, quota_used, quota_reset_at, entries)
   SELECT user_id, ${left}, ${quota}, ${quota - left}, ${quota}, ${quota - left}, due_at, 2 FROM due`,
  `INSERT INTO credit_grants
     (user_id, id, key, source, amount, remaining, expires_at, order_id, subscription_id, created_at)
   SELECT user_id, grant_id, 'old', 'plan', ${quota}, ${left}, due_at, CASE WHEN paid THEN order_id END, id,
     due_at - interval '1 month'
   FROM due`,
  `INSERT INTO credit_transactions
     (user_id, seq, id, type, amount, balance_after, source, actor, grant_id, created_at)
   SELECT user_id, 1, credits_new_id(due_at), 'earn', ${quota}, ${quota}, 'plan', 'system', grant_id,
     due_at - interval '1 month' FROM due
   UNION ALL
   SELECT user_id, 2, credits_new_id(due_at), 'spend', ${left - quota}, ${left}, 'api', 'user', grant_id,
     due_at - interval '1 day' FROM due`,
];
