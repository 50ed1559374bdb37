'use strict';

const credits = require('./20261122000005-credits.cjs');
const disputes = require('./20261124000001-disputes.cjs');

/**
 * The rules of the ledger, as functions that lock the balance of the one user they are about before they do anything.
 * Whoever changes a rule replaces its function in a migration of its own.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(
      before + ids + expire + take + release + cancelHolds + price + consume + consumeMany + hold + close,
    );
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP FUNCTION credits_close_hold, credits_hold, credits_cancel_holds, credits_consume_many, credits_consume, credits_price,
        credits_release, credits_take, credits_raise_alerts, credits_expire_due, credits_new_id;
      ${credits.functions.replaceAll('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION')}
      ${disputes.functions}
    `);
  },
};

const before = `
  DROP FUNCTION credits_consume(uuid, uuid, text, text, bigint, text, text, text, text, timestamptz);
  DROP FUNCTION credits_take(uuid, uuid, text, bigint, uuid[], text, text, text, text, text, text, text, timestamptz);
`;

const ids = `
  -- A UUIDv7 of that time.
  CREATE FUNCTION credits_new_id(p_now timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(
      uuid_send(gen_random_uuid())
      PLACING substring(int8send(floor(extract(epoch FROM p_now) * 1000)::bigint) FROM 3) FROM 1 FOR 6
    ), 52, 1), 53, 1), 'hex')::uuid
  $$;
`;

/**
 * credits_expire_due    lets go of holds that have run out and writes off what has passed its date. Every other
 *                       function calls it, so an expired credit is never spent, however late the job is.
 *                       → credits written off
 * credits_raise_alerts  one row for each threshold that the balance has reached, once a quota month.
 */
const expire = `
  CREATE OR REPLACE FUNCTION credits_expire_due(p_user uuid, p_now timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    b credit_balances;
    h record;
    g record;
    expired bigint := 0;
  BEGIN
    -- Most of the time there is nothing to do, and then nobody has to wait for the lock.
    IF NOT EXISTS (
      SELECT FROM credit_grants WHERE user_id = p_user AND open AND remaining > held AND expires_at <= p_now
    ) AND NOT EXISTS (
      SELECT FROM credit_holds WHERE user_id = p_user AND status = 'open' AND expires_at <= p_now
    ) THEN
      RETURN 0;
    END IF;
    PERFORM FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    FOR h IN
      SELECT id FROM credit_holds WHERE user_id = p_user AND status = 'open' AND expires_at <= p_now
      ORDER BY expires_at, id
    LOOP
      PERFORM credits_release(p_user, h.id, credits_new_id(p_now), 'system', p_now);
      UPDATE credit_holds SET status = 'expired', closed_at = p_now WHERE user_id = p_user AND id = h.id;
    END LOOP;
    SELECT * INTO b FROM credit_balances WHERE user_id = p_user;
    FOR g IN
      SELECT id, remaining - held AS free, source FROM credit_grants
      WHERE user_id = p_user AND open AND remaining > held AND expires_at <= p_now
      ORDER BY expires_at, created_at, id
    LOOP
      UPDATE credit_grants SET remaining = held WHERE user_id = p_user AND id = g.id;
      b.available := b.available - g.free;
      b.entries := b.entries + 1;
      expired := expired + g.free;
      INSERT INTO credit_transactions
        (user_id, seq, id, type, amount, balance_after, source, actor, grant_id, created_at)
      VALUES (p_user, b.entries, credits_new_id(p_now), 'expire', -g.free, b.available, g.source, 'system', g.id, p_now);
    END LOOP;
    IF expired > 0 THEN
      UPDATE credit_balances SET available = b.available, entries = b.entries WHERE user_id = p_user;
    END IF;
    RETURN expired;
  END $$;

  CREATE FUNCTION credits_raise_alerts(p_user uuid, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    b credit_balances;
  BEGIN
    SELECT * INTO b FROM credit_balances WHERE user_id = p_user;
    IF b.quota_reset_at IS NULL THEN
      UPDATE credit_balances SET alert_at = NULL WHERE user_id = p_user AND alert_at IS NOT NULL;
      RETURN;
    END IF;
    INSERT INTO credit_alerts (user_id, period_end, percent, threshold, available, monthly_quota, raised_at)
    SELECT p_user, b.quota_reset_at, step.percent, b.monthly_quota * step.percent / 100, b.available, b.monthly_quota,
      p_now
    FROM plans p, unnest(p.alert_percents) step (percent)
    WHERE p.id = b.plan_id AND b.available <= b.monthly_quota * step.percent / 100
    ON CONFLICT DO NOTHING;
    UPDATE credit_balances SET alert_at = (
      SELECT max(b.monthly_quota * step.percent / 100) FROM plans p, unnest(p.alert_percents) step (percent)
      WHERE p.id = b.plan_id AND NOT EXISTS (
        SELECT FROM credit_alerts a
        WHERE a.user_id = p_user AND a.period_end = b.quota_reset_at AND a.percent = step.percent
      )
    ) WHERE user_id = p_user;
  END $$;
`;

