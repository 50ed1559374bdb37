import type { Demo } from './demo.ts';

/**
 * Plans, renewals and churn, packs, checkouts that came to nothing, and refunds. A subscription is bought anew every
 * period until its customer has had enough of it.
 */
export function sales(demo: Demo): string[] {
  return [...subscriptions(demo), ...orders(demo), ...payments(demo), ...refunds(demo)];
}

/** `periods` were paid for, of `step` months each; `stopped_at`: when nothing more came of it. */
function subscriptions({ now }: Demo): string[] {
  return [
    `CREATE TEMPORARY TABLE demo_subscriptions AS
     SELECT *,
       CASE WHEN kind = 'free' THEN CASE WHEN wanted <= elapsed THEN start_date + make_interval(months => wanted) END
         WHEN refunded_at IS NOT NULL THEN refunded_at
         WHEN step > 0 AND end_date <= ${now} THEN end_date END AS stopped_at
     FROM (
       SELECT *, start_date + make_interval(months => periods * step) AS end_date,
         CASE WHEN pg_temp.share(n, 30) < 0.03 AND step = 1 AND ripe THEN
           date_trunc('milliseconds', start_date + make_interval(months => periods - 1)
             + interval '9 days' * pg_temp.share(n, 31) + interval '1 hour') END AS refunded_at
       FROM (
         SELECT *, CASE WHEN step > 0 THEN least(ceil(wanted::numeric / step)::int, elapsed / step + 1) ELSE 1 END
             AS periods,
           start_date + make_interval(months => least(wanted, elapsed + 1) - 1) + interval '10 days' < ${now} AS ripe
         FROM (
           SELECT n, user_id, kind, activity, locale, name, start_date, plan_code, type, currency,
             CASE WHEN kind = 'free' THEN 0 WHEN type = 'monthly' THEN 1 WHEN type = 'yearly' THEN 12 ELSE 0 END AS step,
             1 + floor(ln(1 - pg_temp.share(n, 24)) / ln(CASE WHEN kind = 'free' THEN 0.4 ELSE 0.9 END))::int AS wanted,
             (SELECT max(m) FROM generate_series(0, 25) m WHERE start_date + make_interval(months => m) <= ${now})
               AS elapsed
           FROM (
             SELECT *, CASE WHEN kind = 'free' THEN 'free' WHEN pg_temp.share(n, 21) < 0.6 THEN 'basic'
                 WHEN pg_temp.share(n, 21) < 0.9 THEN 'pro' ELSE 'max' END AS plan_code,
               CASE WHEN kind = 'free' OR pg_temp.share(n, 22) < 0.75 THEN 'monthly'
                 WHEN pg_temp.share(n, 21) >= 0.9 AND pg_temp.share(n, 22) > 0.9 THEN 'lifetime' ELSE 'yearly' END
                 AS type,
               CASE WHEN pg_temp.share(n, 23) < 0.7 THEN 'USD' WHEN pg_temp.share(n, 23) < 0.9 THEN 'EUR' ELSE 'JPY' END
                 AS currency,
               date_trunc('milliseconds', created_at + interval '2 minutes'
                 + least(${now} - created_at - interval '1 hour', interval '21 days') * power(pg_temp.share(n, 20), 2))
                 AS start_date
             FROM demo_people WHERE kind IN ('free', 'subscriber') AND created_at < ${now} - interval '1 hour'
           ) chosen
         ) terms
       ) paid
     ) s`,
    `ALTER TABLE demo_subscriptions ADD COLUMN id uuid, ADD COLUMN plan_id uuid, ADD COLUMN price_id uuid,
       ADD COLUMN amount_minor bigint, ADD COLUMN credits bigint`,
    `UPDATE demo_subscriptions s SET id = pg_temp.id(start_date, 'subscription', n), plan_id = p.id, price_id = r.id,
       amount_minor = r.amount_minor, credits = p.credits_monthly
     FROM plans p LEFT JOIN plan_prices r ON r.plan_id = p.id AND r.is_active
     WHERE p.plan_code = s.plan_code AND (s.kind = 'free' OR (r.subscription_type = s.type AND r.currency = s.currency))`,
    'ALTER TABLE demo_subscriptions ADD PRIMARY KEY (n)',
    'ANALYZE demo_subscriptions',
    `INSERT INTO subscriptions (id, user_id, plan_id, price_id, subscription_type, status, credits_monthly, rollover,
       anchor_at, start_date, end_date, quota_resets_at, cancel_at_period_end, created_at, ended_at)
     SELECT id, user_id, plan_id, price_id, type,
       CASE WHEN stopped_at IS NULL THEN 'active' WHEN kind = 'free' OR refunded_at IS NOT NULL THEN 'cancelled'
         ELSE 'expired' END,
       credits, 'none', start_date, start_date, CASE WHEN step > 0 THEN end_date END,
       CASE WHEN stopped_at IS NULL THEN start_date + make_interval(months => elapsed + 1) END,
       stopped_at IS NULL AND step = 1 AND wanted <= periods, start_date, stopped_at
     FROM demo_subscriptions`,
  ];
}

