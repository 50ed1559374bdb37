'use strict';

/**
 * Quota months and expiry for many customers in one statement each. The rules are those of credits_expire_due,
 * credits_take and credits_raise_alerts, one set instead of one customer; whoever changes a rule changes both.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(indexes + boundary + lockFree + expireMany + trimMany + startMonths);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP FUNCTION credits_start_months, credits_trim_many, credits_expire_many, credits_lock_free, next_quota_reset;
      DROP INDEX subscriptions_quota_due, credit_grants_due;
      CREATE INDEX subscriptions_quota_due ON subscriptions (quota_resets_at) WHERE status = 'active';
      CREATE INDEX credit_grants_due ON credit_grants (expires_at) WHERE open AND expires_at IS NOT NULL;
    `);
  },
};

/** With the id behind the time, a job goes on exactly where its last batch ended, also among a million of one instant. */
const indexes = `
  DROP INDEX subscriptions_quota_due, credit_grants_due;
  CREATE INDEX subscriptions_quota_due ON subscriptions (quota_resets_at, id) WHERE status = 'active';
  CREATE INDEX credit_grants_due ON credit_grants (expires_at, user_id) WHERE open AND expires_at IS NOT NULL;
`;

/** next_quota_reset  the first boundary of the anchor's months after a time, as nextQuotaReset in periods.ts. */
const boundary = `
  CREATE FUNCTION next_quota_reset(p_anchor timestamptz, p_time timestamptz) RETURNS timestamptz
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
  DECLARE
    anchor timestamp := p_anchor AT TIME ZONE 'UTC';
    moment timestamp := p_time AT TIME ZONE 'UTC';
    months int := (date_part('year', moment) - date_part('year', anchor)) * 12
      + date_part('month', moment) - date_part('month', anchor);
  BEGIN
    IF anchor + make_interval(months => months) <= moment THEN
      months := months + 1;
    END IF;
    RETURN (anchor + make_interval(months => months)) AT TIME ZONE 'UTC';
  END $$;
`;

/**
 * A batch is planned once and must stay right when tables have grown: it goes to every table by its index, from the rows
 * of the batch.
 */
const planned = `
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
  SET plan_cache_mode = force_generic_plan`;

/**
 * credits_lock_free  locks, in the order of their users, the balances that nobody has locked; nobody is waited for.
 *                    → the users whose balances are locked now
 */
const lockFree = `
  CREATE FUNCTION credits_lock_free(p_users uuid[]) RETURNS uuid[] LANGUAGE plpgsql ${planned} AS $$
  BEGIN
    RETURN coalesce((SELECT array_agg(user_id) FROM (
      SELECT user_id FROM credit_balances WHERE user_id = ANY (p_users) ORDER BY user_id FOR UPDATE SKIP LOCKED
    ) b), '{}');
  END $$;
`;

/**
 * credits_expire_many  credits_expire_due for many whose balances are free; holds that have run out are let go of one by
 *                      one. → users of whom something had expired, and the credits written off
 */
const expireMany = `
  CREATE FUNCTION credits_expire_many(
    p_users uuid[], p_now timestamptz, OUT users bigint, OUT credits bigint
  ) LANGUAGE plpgsql ${planned} AS $$
  DECLARE
    locked uuid[] := credits_lock_free(p_users);
    holder uuid;
  BEGIN
    users := 0;
    credits := 0;
    FOR holder IN
      SELECT DISTINCT user_id FROM credit_holds
      WHERE user_id = ANY (locked) AND status = 'open' AND expires_at <= p_now
    LOOP
      users := users + 1;
      credits := credits + credits_expire_due(holder, p_now);
    END LOOP;
    WITH gone AS MATERIALIZED (
      SELECT b.user_id, b.entries, b.available, g.id, g.source, g.free,
        row_number() OVER chain AS nth, (sum(g.free) OVER chain)::bigint AS through
      FROM unnest(locked) l (user_id)
      JOIN credit_balances b ON b.user_id = l.user_id
      CROSS JOIN LATERAL (
        SELECT id, source, expires_at, created_at, remaining - held AS free FROM credit_grants
        WHERE user_id = l.user_id AND open AND remaining > held AND expires_at <= p_now
      ) g
      WINDOW chain AS (PARTITION BY b.user_id ORDER BY g.expires_at, g.created_at, g.id)
    ), written_off AS (
      UPDATE credit_grants g SET remaining = g.held FROM gone WHERE g.user_id = gone.user_id AND g.id = gone.id
    ), appended AS (
      INSERT INTO credit_transactions
        (user_id, seq, id, type, amount, balance_after, source, actor, grant_id, created_at)
      SELECT user_id, entries + nth, credits_new_id(p_now), 'expire', -free, available - through, source, 'system',
        id, p_now
      FROM gone
    ), counted AS (
      UPDATE credit_balances b SET available = b.available - t.free, entries = b.entries + t.entries
      FROM (SELECT user_id, sum(free)::bigint AS free, count(*) AS entries FROM gone GROUP BY user_id) t
      WHERE b.user_id = t.user_id
    )
    SELECT users + count(DISTINCT user_id), credits + coalesce(sum(free), 0) INTO users, credits FROM gone;
  END $$;
`;