/**
 * credits_take  draws an amount from given grants, or from all, what expires soonest first, and appends the entry. An
 *               entry of type 'hold' leaves in the grant what it draws. → what is available after it
 */
const take = `
  CREATE FUNCTION credits_take(
    p_user uuid, p_id uuid, p_type text, p_amount bigint, p_quantity bigint, p_grants uuid[], p_source text,
    p_feature text, p_description text, p_actor text, p_reference text, p_key text, p_fingerprint text,
    p_now timestamptz
  ) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    b credit_balances;
    g record;
    part bigint;
    due bigint := p_amount;
    from_plan bigint := 0;
    drawn jsonb := '[]';
    is_hold boolean := p_type = 'hold';
  BEGIN
    PERFORM FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    FOR g IN
      SELECT id, remaining - held AS free, source FROM credit_grants
      WHERE user_id = p_user AND open AND remaining > held AND (p_grants IS NULL OR id = ANY (p_grants))
      ORDER BY expires_at NULLS LAST, created_at, id
    LOOP
      EXIT WHEN due = 0;
      part := least(due, g.free);
      IF is_hold THEN
        UPDATE credit_grants SET held = held + part WHERE user_id = p_user AND id = g.id;
      ELSE
        UPDATE credit_grants SET remaining = remaining - part WHERE user_id = p_user AND id = g.id;
      END IF;
      drawn := drawn || jsonb_build_object('grant', g.id, 'amount', part);
      due := due - part;
      IF g.source = 'plan' THEN from_plan := from_plan + part; END IF;
    END LOOP;
    IF due > 0 THEN
      RAISE EXCEPTION 'the grants of user % hold % credits less than the balance says', p_user, due
        USING ERRCODE = 'data_corrupted';
    END IF;
    UPDATE credit_balances SET
      available = available - p_amount,
      held = held + CASE WHEN is_hold THEN p_amount ELSE 0 END,
      entries = entries + 1,
      total_used = total_used + CASE WHEN p_type = 'spend' THEN p_amount ELSE 0 END,
      quota_used = quota_used + CASE WHEN p_type = 'spend' THEN from_plan ELSE 0 END
    WHERE user_id = p_user RETURNING * INTO b;
    INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, feature_type, quantity,
      description, actor, reference, grant_id, drawn, idempotency_key, fingerprint, created_at)
    VALUES (p_user, b.entries, p_id, p_type, -p_amount, b.available, p_source, p_feature, p_quantity,
      p_description, p_actor, p_reference,
      CASE WHEN jsonb_array_length(drawn) = 1 THEN (drawn -> 0 ->> 'grant')::uuid END,
      CASE WHEN jsonb_array_length(drawn) > 1 THEN drawn END,
      p_key, p_fingerprint, p_now);
    IF p_source = 'api' AND b.available <= b.alert_at THEN
      PERFORM credits_raise_alerts(p_user, p_now);
    END IF;
    RETURN b.available;
  END $$;
`;

