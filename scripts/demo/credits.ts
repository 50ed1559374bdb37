import { onlyRow, select, type Tx } from '../../src/db/index.ts';
import type { Demo } from './demo.ts';

/**
 * The books. A grant is given, spent from while it lasts, and what is left when it stops expires or goes back with the
 * money; each user's entries are then numbered and added up in the order of time, so they balance by construction.
 */
export const credits = { grants, spends, ledger };

function grants({ now }: Demo): string[] {
  const columns = `n, user_id, activity, source, amount, given_at, stopped_at, stop, expires_at, key, order_id,
    subscription_id, reference`;
  return [
    `CREATE TEMPORARY TABLE demo_grants AS
     SELECT *, pg_temp.id(given_at, 'grant', g) AS id,
       activity * least(1, extract(epoch FROM coalesce(stopped_at, ${now}) - given_at) / 2592000) AS weight
     FROM (
       SELECT ${columns}, row_number() OVER (ORDER BY given_at, n, key) AS g FROM (
         SELECT s.n, s.user_id, activity, 'plan' AS source, s.credits AS amount, given_at,
           CASE WHEN least(ends_at, s.stopped_at) <= ${now} THEN least(ends_at, s.stopped_at) END AS stopped_at,
           CASE WHEN s.refunded_at < ends_at THEN 'clawback' ELSE 'expire' END AS stop, ends_at AS expires_at,
           CASE WHEN m = 0 AND o.id IS NOT NULL THEN 'order:' || o.id
             ELSE 'quota:' || s.id || ':' || to_char(given_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END AS key,
           o.id AS order_id, s.id AS subscription_id, coalesce(o.id, s.id)::text AS reference
         FROM demo_subscriptions s
         CROSS JOIN generate_series(0, s.elapsed) m
         CROSS JOIN LATERAL (SELECT start_date + make_interval(months => m) AS given_at,
           start_date + make_interval(months => m + 1) AS ends_at) month
         LEFT JOIN demo_orders o ON o.subscription_id = s.id AND o.k = CASE WHEN s.step > 0 THEN m / s.step ELSE 0 END
         WHERE given_at < coalesce(s.stopped_at, ${now})
         UNION ALL
         SELECT o.n, o.user_id, activity, 'pack', (snapshot ->> 'credits')::bigint, paid_at,
           CASE WHEN ends_at <= ${now} THEN ends_at END, 'expire', ends_at, 'order:' || o.id, o.id, NULL, o.id::text
         FROM demo_orders o JOIN demo_people USING (n), LATERAL (SELECT o.created_at + took AS paid_at,
           o.created_at + took + make_interval(days => (snapshot ->> 'validityDays')::int) AS ends_at) t
         WHERE o.kind = 'credit_pack'
         UNION ALL
         SELECT n, user_id, activity, 'promo', 25, created_at,
           CASE WHEN created_at + interval '30 days' <= ${now} THEN created_at + interval '30 days' END, 'expire',
           created_at + interval '30 days', 'promo:welcome', NULL, NULL, NULL
         FROM demo_people WHERE kind = 'packs' OR pg_temp.share(n, 60) < 0.05
       ) every_grant
     ) numbered`,
    'ALTER TABLE demo_grants ADD PRIMARY KEY (g)',
    'ANALYZE demo_grants',
  ];
}

/** → how many entries there are beside spends: what was given, and what becomes of the rest */
export async function countFixed(tx: Tx): Promise<number> {
  const sql = 'SELECT count(*) + count(stopped_at) AS fixed FROM demo_grants';
  return onlyRow(await select<{ fixed: number }>(tx, sql)).fixed;
}

/** One spend in fifty is work that was held first, which takes two entries more. */
const heldShare = 0.02;

