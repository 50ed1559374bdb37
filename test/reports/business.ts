import type pg from 'pg';

/**
 * Eighty days of business, written straight into the tables, with what figures go wrong over: changes of plan, plans given
 * up before they began, late payments, refunds on other days, several currencies, and days on which nothing happens.
 * @param today midnight of the day that is not over, in UTC
 */
export async function inventBusiness(pool: pg.Pool, today: Date): Promise<void> {
  await pool.query('SELECT setseed(0.42)');
  const client = await pool.connect();
  try {
    await client.query('SELECT setseed(0.42)');
    await client.query(`CREATE TEMP TABLE clock AS SELECT $1::timestamptz AS today`, [today]);
    for (const statement of statements) await client.query(statement);
    await client.query('DROP TABLE clock');
  } finally {
    client.release();
  }
}

const moment = (span = '80 days') => `(SELECT today FROM clock) + interval '9 hours' - random() * interval '${span}'`;

const statements = [
  `INSERT INTO users (id, email, created_at, updated_at)
   SELECT gen_random_uuid(), 'user' || n || '@example.com', at, at
   FROM (SELECT n, ${moment()} AS at FROM generate_series(1, 300) n) u`,
  `INSERT INTO plan_prices (id, plan_id, subscription_type, currency, amount_minor, created_at)
   SELECT gen_random_uuid(), id, interval, 'GBP', 1001, now() FROM plans, unnest(ARRAY['monthly', 'yearly']) interval
   WHERE credits_monthly > 0`,
  // Orders of customers some time after they registered; a third is never paid, a tenth very late.
  `INSERT INTO orders (id, order_no, user_id, kind, status, plan_id, price_id, subscription_type, snapshot, currency,
     amount_minor, created_at, expires_at, paid_at)
   SELECT gen_random_uuid(), 'P-' || row_number() OVER (), user_id, 'subscription',
     CASE WHEN luck < 0.67 AND at + wait < today THEN 'completed' ELSE 'pending' END, plan_id, price_id,
     subscription_type, '{}', currency, amount_minor, at, at + interval '3 days',
     CASE WHEN luck < 0.67 AND at + wait < today THEN at + wait END
   FROM (
     SELECT u.id AS user_id, p.id AS price_id, p.plan_id, p.subscription_type, p.currency, p.amount_minor, today,
       u.created_at + random() * (today + interval '9 hours' - u.created_at) AS at, random() AS luck,
       CASE WHEN random() < 0.1 THEN interval '20 days' ELSE interval '1 minute' END AS wait
     FROM users u CROSS JOIN clock CROSS JOIN generate_series(1, 2)
     CROSS JOIN LATERAL (SELECT * FROM plan_prices WHERE u.id IS NOT NULL ORDER BY random() LIMIT 1) p
   ) o`,
  `INSERT INTO payments (id, order_id, provider, provider_capture_id, status, currency, amount_minor, failure_code,
     created_at, completed_at)
   SELECT gen_random_uuid(), o.id, 'paypal', CASE WHEN paid_at IS NOT NULL THEN o.order_no END,
     CASE WHEN paid_at IS NOT NULL THEN 'completed' WHEN luck < 0.3 THEN 'failed' WHEN luck < 0.6 THEN 'cancelled'
       ELSE 'pending' END, currency, amount_minor,
     CASE WHEN luck < 0.2 THEN 'INSTRUMENT_DECLINED' WHEN luck < 0.25 THEN 'DENIED' WHEN luck < 0.28 THEN NULL
       WHEN luck < 0.3 THEN 'PAYER_ACTION_REQUIRED' WHEN luck < 0.4 THEN 'DUPLICATE' WHEN luck < 0.45 THEN 'DENIED' END,
     o.created_at, paid_at
   FROM (SELECT *, random() AS luck FROM orders) o`,
  `INSERT INTO refunds (id, order_id, payment_id, provider, status, currency, amount_minor, reason, created_at, completed_at)
   SELECT gen_random_uuid(), order_id, id, provider, CASE WHEN done THEN 'completed' ELSE 'pending' END, currency,
     greatest(1, amount_minor / 2), 'asked', at, CASE WHEN done THEN at END
   FROM (
     SELECT p.*, random() < 0.8 AS done, completed_at + random() * (today + interval '9 hours' - completed_at) AS at
     FROM payments p, clock WHERE p.status = 'completed' AND random() < 0.4
   ) r`,
  // One subscription after the other: up to four in a chain, that meet, overlap by nothing or leave a gap.
  `INSERT INTO subscriptions (id, user_id, plan_id, price_id, subscription_type, status, credits_monthly, rollover,
     anchor_at, start_date, end_date, created_at, ended_at)
   SELECT gen_random_uuid(), user_id, plan_id, price_id, subscription_type,
     CASE WHEN ended_at IS NULL THEN 'active' ELSE 'cancelled' END, 100, 'none', start_date, start_date,
     CASE WHEN subscription_type = 'lifetime' THEN NULL ELSE start_date + interval '1 year' END, start_date, ended_at
   FROM (
     SELECT u.id AS user_id, p.id AS price_id, p.plan_id, p.subscription_type,
       u.created_at + (nth * 7 + CASE WHEN nth = 2 THEN 3 ELSE 0 END) * interval '1 day' AS start_date,
       CASE WHEN nth = last THEN NULL ELSE u.created_at + (nth * 7 + 7) * interval '1 day' END AS ended_at,
       today
     FROM (SELECT *, floor(random() * 5)::integer AS last FROM users) u CROSS JOIN clock
     CROSS JOIN LATERAL generate_series(0, least(last, 3)) nth
     CROSS JOIN LATERAL (SELECT * FROM plan_prices WHERE u.id IS NOT NULL AND nth >= 0 ORDER BY random() LIMIT 1) p
   ) s WHERE start_date < today + interval '9 hours' AND (ended_at IS NULL OR ended_at < today + interval '9 hours')
   ON CONFLICT DO NOTHING`,
  // Paid ahead: some wait for their day, some were given up before it came.
  `INSERT INTO subscriptions (id, user_id, plan_id, price_id, subscription_type, status, credits_monthly, rollover,
     anchor_at, start_date, end_date, created_at, ended_at)
   SELECT gen_random_uuid(), user_id, plan_id, price_id, 'monthly', CASE WHEN given_up THEN 'cancelled' ELSE 'scheduled' END,
     100, 'none', today + interval '5 days', today + interval '5 days', today + interval '35 days', today,
     CASE WHEN given_up THEN today - interval '2 days' END
   FROM (SELECT DISTINCT ON (user_id) *, random() < 0.5 AS given_up FROM subscriptions
     WHERE subscription_type = 'monthly') s, clock WHERE random() < 0.3`,
  `INSERT INTO credit_balances (user_id) SELECT id FROM users`,
  `INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, actor, grant_id, created_at)
   SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY at), gen_random_uuid(), type,
     CASE WHEN type IN ('earn', 'release') OR type = 'adjust' AND size > 40 THEN size ELSE -size END, 0, 'api', 'system',
     gen_random_uuid(), at
   FROM (
     SELECT id AS user_id, (ARRAY['earn', 'spend', 'spend', 'spend', 'expire', 'clawback', 'adjust', 'hold', 'release'])
         [1 + floor(random() * 9)::integer] AS type, 1 + floor(random() * 100)::bigint AS size,
       created_at + random() * (today + interval '9 hours' - created_at) AS at
     FROM users, clock, generate_series(1, 12)
   ) e WHERE extract(day FROM at AT TIME ZONE 'UTC') NOT IN (13, 14)`,
];