/** Every one, paid or not, numbered by `o`. */
function orders({ now }: Demo): string[] {
  const plan = (alias: string) => `jsonb_build_object('planCode', ${alias}.plan_code, 'names', ${alias}.names,
    'creditsMonthly', ${alias}.credits_monthly, 'rollover', ${alias}.rollover, 'rolloverCap', ${alias}.rollover_cap)`;
  return [
    `CREATE TEMPORARY TABLE demo_orders AS
     SELECT *, row_number() OVER (ORDER BY created_at, n, k) AS o FROM (
       SELECT s.n, s.user_id, k, CASE WHEN k = 0 THEN 'subscription' ELSE 'renewal' END AS kind, s.id AS subscription_id,
         s.plan_id, s.price_id, NULL::uuid AS pack_id, s.type, ${plan('p')} AS snapshot, s.currency, s.amount_minor,
         start_date + make_interval(months => k * step) AS period_start,
         CASE WHEN step > 0 THEN start_date + make_interval(months => (k + 1) * step) END AS period_end,
         date_trunc('milliseconds', start_date + make_interval(months => k * step)
           - CASE WHEN k = 0 THEN interval '91 seconds'
               ELSE interval '1 minute' + interval '3 days' * pg_temp.share(s.n * 64 + k, 40) END) AS created_at,
         CASE WHEN k = 0 THEN interval '91 seconds' ELSE interval '40 seconds' END AS took,
         'paid' AS outcome, CASE WHEN k = periods - 1 THEN refunded_at END AS refunded_at
       FROM demo_subscriptions s JOIN plans p ON p.id = s.plan_id, generate_series(0, s.periods - 1) k
       WHERE s.kind = 'subscriber'
       UNION ALL
       SELECT n, user_id, 100 + k, 'credit_pack', NULL, NULL, NULL, c.id, NULL,
         jsonb_build_object('packCode', c.pack_code, 'names', c.names, 'credits', c.credits, 'validityDays',
           c.validity_days),
         c.currency, c.amount_minor, NULL, NULL,
         date_trunc('milliseconds', d.created_at + (${now} - d.created_at) * pg_temp.share(n * 64 + k, 42)),
         interval '50 seconds', 'paid', NULL
       FROM demo_people d, generate_series(1, CASE kind WHEN 'packs' THEN 3 ELSE 1 END) k
       JOIN credit_packs c ON true
       WHERE (kind = 'packs' OR (kind = 'subscriber' AND pg_temp.share(n, 41) < 0.1))
         AND pg_temp.share(n * 64 + k, 43) < CASE WHEN k = 1 THEN 1 ELSE 0.5 END
         AND c.pack_code = CASE WHEN pg_temp.share(n * 64 + k, 44) < 0.7 THEN 'pack-500' ELSE 'pack-2500' END
       UNION ALL
       SELECT n, user_id, 200, 'subscription', NULL, p.id, r.id, NULL, 'monthly', ${plan('p')}, r.currency,
         r.amount_minor, NULL, NULL, d.created_at + interval '11 minutes', interval '1 hour',
         pg_temp.pick('{cancelled,expired,failed}', pg_temp.share(n, 46)), NULL
       FROM demo_people d, plans p JOIN plan_prices r ON r.plan_id = p.id
       WHERE kind IN ('guest', 'free') AND pg_temp.share(n, 45) < 0.06
         AND p.plan_code = 'basic' AND r.is_active AND r.subscription_type = 'monthly' AND r.currency = 'USD'
     ) all_orders WHERE created_at + took <= ${now}`,
    `ALTER TABLE demo_orders ADD COLUMN id uuid, ADD COLUMN order_no text`,
    `UPDATE demo_orders SET id = pg_temp.id(created_at, 'order', o), order_no = 'PL-' || to_char(created_at, 'YYMMDD')
       || '-' || upper(substr(md5(o::text), 1, 3) || lpad(to_hex(o % 1048576), 5, '0'))`,
    'ALTER TABLE demo_orders ADD PRIMARY KEY (o)',
    'ANALYZE demo_orders',
    `INSERT INTO orders (id, order_no, user_id, kind, status, plan_id, price_id, pack_id, subscription_type, snapshot,
       currency, amount_minor, refunded_minor, failure_code, created_at, expires_at, paid_at, closed_at, period_start,
       period_end, subscription_id)
     SELECT id, order_no, user_id, kind,
       CASE WHEN refunded_at IS NOT NULL THEN 'refunded' WHEN outcome = 'paid' THEN 'completed' ELSE outcome END,
       plan_id, price_id, pack_id, type, snapshot, currency, amount_minor,
       CASE WHEN refunded_at IS NULL THEN 0 ELSE amount_minor END,
       CASE WHEN outcome = 'failed' THEN 'INSTRUMENT_DECLINED' END, created_at, created_at + interval '3 hours',
       CASE WHEN outcome = 'paid' THEN created_at + took END, CASE WHEN outcome <> 'paid' THEN created_at + took END,
       period_start, period_end, subscription_id
     FROM demo_orders ORDER BY o`,
    `UPDATE subscriptions s SET order_id = o.id FROM demo_orders o WHERE o.subscription_id = s.id AND o.k = 0`,
  ];
}