/**
 * credits_trim_many  writes off, of each subscription's credits, what exceeds its cap, what expires soonest first: one
 *                    entry each. What has passed its date must have been written off before. Balances are locked.
 */
const trimMany = `
  CREATE FUNCTION credits_trim_many(p_users uuid[], p_subscriptions uuid[], p_caps bigint[], p_now timestamptz)
  RETURNS void LANGUAGE plpgsql ${planned} AS $$
  BEGIN
    WITH part AS MATERIALIZED (
      SELECT * FROM (
        SELECT m.user_id, b.entries, b.available, g.id, g.expires_at, g.created_at,
          greatest(sum(g.free) OVER whole - m.cap, 0)::bigint AS excess,
          least(g.free, sum(g.free) OVER whole - m.cap - (sum(g.free) OVER so_far - g.free))::bigint AS amount
        FROM unnest(p_users, p_subscriptions, p_caps) m (user_id, subscription_id, cap)
        JOIN credit_balances b ON b.user_id = m.user_id
        CROSS JOIN LATERAL (
          SELECT id, expires_at, created_at, remaining - held AS free FROM credit_grants
          WHERE user_id = m.user_id AND open AND remaining > held AND subscription_id = m.subscription_id
        ) g
        WINDOW whole AS (PARTITION BY m.user_id),
          so_far AS (PARTITION BY m.user_id ORDER BY g.expires_at NULLS LAST, g.created_at, g.id)
      ) p WHERE amount > 0
    ), drawn AS (
      UPDATE credit_grants g SET remaining = g.remaining - part.amount
      FROM part WHERE g.user_id = part.user_id AND g.id = part.id
    ), trimmed AS MATERIALIZED (
      SELECT user_id, entries, available, excess, array_agg(id) AS grants,
        jsonb_agg(jsonb_build_object('grant', id, 'amount', amount) ORDER BY expires_at NULLS LAST, created_at, id)
          AS drawn
      FROM part GROUP BY user_id, entries, available, excess
    ), appended AS (
      INSERT INTO credit_transactions
        (user_id, seq, id, type, amount, balance_after, source, actor, grant_id, drawn, created_at)
      SELECT user_id, entries + 1, credits_new_id(p_now), 'expire', -excess, available - excess, 'plan', 'system',
        CASE WHEN cardinality(grants) = 1 THEN grants[1] END, CASE WHEN cardinality(grants) > 1 THEN drawn END, p_now
      FROM trimmed
    )
    UPDATE credit_balances b SET available = b.available - t.excess, entries = b.entries + 1
    FROM trimmed t WHERE b.user_id = t.user_id;
  END $$;
`;

/**
 * credits_start_months  begins one quota month for each of many, whose balances are locked, as startQuotaMonth in quota.ts:
 *                       holds that have run out are let go of, what has passed its date and what exceeds a cap is written
 *                       off, the month's credits are given, and the counters begin again. Rows are named by their place
 *                       in the arrays; p_left and rows whose month was given before are left out.
 *                       → months that gave credits, and all places that were left out
 */