/** credits_release undoes a hold, once. → the credits that are free again, 0 when it was undone before */
const release = `
  CREATE OR REPLACE FUNCTION credits_release(p_user uuid, p_hold uuid, p_id uuid, p_actor text, p_now timestamptz)
  RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    b credit_balances;
    h credit_transactions;
    part record;
  BEGIN
    PERFORM FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    SELECT * INTO h FROM credit_transactions WHERE user_id = p_user AND id = p_hold AND type = 'hold';
    IF NOT FOUND OR EXISTS (
      SELECT FROM credit_transactions WHERE user_id = p_user AND type = 'release' AND reference = p_hold::text
    ) THEN
      RETURN 0;
    END IF;
    FOR part IN SELECT grant_id, -amount AS amount FROM credit_parts WHERE user_id = p_user AND seq = h.seq LOOP
      UPDATE credit_grants SET held = held - part.amount WHERE user_id = p_user AND id = part.grant_id;
    END LOOP;
    UPDATE credit_balances SET available = available - h.amount, held = held + h.amount, entries = entries + 1
    WHERE user_id = p_user RETURNING * INTO b;
    INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, feature_type, description,
      actor, reference, grant_id, drawn, created_at)
    VALUES (p_user, b.entries, p_id, 'release', -h.amount, b.available, h.source, h.feature_type, h.description,
      p_actor, p_hold::text, h.grant_id, h.drawn, p_now);
    RETURN -h.amount;
  END $$;
`;

/**
 * credits_cancel_holds  lets go of the open holds that have drawn from any of these grants, whole: the money behind them
 *                       goes back, and work that is still running is not settled any more. → credits free again
 */
const cancelHolds = `
  CREATE FUNCTION credits_cancel_holds(p_user uuid, p_grants uuid[], p_now timestamptz) RETURNS bigint
  LANGUAGE plpgsql AS $$
  DECLARE
    h record;
    released bigint := 0;
  BEGIN
    PERFORM FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    FOR h IN
      SELECT c.id FROM credit_holds c
      WHERE c.user_id = p_user AND c.status = 'open' AND EXISTS (
        SELECT FROM credit_transactions t JOIN credit_parts p ON p.user_id = t.user_id AND p.seq = t.seq
        WHERE t.user_id = p_user AND t.type = 'hold' AND t.reference = c.id::text AND p.grant_id = ANY (p_grants)
      ) ORDER BY c.created_at, c.id
    LOOP
      released := released + credits_release(p_user, h.id, credits_new_id(p_now), 'system', p_now);
      UPDATE credit_holds SET status = 'released', closed_at = p_now WHERE user_id = p_user AND id = h.id;
    END LOOP;
    RETURN released;
  END $$;
`;

/**
 * credits_price  what a request costs. Without a list the caller says it; with a list the feature does, for each unit
 *                of it, and an amount that is sent along must be the same. → the cost, or why there is none:
 *                'unknown_feature', 'amount_mismatch' (with the cost), 'no_price_list', 'too_much'
 */
const price = `
  CREATE FUNCTION credits_price(
    p_prices jsonb, p_feature text, p_quantity bigint, p_amount bigint, OUT refusal text, OUT cost bigint
  ) LANGUAGE plpgsql IMMUTABLE AS $$
  BEGIN
    IF p_prices IS NULL THEN
      cost := p_amount;
      refusal := CASE WHEN p_amount IS NULL THEN 'no_price_list' END;
      RETURN;
    END IF;
    cost := (p_prices ->> p_feature)::bigint * coalesce(p_quantity, 1);
    refusal := CASE
      WHEN cost IS NULL THEN 'unknown_feature'
      WHEN cost > 1000000000 THEN 'too_much'
      WHEN cost <> p_amount THEN 'amount_mismatch'
    END;
  END $$;
`;

/**
 * credits_consume  replay by key, price, expire, compare, draw, append. Outcomes: 'spent', 'replayed', 'key_reused',
 *                  'short', 'frozen' (the account is suspended), 'unknown_user', and the refusals of credits_price.
 *                  amount is what was spent, or what is required; balance what is available after it, or now.
 */
