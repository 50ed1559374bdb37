'use strict';

const { consume, hold } = require('./20261125000002-credit-functions.cjs');

/**
 * A request that is sent again gets its first answer even when the account has been suspended since: the credits are
 * spent, and its sender must learn so. A hold that is sent again after its entry has gone to the archive is told what is
 * available now.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(replayFirst);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query((consume + hold).replaceAll('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION'));
  },
};

const replayFirst = `
  CREATE OR REPLACE FUNCTION credits_consume(
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
    IF p_key IS NOT NULL THEN
      SELECT * INTO t FROM credit_transactions WHERE user_id = p_user AND idempotency_key = p_key;
      IF FOUND THEN
        outcome := CASE WHEN t.fingerprint = p_fingerprint THEN 'replayed' ELSE 'key_reused' END;
        transaction_id := t.id; amount := -t.amount; balance := t.balance_after;
        RETURN;
      END IF;
    END IF;
    IF is_frozen THEN
      outcome := 'frozen';
      RETURN;
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
  CREATE OR REPLACE FUNCTION credits_hold(
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
    IF p_key IS NOT NULL THEN
      SELECT * INTO h FROM credit_holds WHERE user_id = p_user AND key = p_key;
      IF FOUND THEN
        outcome := CASE WHEN h.fingerprint = p_fingerprint THEN 'replayed' ELSE 'key_reused' END;
        SELECT coalesce(max(t.balance_after), balance) INTO balance FROM credit_transactions t
        WHERE t.user_id = p_user AND t.type = 'hold' AND t.reference = h.id::text;
        hold_id := h.id; amount := h.amount; expires_at := h.expires_at;
        RETURN;
      END IF;
    END IF;
    IF is_frozen THEN
      outcome := 'frozen';
      RETURN;
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
