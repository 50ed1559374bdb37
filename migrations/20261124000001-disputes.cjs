'use strict';

/**
 * Disputes, and credits that are set apart: they stay in their grant and are counted there as held, so that nobody can
 * spend them. A hold is a taking that leaves the credits where they are; its release gives back exactly what it drew.
 */
module.exports = {
  /** For the `down` of migrations that replace them. */
  get functions() {
    return takeFree + release;
  },

  async up(queryInterface) {
    await queryInterface.sequelize.query(disputes + held + takeFree + release);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM credit_balances WHERE held > 0) THEN
          RAISE EXCEPTION 'credits are set apart: release them first, or the books will not balance';
        END IF;
      END $$;
      DROP FUNCTION credits_release(uuid, uuid, uuid, text, timestamptz);
      ${takeAll}
      DROP INDEX credit_transactions_holds, credit_transactions_released, credit_grants_open, credit_grants_due;
      ALTER TABLE credit_grants DROP COLUMN held;
      CREATE INDEX credit_grants_open ON credit_grants (user_id, expires_at, created_at, id) WHERE remaining > 0;
      CREATE INDEX credit_grants_due ON credit_grants (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL;
      DROP INDEX orders_disputed;
      ALTER TABLE orders DROP COLUMN disputed_at;
      DROP TABLE disputes;
    `);
  },
};

const disputes = `
  CREATE TABLE disputes (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    payment_id uuid NOT NULL REFERENCES payments,
    provider text NOT NULL,
    provider_dispute_id text NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'won', 'lost_unbooked', 'lost')),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    refunded_minor bigint CHECK (refunded_minor >= 0),
    reason text,
    outcome text,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    respond_by timestamptz,
    checked_at timestamptz,
    closed_at timestamptz,
    UNIQUE (provider, provider_dispute_id),
    CHECK ((status IN ('won', 'lost')) = (closed_at IS NOT NULL))
  );
  CREATE INDEX disputes_order ON disputes (order_id);
  CREATE INDEX disputes_payment ON disputes (payment_id);
  CREATE INDEX disputes_opened_at ON disputes (opened_at DESC, id DESC);
  CREATE INDEX disputes_unsettled ON disputes (checked_at) WHERE closed_at IS NULL;

  ALTER TABLE orders ADD COLUMN disputed_at timestamptz;
  CREATE INDEX orders_disputed ON orders (disputed_at) WHERE disputed_at IS NOT NULL;
`;

const held = `
  ALTER TABLE credit_grants
    ADD COLUMN held bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT credit_grants_held_check CHECK (held BETWEEN 0 AND remaining);
  DROP INDEX credit_grants_open, credit_grants_due;
  CREATE INDEX credit_grants_open ON credit_grants (user_id, expires_at, created_at, id) WHERE remaining > held;
  CREATE INDEX credit_grants_due ON credit_grants (expires_at) WHERE remaining > held AND expires_at IS NOT NULL;
  CREATE INDEX credit_transactions_holds ON credit_transactions (user_id, reference) WHERE type = 'hold';
  -- The reference of a release is its hold, which is released once.
  CREATE UNIQUE INDEX credit_transactions_released ON credit_transactions (user_id, reference) WHERE type = 'release';