const consume = `
  CREATE FUNCTION credits_consume(
    p_user uuid, p_id uuid, p_amount bigint, p_quantity bigint, p_feature text, p_description text, p_reference text,
    p_actor text, p_key text, p_fingerprint text, p_now timestamptz,
    OUT outcome text, OUT transaction_id uuid, OUT amount bigint, OUT balance bigint
  ) LANGUAGE plpgsql AS $$
  DECLARE
    t credit_transactions;
    is_frozen boolean;
    its_plan uuid;
    prices jsonb;
  BEGIN
    SELECT b.available, b.frozen, b.plan_id INTO balance, is_frozen, its_plan
    FROM credit_balances b WHERE b.user_id = p_user FOR UPDATE;
    IF NOT FOUND THEN
      outcome := 'unknown_user';
      RETURN;
    END IF;
    IF is_frozen THEN
      outcome := 'frozen';
      RETURN;
    END IF;
    IF p_key IS NOT NULL THEN
      SELECT * INTO t FROM credit_transactions WHERE user_id = p_user AND idempotency_key = p_key;
      IF FOUND THEN
        outcome := CASE WHEN t.fingerprint = p_fingerprint THEN 'replayed' ELSE 'key_reused' END;
        transaction_id := t.id; amount := -t.amount; balance := t.balance_after;
        RETURN;
      END IF;
    END IF;
    -- Not in the statement that waits for the lock: it would see the plan from before it waited.
    SELECT feature_prices INTO prices FROM plans WHERE id = its_plan;
    SELECT refusal, cost INTO outcome, amount FROM credits_price(prices, p_feature, p_quantity, p_amount);
    IF outcome IS NOT NULL THEN
      RETURN;
    END IF;
    balance := balance - credits_expire_due(p_user, p_now);
    IF balance < amount THEN
      -- Holds that had run out may have let go of some.
      SELECT available INTO balance FROM credit_balances WHERE user_id = p_user;
    END IF;
    IF balance < amount THEN
      outcome := 'short';
      RETURN;
    END IF;
    balance := credits_take(p_user, p_id, 'spend', amount, p_quantity, NULL, 'api', p_feature, p_description, p_actor,
      p_reference, p_key, p_fingerprint, p_now);
    outcome := 'spent'; transaction_id := p_id;
  END $$;
`;

/**
 * credits_consume_many  all at once what is plain among many requests: an account that is not suspended and that nobody
 *                       has locked (unless p_wait), a key that is new, a price that is known, no hold that has run out,
 *                       enough in the grant which expires soonest, no threshold reached. The rest is left for
 *                       credits_consume, one by one.
 *                       No two requests may have the same key. → 'place,amount,balance' of each that was spent, by ';'
 *
 * Balances are locked in the order of their users and before anything is read that hangs on them. Plans are told to go by
 * index only: the statement is planned once, and must stay right when tables have grown.
 */
