'use strict';

/**
 * The credits ledger. Every key carries user_id and the functions touch one user's rows only, so that these tables
 * can be distributed by user. Entries are numbered per user without gaps (seq), which makes the chain
 * balance_after(n) = balance_after(n - 1) + amount(n) checkable.
 */
module.exports = {
  /** For the `down` of migrations that replace them. */
  get functions() {
    return functions;
  },

  async up(queryInterface) {
    await queryInterface.sequelize.query(tables + functions);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP FUNCTION credits_consume(uuid, uuid, text, text, bigint, text, text, text, text, timestamptz);
      DROP FUNCTION credits_take(uuid, uuid, text, bigint, uuid[], text, text, text, text, text, text, text, timestamptz);
      DROP FUNCTION credits_expire_due(uuid, timestamptz);
      DROP TABLE credit_transactions, credit_grants, credit_balances;
    `);
  },
};

const tables = `
  CREATE TABLE credit_balances (
    user_id uuid PRIMARY KEY CONSTRAINT credit_balances_user_fk REFERENCES users,
    available bigint NOT NULL DEFAULT 0 CHECK (available >= 0),
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    total_earned bigint NOT NULL DEFAULT 0 CHECK (total_earned >= 0),
    total_used bigint NOT NULL DEFAULT 0 CHECK (total_used >= 0),
    monthly_quota bigint NOT NULL DEFAULT 0 CHECK (monthly_quota >= 0),
    quota_used bigint NOT NULL DEFAULT 0 CHECK (quota_used >= 0),
    quota_reset_at timestamptz,
    entries bigint NOT NULL DEFAULT 0,
    frozen boolean NOT NULL DEFAULT false
  );

  CREATE TABLE credit_grants (
    user_id uuid NOT NULL CONSTRAINT credit_grants_user_fk REFERENCES users,
    id uuid NOT NULL,
    key text NOT NULL,
    source text NOT NULL CHECK (source IN ('plan', 'pack', 'promo', 'adjustment')),
    amount bigint NOT NULL CHECK (amount > 0),
    remaining bigint NOT NULL CHECK (remaining BETWEEN 0 AND amount),
    expires_at timestamptz,
    order_id uuid,
    subscription_id uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, key)
  );
  CREATE INDEX credit_grants_open ON credit_grants (user_id, expires_at, created_at, id) WHERE remaining > 0;
  CREATE INDEX credit_grants_due ON credit_grants (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL;
  CREATE INDEX credit_grants_order ON credit_grants (user_id, order_id) WHERE order_id IS NOT NULL;

  CREATE TABLE credit_transactions (
    user_id uuid NOT NULL CONSTRAINT credit_transactions_user_fk REFERENCES users,
    seq bigint NOT NULL CHECK (seq > 0),
    id uuid NOT NULL,
    type text NOT NULL CHECK (type IN ('earn', 'spend', 'expire', 'clawback', 'adjust', 'hold', 'release')),
    amount bigint NOT NULL CHECK (amount <> 0),
    balance_after bigint NOT NULL CHECK (balance_after >= 0),
    source text NOT NULL,
    feature_type text,
    description text,
    actor text NOT NULL,
    reference text,
    drawn jsonb NOT NULL,
    idempotency_key text,
    fingerprint text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, seq),
    UNIQUE (user_id, id),
    UNIQUE (user_id, idempotency_key)
  );
  CREATE TRIGGER credit_transactions_append_only BEFORE UPDATE OR DELETE ON credit_transactions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER credit_transactions_no_truncate BEFORE TRUNCATE ON credit_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
`;

/**
 * Three functions, each of which locks the user's balance row first, so that everything about one user's credits
 * happens one after the other.
 *
 * credits_expire_due  writes off what has passed its date. Called by every other function, so an expired grant is never
 *                     spent even when the nightly job is late.
 * credits_take        draws an amount from given grants and appends the entry.
 * credits_consume     the hot path: replay by key, expire, check the balance, draw soonest-expiring first, append.
 *                     Outcomes: 'spent', 'replayed', 'key_reused', 'short', 'frozen' (the account is suspended), 'unknown_user'.
 */
const functions = `
  CREATE FUNCTION credits_expire_due(p_user uuid, p_now timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
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

  CREATE FUNCTION credits_take(
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

  CREATE FUNCTION credits_consume(
    p_user uuid, p_id uuid, p_key text, p_fingerprint text, p_amount bigint, p_feature text, p_description text,
    p_reference text, p_actor text, p_now timestamptz,
    OUT outcome text, OUT transaction_id uuid, OUT amount bigint, OUT balance bigint
  ) LANGUAGE plpgsql AS $$
  DECLARE
    t credit_transactions;
    is_frozen boolean;
  BEGIN
    SELECT available, frozen INTO balance, is_frozen FROM credit_balances WHERE user_id = p_user FOR UPDATE;
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
    balance := balance - credits_expire_due(p_user, p_now);
    IF balance < p_amount THEN
      outcome := 'short';
      RETURN;
    END IF;
    balance := credits_take(p_user, p_id, 'spend', p_amount, NULL, 'api', p_feature, p_description, p_actor,
      p_reference, p_key, p_fingerprint, p_now);
    outcome := 'spent'; transaction_id := p_id; amount := p_amount;
  END $$;
`;