/** Shares so many entries out by how much a customer does. Something of every grant is left. */
function spends({ now }: Demo, entries: number): string[] {
  const count = Math.round(entries / (1 + 2 * heldShare));
  return [
    `CREATE TEMPORARY TABLE demo_shares AS
     SELECT g, least(amount - 1, floor(upto * ${count} / whole) - floor((upto - weight) * ${count} / whole))::int AS spends
     FROM (
       SELECT g, amount, weight, sum(weight) OVER (ORDER BY g) AS upto, sum(weight) OVER () AS whole FROM demo_grants
     ) w`,
    `CREATE TEMPORARY TABLE demo_spends AS
     SELECT g, i, 1 + floor(pg_temp.share(g * 4096 + i, 61) * ((amount - 1) / spends))::bigint AS amount,
       date_trunc('milliseconds', given_at + interval '1 second' + (coalesce(stopped_at, ${now}) - given_at
         - interval '10 seconds') * ((i - pg_temp.share(g * 4096 + i, 62)) / spends)) AS at,
       pg_temp.share(g * 4096 + i, 63) < ${heldShare} AS is_held
     FROM demo_shares JOIN demo_grants USING (g), generate_series(1, spends) i`,
    `CREATE TEMPORARY TABLE demo_used AS
     SELECT g, coalesce(sum(s.amount), 0)::bigint AS used,
       -- Work that is under way.
       CASE WHEN g.stopped_at IS NULL AND pg_temp.share(g, 64) < 0.002
         THEN least(20, g.amount - coalesce(sum(s.amount), 0))::bigint ELSE 0 END AS held
     FROM demo_grants g LEFT JOIN demo_spends s USING (g) GROUP BY g`,
    'ALTER TABLE demo_used ADD PRIMARY KEY (g)',
    'ANALYZE demo_spends',
    'ANALYZE demo_used',
    `INSERT INTO credit_grants (user_id, id, key, source, amount, remaining, held, expires_at, order_id,
       subscription_id, created_at)
     SELECT user_id, id, key, source, amount, CASE WHEN stopped_at IS NULL THEN amount - used ELSE 0 END, held,
       expires_at, order_id, subscription_id, given_at
     FROM demo_grants JOIN demo_used USING (g) ORDER BY g`,
    `INSERT INTO credit_holds (user_id, id, amount, settled, status, feature_type, actor, created_at, expires_at,
       closed_at)
     SELECT user_id, pg_temp.id(at, 'hold', g * 4096 + i), s.amount, s.amount, 'settled', 'video', 'user', at,
       at + interval '1 day', at + interval '1 second'
     FROM demo_spends s JOIN demo_grants USING (g) WHERE is_held
     UNION ALL
     SELECT user_id, pg_temp.id(${now} - interval '1 minute', 'open hold', g), held, 0, 'open', 'video', 'user',
       ${now} - interval '1 minute', ${now} + interval '1 day', NULL
     FROM demo_used JOIN demo_grants USING (g) WHERE held > 0`,
    `UPDATE refunds r SET credits_clawed_back = g.amount - used
     FROM demo_grants g JOIN demo_used USING (g) WHERE g.stop = 'clawback' AND g.order_id = r.order_id`,
  ];
}