const consumeMany = `
  CREATE FUNCTION credits_consume_many(
    p_users uuid[], p_ids uuid[], p_amounts bigint[], p_quantities bigint[], p_features text[], p_descriptions text[],
    p_references text[], p_actors text[], p_keys text[], p_fingerprints text[], p_now timestamptz, p_wait boolean
  ) RETURNS text LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
  SET plan_cache_mode = force_generic_plan AS $$
  DECLARE
    -- The users whose balances are ours now, in order, and where those stand.
    locked uuid[];
    places tid[];
    spent text;
  BEGIN
    IF p_wait THEN
      SELECT array_agg(user_id), array_agg(place) INTO locked, places FROM (
        SELECT user_id, ctid AS place FROM credit_balances WHERE user_id = ANY (p_users) AND NOT frozen ORDER BY user_id
        FOR UPDATE
      ) b;
    ELSE
      SELECT array_agg(user_id), array_agg(place) INTO locked, places FROM (
        SELECT user_id, ctid AS place FROM credit_balances WHERE user_id = ANY (p_users) AND NOT frozen ORDER BY user_id
        FOR UPDATE SKIP LOCKED
      ) b;
    END IF;
    WITH item AS (
      SELECT i.place, i.user_id, i.id, i.quantity, i.feature, i.description, i.reference, i.actor, i.key, i.fingerprint,
        b.ctid AS balance_row, b.entries, b.available, g.ctid AS grant_row, g.id AS grant_id, g.source,
        least(g.free, b.available - coalesce(b.alert_at + 1, 0)) AS room,
        CASE
          WHEN p.feature_prices IS NULL THEN i.amount
          WHEN coalesce(i.amount = c.cost, true) AND c.cost <= 1000000000 THEN c.cost
        END AS cost
      FROM unnest(p_users, p_ids, p_amounts, p_quantities, p_features, p_descriptions, p_references, p_actors, p_keys,
        p_fingerprints) WITH ORDINALITY
        i (user_id, id, amount, quantity, feature, description, reference, actor, key, fingerprint, place)
      -- width_bucket looks up by halves in what is sorted.
      JOIN credit_balances b ON b.ctid = places[width_bucket(i.user_id, locked)] AND b.user_id = i.user_id
      LEFT JOIN plans p ON p.id = b.plan_id
      CROSS JOIN LATERAL (SELECT (p.feature_prices ->> i.feature)::bigint * coalesce(i.quantity, 1) AS cost) c
      CROSS JOIN LATERAL (
        SELECT ctid, id, source, expires_at, remaining - held AS free FROM credit_grants
        WHERE user_id = i.user_id AND open AND remaining > held
        ORDER BY expires_at NULLS LAST, created_at, id LIMIT 1
      ) g
      WHERE (g.expires_at IS NULL OR g.expires_at > p_now)
        -- A hold that has run out gives back credits which may expire sooner.
        AND (b.held = 0 OR NOT EXISTS (
          SELECT FROM credit_holds h WHERE h.user_id = i.user_id AND h.status = 'open' AND h.expires_at <= p_now
        ))
        AND NOT EXISTS (
          SELECT FROM credit_transactions t WHERE t.user_id = i.user_id AND t.idempotency_key = i.key
        )
    ), plain AS MATERIALIZED (
      SELECT * FROM (
        SELECT *, (sum(cost) OVER so_far)::bigint AS through, row_number() OVER so_far AS nth
        FROM item WHERE cost IS NOT NULL WINDOW so_far AS (PARTITION BY user_id ORDER BY place)
      ) i WHERE through <= room
    ), total AS MATERIALIZED (
      SELECT balance_row, grant_row, max(through) AS cost, count(*) AS entries,
        CASE WHEN min(source) = 'plan' THEN max(through) ELSE 0 END AS from_plan
      FROM plain GROUP BY balance_row, grant_row
    ), drawn AS (
      UPDATE credit_grants g SET remaining = g.remaining - t.cost FROM total t WHERE g.ctid = t.grant_row
    ), counted AS (
      UPDATE credit_balances b SET
        available = b.available - t.cost, entries = b.entries + t.entries, total_used = b.total_used + t.cost,
        quota_used = b.quota_used + t.from_plan
      FROM total t WHERE b.ctid = t.balance_row
    ), appended AS (
      INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, feature_type, quantity,
        description, actor, reference, grant_id, idempotency_key, fingerprint, created_at)
      SELECT user_id, entries + nth, id, 'spend', -cost, available - through, 'api', feature, quantity, description,
        actor, reference, grant_id, key, fingerprint, p_now
      FROM plain
    )
    SELECT string_agg(concat_ws(',', place, cost, available - through), ';') INTO spent FROM plain;
    RETURN spent;
  END $$;
`;

/**
 * credits_hold        sets credits apart for work that has begun. Outcomes as of credits_consume, 'held' for 'spent'.
 * credits_close_hold  settles an open hold with an amount up to what it holds, or releases it (p_amount null); the rest is
 *                     free again, and what has passed its date meanwhile is written off. Outcomes: 'settled',
 *                     'released', 'replayed', 'key_reused', 'unknown', 'closed' (status says how), 'too_much'.
 */
const hold = `
  CREATE FUNCTION credits_hold(
    p_user uuid, p_id uuid, p_amount bigint, p_quantity bigint, p_feature text, p_description text, p_reference text,
    p_actor text, p_key text, p_fingerprint text, p_expires_at timestamptz, p_now timestamptz,
    OUT outcome text, OUT hold_id uuid, OUT amount bigint, OUT balance bigint, OUT expires_at timestamptz
  ) LANGUAGE plpgsql AS $$
  DECLARE
    h credit_holds;
    is_frozen boolean;
    its_plan uuid;
    prices jsonb;
  BEGIN
    SELECT b.available, b.frozen, b.plan_id INTO balance, is_frozen, its_plan
    FROM credit_balances b WHERE b.user_id = p_user FOR UPDATE;
    IF NOT FOUND THEN
      outcome := 'unknown_user';
      RETURN;
    END IF;
    IF is_frozen THEN
      outcome := 'frozen';
      RETURN;
    END IF;
    IF p_key IS NOT NULL THEN
      SELECT * INTO h FROM credit_holds WHERE user_id = p_user AND key = p_key;
      IF FOUND THEN
        outcome := CASE WHEN h.fingerprint = p_fingerprint THEN 'replayed' ELSE 'key_reused' END;
        SELECT balance_after INTO balance FROM credit_transactions
        WHERE user_id = p_user AND type = 'hold' AND reference = h.id::text;
        hold_id := h.id; amount := h.amount; expires_at := h.expires_at;
        RETURN;
      END IF;
    END IF;
    -- Not in the statement that waits for the lock: it would see the plan from before it waited.
    SELECT feature_prices INTO prices FROM plans WHERE id = its_plan;
    SELECT refusal, cost INTO outcome, amount FROM credits_price(prices, p_feature, p_quantity, p_amount);
    IF outcome IS NOT NULL THEN
      RETURN;
    END IF;
    PERFORM credits_expire_due(p_user, p_now);
    SELECT available INTO balance FROM credit_balances WHERE user_id = p_user;
    IF balance < amount THEN
      outcome := 'short';
      RETURN;
    END IF;
    INSERT INTO credit_holds (user_id, id, amount, feature_type, quantity, reference, description, actor, key,
      fingerprint, created_at, expires_at)
    VALUES (p_user, p_id, amount, p_feature, p_quantity, p_reference, p_description, p_actor, p_key,
      p_fingerprint, p_now, p_expires_at);
    balance := credits_take(p_user, p_id, 'hold', amount, p_quantity, NULL, 'api', p_feature, p_description, p_actor,
      p_id::text, NULL, NULL, p_now);
    outcome := 'held'; hold_id := p_id; expires_at := p_expires_at;
  END $$;
`;