/**
 * The gateway of a demonstration knows none of these payments: so those that the nightly comparison would ask it about
 * have no order there, and its statement counts as read.
 */
function payments({ now }: Demo): string[] {
  return [
    `INSERT INTO payments (id, order_id, provider, provider_order_id, provider_capture_id, status, currency,
       amount_minor, failure_code, created_at, completed_at, compared_at, stated_at)
     SELECT pg_temp.id(created_at, 'payment', o), id, 'paypal',
       CASE WHEN created_at < ${now} - interval '36 days' THEN 'DEMO-O' || upper(substr(md5('o' || o), 1, 11)) || o END,
       CASE WHEN outcome = 'paid' THEN 'DEMO-C' || upper(substr(md5('c' || o), 1, 11)) || o END,
       CASE outcome WHEN 'paid' THEN 'completed' WHEN 'failed' THEN 'failed' ELSE 'cancelled' END, currency,
       amount_minor, CASE WHEN outcome = 'failed' THEN 'INSTRUMENT_DECLINED' END, created_at,
       CASE WHEN outcome = 'paid' THEN created_at + took END, ${now},
       CASE WHEN outcome = 'paid' THEN created_at + took END
     FROM demo_orders ORDER BY o`,
  ];
}

function refunds({ now }: Demo): string[] {
  return [
    `INSERT INTO refunds (id, order_id, payment_id, provider, provider_refund_id, status, currency, amount_minor, reason,
       requested_by, ends_subscription, created_at, completed_at, stated_at)
     SELECT pg_temp.id(refunded_at, 'refund', o), o.id, p.id, 'paypal', 'DEMO-R' || upper(substr(md5('r' || o), 1, 11)) || o,
       'completed', o.currency, o.amount_minor,
       pg_temp.pick('{Not what I expected,Bought by mistake,Too few credits,Found another tool}', pg_temp.share(o, 50)),
       (SELECT id FROM staff ORDER BY (role = 'finance') DESC, created_at LIMIT 1), true, refunded_at,
       refunded_at + interval '2 seconds', ${now}
     FROM demo_orders o JOIN payments p ON p.order_id = o.id WHERE o.refunded_at IS NOT NULL`,
  ];
}