const startMonths = `
  CREATE FUNCTION credits_start_months(
    p_users uuid[], p_subscriptions uuid[], p_plans uuid[], p_credits bigint[], p_rollovers text[], p_caps bigint[],
    p_keys text[], p_ends timestamptz[], p_orders uuid[], p_left int[], p_now timestamptz,
    OUT granted bigint, OUT left_out int[]
  ) LANGUAGE plpgsql ${planned} AS $$
  DECLARE
    one uuid;
    below uuid[];
  BEGIN
    SELECT p_left || coalesce(array_agg(m.place::int), '{}') INTO left_out
    FROM unnest(p_users, p_keys) WITH ORDINALITY m (user_id, key, place)
    WHERE EXISTS (SELECT FROM credit_grants g WHERE g.user_id = m.user_id AND g.key = m.key);

    -- What is rare goes one by one, so that what is left for the statement below is one kind of thing.
    FOR one IN
      SELECT m.user_id FROM unnest(p_users, p_rollovers) WITH ORDINALITY m (user_id, rollover, place)
      WHERE m.place <> ALL (left_out) AND (m.rollover = 'capped' OR EXISTS (
        SELECT FROM credit_holds h WHERE h.user_id = m.user_id AND h.status = 'open' AND h.expires_at <= p_now
      ))
    LOOP
      PERFORM credits_expire_due(one, p_now);
    END LOOP;
    IF 'capped' = ANY (p_rollovers) THEN
      PERFORM credits_trim_many(array_agg(m.user_id), array_agg(m.subscription_id), array_agg(m.cap), p_now)
      FROM unnest(p_users, p_subscriptions, p_rollovers, p_caps) WITH ORDINALITY
        m (user_id, subscription_id, rollover, cap, place)
      WHERE m.rollover = 'capped' AND m.place <> ALL (left_out);
    END IF;

    WITH month AS MATERIALIZED (
      SELECT m.*, b.entries, b.available, gone.credits AS gone, gone.entries AS gone_entries,
        b.available - gone.credits + m.credits AS available_after, credits_new_id(p_now) AS grant_id,
        nullif(m.credits, 0) * (SELECT max(percent) FROM unnest(p.alert_percents) step (percent)) / 100 AS alert_at
      FROM unnest(p_users, p_subscriptions, p_plans, p_credits, p_rollovers, p_keys, p_ends, p_orders) WITH ORDINALITY
        m (user_id, subscription_id, plan_id, credits, rollover, key, ends_at, order_id, place)
      JOIN credit_balances b ON b.user_id = m.user_id
      LEFT JOIN plans p ON p.id = m.plan_id
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(remaining - held), 0)::bigint AS credits, count(*) AS entries FROM credit_grants
        WHERE user_id = m.user_id AND open AND remaining > held AND expires_at <= p_now
      ) gone
      WHERE m.place <> ALL (left_out)
    ), gone AS MATERIALIZED (
      SELECT m.user_id, m.entries, m.available, g.id, g.source, g.free,
        row_number() OVER chain AS nth, (sum(g.free) OVER chain)::bigint AS through
      FROM month m CROSS JOIN LATERAL (
        SELECT id, source, expires_at, created_at, remaining - held AS free FROM credit_grants
        WHERE user_id = m.user_id AND open AND remaining > held AND expires_at <= p_now
      ) g WHERE m.gone_entries > 0
      WINDOW chain AS (PARTITION BY m.user_id ORDER BY g.expires_at, g.created_at, g.id)
    ), written_off AS (
      UPDATE credit_grants g SET remaining = g.held FROM gone WHERE g.user_id = gone.user_id AND g.id = gone.id
    ), given AS (
      INSERT INTO credit_grants
        (user_id, id, key, source, amount, remaining, expires_at, order_id, subscription_id, created_at)
      SELECT user_id, grant_id, key, 'plan', credits, credits, CASE WHEN rollover = 'none' THEN ends_at END, order_id,
        subscription_id, p_now
      FROM month WHERE credits > 0
    ), appended AS (
      INSERT INTO credit_transactions
        (user_id, seq, id, type, amount, balance_after, source, actor, reference, grant_id, created_at)
      SELECT user_id, entries + nth, credits_new_id(p_now), 'expire', -free, available - through, source, 'system',
        NULL, id, p_now
      FROM gone
      UNION ALL
      SELECT user_id, entries + gone_entries + 1, credits_new_id(p_now), 'earn', credits, available_after, 'plan',
        'system', coalesce(order_id, subscription_id)::text, grant_id, p_now
      FROM month WHERE credits > 0
    ), counted AS (
      UPDATE credit_balances b SET
        available = m.available_after,
        entries = m.entries + m.gone_entries + (m.credits > 0)::int,
        total_earned = b.total_earned + m.credits,
        monthly_quota = m.credits,
        quota_used = CASE WHEN m.credits > 0 THEN 0 ELSE b.quota_used END,
        quota_reset_at = m.ends_at,
        plan_id = m.plan_id,
        alert_at = m.alert_at
      FROM month m WHERE b.user_id = m.user_id
    )
    SELECT count(*) FILTER (WHERE credits > 0), array_agg(user_id) FILTER (WHERE available_after <= alert_at OR EXISTS (
      SELECT FROM credit_alerts a WHERE a.user_id = m.user_id AND a.period_end = m.ends_at
    )) INTO granted, below FROM month m;
    -- A month that begins with its thresholds behind it.
    PERFORM credits_raise_alerts(user_id, p_now) FROM unnest(below) b (user_id);
  END $$;
`;