const close = `
  CREATE FUNCTION credits_close_hold(
    p_user uuid, p_hold uuid, p_amount bigint, p_release_id uuid, p_spend_id uuid, p_actor text, p_key text,
    p_fingerprint text, p_now timestamptz,
    OUT outcome text, OUT status text, OUT amount bigint, OUT settled bigint, OUT balance bigint,
    OUT transaction_id uuid
  ) LANGUAGE plpgsql AS $$
  DECLARE
    h credit_holds;
    from_grants uuid[];
  BEGIN
    PERFORM FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    PERFORM credits_expire_due(p_user, p_now);
    SELECT * INTO h FROM credit_holds WHERE user_id = p_user AND id = p_hold;
    IF NOT FOUND THEN
      outcome := 'unknown';
      RETURN;
    END IF;
    status := h.status; amount := h.amount; settled := h.settled;
    IF h.status <> 'open' THEN
      outcome := CASE
        WHEN h.close_key IS DISTINCT FROM p_key OR p_key IS NULL THEN 'closed'
        WHEN h.close_fingerprint IS DISTINCT FROM p_fingerprint THEN 'key_reused'
        ELSE 'replayed'
      END;
      balance := h.available_after;
      -- A settlement is two entries, one behind the other.
      SELECT t.id INTO transaction_id FROM credit_transactions r
      JOIN credit_transactions t ON t.user_id = r.user_id AND t.seq = r.seq + 1
      WHERE r.user_id = p_user AND r.type = 'release' AND r.reference = p_hold::text AND h.settled > 0;
      RETURN;
    END IF;
    IF p_amount > h.amount THEN
      outcome := 'too_much';
      RETURN;
    END IF;
    PERFORM credits_release(p_user, p_hold, p_release_id, p_actor, p_now);
    IF p_amount > 0 THEN
      SELECT array_agg(p.grant_id) INTO from_grants FROM credit_transactions t
      JOIN credit_parts p ON p.user_id = t.user_id AND p.seq = t.seq
      WHERE t.user_id = p_user AND t.type = 'hold' AND t.reference = p_hold::text;
      PERFORM credits_take(p_user, p_spend_id, 'spend', p_amount, h.quantity, from_grants, 'api', h.feature_type,
        h.description, p_actor, h.reference, NULL, NULL, p_now);
      transaction_id := p_spend_id;
    END IF;
    PERFORM credits_expire_due(p_user, p_now);
    SELECT available INTO balance FROM credit_balances WHERE user_id = p_user;
    outcome := CASE WHEN p_amount IS NULL THEN 'released' ELSE 'settled' END;
    status := outcome;
    settled := coalesce(p_amount, 0);
    UPDATE credit_holds c SET
      status = outcome, settled = coalesce(p_amount, 0), closed_at = p_now, close_key = p_key,
      close_fingerprint = p_fingerprint, available_after = balance
    WHERE c.user_id = p_user AND c.id = p_hold;
  END $$;
`;

module.exports.consume = consume;
module.exports.hold = hold;