/** In the order of time, as they came: the entries of one user lie far apart. */
function ledger({ now }: Demo): string[] {
  const spend = `FROM demo_spends s JOIN demo_grants USING (g)`;
  const hold = `pg_temp.id(at, 'hold', g * 4096 + i)::text`;
  return [
    `INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, feature_type, actor,
       reference, grant_id, idempotency_key, fingerprint, created_at)
     SELECT user_id, row_number() OVER chain,
       CASE WHEN type = 'hold' THEN hold::uuid ELSE pg_temp.id(at, type, g * 4096 + i) END, type, amount,
       sum(amount) OVER chain, source,
       CASE WHEN step < 0 OR i IN (0, 4095) THEN NULL WHEN hold IS NOT NULL THEN 'video'
         ELSE pg_temp.pick('{image,image,image,chat,chat,upscale}', pg_temp.share(g * 4096 + i, 66)) END,
       CASE WHEN source = 'api' THEN 'user' ELSE 'system' END,
       CASE WHEN type = 'spend' THEN NULL ELSE coalesce(hold, reference) END, grant_id,
       CASE WHEN type = 'spend' AND hold IS NULL AND g % 2 = 0 THEN 'job-' || g || '-' || i END,
       CASE WHEN type = 'spend' AND hold IS NULL AND g % 2 = 0 THEN 'demo' END,
       at + interval '1 second' * greatest(step, 0)
     FROM (
       SELECT user_id, g, 0 AS i, -1 AS step, given_at AS at, 'earn' AS type, amount, source, reference,
         NULL AS hold, id AS grant_id FROM demo_grants
       UNION ALL
       SELECT user_id, g, i, step, at, type, CASE step WHEN 1 THEN s.amount ELSE -s.amount END, 'api', NULL, ${hold}, id
       ${spend}, LATERAL (VALUES (0, 'hold'), (1, 'release'), (2, 'spend')) e (step, type) WHERE is_held
       UNION ALL
       SELECT user_id, g, i, 0, at, 'spend', -s.amount, 'api', NULL, NULL, id ${spend} WHERE NOT is_held
       UNION ALL
       SELECT user_id, g, 4094, 0, ${now} - interval '1 minute', 'hold', -held, 'api', NULL,
         pg_temp.id(${now} - interval '1 minute', 'open hold', g)::text, id
       FROM demo_used JOIN demo_grants USING (g) WHERE held > 0
       UNION ALL
       SELECT user_id, g, 4095, 0, stopped_at, stop, used - amount,
         CASE stop WHEN 'clawback' THEN 'refund' ELSE source END, CASE stop WHEN 'clawback' THEN order_id::text END,
         NULL, id
       FROM demo_grants JOIN demo_used USING (g) WHERE stopped_at IS NOT NULL
     ) e
     WINDOW chain AS (PARTITION BY user_id ORDER BY at, g, i, step)
     ORDER BY at, user_id`,
    'ANALYZE credit_transactions',
    `INSERT INTO credit_balances (user_id, available, held, total_earned, total_used, monthly_quota, quota_used,
       quota_reset_at, plan_id, entries, alert_at)
     SELECT p.user_id, coalesce(left_over, 0) - coalesce(g.held, 0), coalesce(g.held, 0), coalesce(earned, 0),
       coalesce(g.used, 0), coalesce(s.credits, 0), CASE WHEN s.n IS NULL THEN 0 ELSE coalesce(g.used_now, 0) END,
       s.start_date + make_interval(months => s.elapsed + 1), s.plan_id, coalesce(t.entries, 0), NULL
     FROM demo_people p
     LEFT JOIN (
       SELECT n, sum(amount) AS earned, sum(used) AS used, sum(held) AS held,
         sum(amount - used) FILTER (WHERE stopped_at IS NULL) AS left_over,
         sum(used) FILTER (WHERE source = 'plan' AND stopped_at IS NULL) AS used_now
       FROM demo_grants JOIN demo_used USING (g) GROUP BY n
     ) g USING (n)
     LEFT JOIN (SELECT user_id, count(*) AS entries FROM credit_transactions GROUP BY 1) t ON t.user_id = p.user_id
     LEFT JOIN demo_subscriptions s ON s.n = p.n AND s.stopped_at IS NULL`,
    `INSERT INTO credit_alerts (user_id, period_end, percent, threshold, available, monthly_quota, raised_at,
       handled_at, outcome, id)
     SELECT user_id, quota_reset_at, percent, monthly_quota * percent / 100, available, monthly_quota,
       ${now} - interval '1 hour', ${now} - interval '1 hour', 'mailed',
       pg_temp.id(${now} - interval '1 hour', 'alert' || percent, row_number() OVER ())
     FROM credit_balances b JOIN plans p ON p.id = b.plan_id, unnest(p.alert_percents) percent
     WHERE quota_reset_at IS NOT NULL AND available <= monthly_quota * percent / 100`,
    `UPDATE credit_balances b SET alert_at = (
       SELECT max(b.monthly_quota * percent / 100) FROM plans p, unnest(p.alert_percents) percent
       WHERE p.id = b.plan_id AND b.available > b.monthly_quota * percent / 100
     ) WHERE quota_reset_at IS NOT NULL`,
  ];
}