`;

/** As they were, but of each grant only what is not held. An entry of type 'hold' leaves in the grant what it draws. */
const takeFree = `
  CREATE OR REPLACE FUNCTION credits_expire_due(p_user uuid, p_now timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    b credit_balances;
    g record;
    expired bigint := 0;
  BEGIN
    -- Most of the time there is nothing to do, and then nobody has to wait for the lock.
    IF NOT EXISTS (
      SELECT FROM credit_grants WHERE user_id = p_user AND remaining > held AND expires_at <= p_now
    ) THEN
      RETURN 0;
    END IF;
    SELECT * INTO b FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    FOR g IN
      SELECT id, remaining - held AS free, source FROM credit_grants
      WHERE user_id = p_user AND remaining > held AND expires_at <= p_now
      ORDER BY expires_at, created_at, id
    LOOP
      UPDATE credit_grants SET remaining = held WHERE user_id = p_user AND id = g.id;
      b.available := b.available - g.free;
      b.entries := b.entries + 1;
      expired := expired + g.free;
      INSERT INTO credit_transactions
        (user_id, seq, id, type, amount, balance_after, source, actor, drawn, created_at)
      VALUES (p_user, b.entries, gen_random_uuid(), 'expire', -g.free, b.available, g.source, 'system',
        jsonb_build_array(jsonb_build_object('grant', g.id, 'amount', g.free)), p_now);
    END LOOP;
    IF expired > 0 THEN
      UPDATE credit_balances SET available = b.available, entries = b.entries WHERE user_id = p_user;
    END IF;
    RETURN expired;
  END $$;

  CREATE OR REPLACE FUNCTION credits_take(
    p_user uuid, p_id uuid, p_type text, p_amount bigint, p_grants uuid[], p_source text, p_feature text,
    p_description text, p_actor text, p_reference text, p_key text, p_fingerprint text, p_now timestamptz
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
    SELECT * INTO b FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    FOR g IN
      SELECT id, remaining - held AS free, source FROM credit_grants
      WHERE user_id = p_user AND remaining > held AND (p_grants IS NULL OR id = ANY (p_grants))
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
    INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, feature_type, description,
      actor, reference, drawn, idempotency_key, fingerprint, created_at)
    VALUES (p_user, b.entries, p_id, p_type, -p_amount, b.available, p_source, p_feature, p_description,
      p_actor, p_reference, drawn, p_key, p_fingerprint, p_now);
    RETURN b.available;
  END $$;
`;

/** credits_release undoes a hold, once; it answers with the credits that are free again, and with 0 when it was undone. */
const release = `
  CREATE FUNCTION credits_release(p_user uuid, p_hold uuid, p_id uuid, p_actor text, p_now timestamptz)
  RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    b credit_balances;
    h credit_transactions;
    part jsonb;
  BEGIN
    SELECT * INTO b FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    SELECT * INTO h FROM credit_transactions WHERE user_id = p_user AND id = p_hold AND type = 'hold';
    IF NOT FOUND OR EXISTS (
      SELECT FROM credit_transactions WHERE user_id = p_user AND type = 'release' AND reference = p_hold::text
    ) THEN
      RETURN 0;
    END IF;
    FOR part IN SELECT * FROM jsonb_array_elements(h.drawn) LOOP
      UPDATE credit_grants SET held = held - (part ->> 'amount')::bigint
      WHERE user_id = p_user AND id = (part ->> 'grant')::uuid;
    END LOOP;
    UPDATE credit_balances SET available = available - h.amount, held = held + h.amount, entries = entries + 1
    WHERE user_id = p_user RETURNING * INTO b;
    INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, feature_type, description,
      actor, reference, drawn, created_at)
    VALUES (p_user, b.entries, p_id, 'release', -h.amount, b.available, h.source, h.feature_type, h.description,
      p_actor, p_hold::text, h.drawn, p_now);
    RETURN -h.amount;
  END $$;
`;

/** As they were before. */
const takeAll = `
  CREATE OR REPLACE FUNCTION credits_expire_due(p_user uuid, p_now timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    b credit_balances;
    g record;
    expired bigint := 0;
  BEGIN
    -- Most of the time there is nothing to do, and then nobody has to wait for the lock.
    IF NOT EXISTS (
      SELECT FROM credit_grants WHERE user_id = p_user AND remaining > 0 AND expires_at <= p_now
    ) THEN
      RETURN 0;
    END IF;
    SELECT * INTO b FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    FOR g IN
      SELECT id, remaining, source FROM credit_grants
      WHERE user_id = p_user AND remaining > 0 AND expires_at <= p_now
      ORDER BY expires_at, created_at, id
    LOOP
      UPDATE credit_grants SET remaining = 0 WHERE user_id = p_user AND id = g.id;
      b.available := b.available - g.remaining;
      b.entries := b.entries + 1;
      expired := expired + g.remaining;
      INSERT INTO credit_transactions
        (user_id, seq, id, type, amount, balance_after, source, actor, drawn, created_at)
      VALUES (p_user, b.entries, gen_random_uuid(), 'expire', -g.remaining, b.available, g.source, 'system',
        jsonb_build_array(jsonb_build_object('grant', g.id, 'amount', g.remaining)), p_now);
    END LOOP;
    IF expired > 0 THEN
      UPDATE credit_balances SET available = b.available, entries = b.entries WHERE user_id = p_user;
    END IF;
    RETURN expired;
  END $$;

  CREATE OR REPLACE FUNCTION credits_take(
    p_user uuid, p_id uuid, p_type text, p_amount bigint, p_grants uuid[], p_source text, p_feature text,
    p_description text, p_actor text, p_reference text, p_key text, p_fingerprint text, p_now timestamptz
  ) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    b credit_balances;
    g record;
    part bigint;
    due bigint := p_amount;
    from_plan bigint := 0;
    drawn jsonb := '[]';
  BEGIN
    SELECT * INTO b FROM credit_balances WHERE user_id = p_user FOR UPDATE;
    FOR g IN
      SELECT id, remaining, source FROM credit_grants
      WHERE user_id = p_user AND remaining > 0 AND (p_grants IS NULL OR id = ANY (p_grants))
      ORDER BY expires_at NULLS LAST, created_at, id
    LOOP
      EXIT WHEN due = 0;
      part := least(due, g.remaining);
      UPDATE credit_grants SET remaining = remaining - part WHERE user_id = p_user AND id = g.id;
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
      entries = entries + 1,
      total_used = total_used + CASE WHEN p_type = 'spend' THEN p_amount ELSE 0 END,
      quota_used = quota_used + CASE WHEN p_type = 'spend' THEN from_plan ELSE 0 END
    WHERE user_id = p_user RETURNING * INTO b;
    INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, feature_type, description,
      actor, reference, drawn, idempotency_key, fingerprint, created_at)
    VALUES (p_user, b.entries, p_id, p_type, -p_amount, b.available, p_source, p_feature, p_description,
      p_actor, p_reference, drawn, p_key, p_fingerprint, p_now);
    RETURN b.available;
  END $$;
`;
