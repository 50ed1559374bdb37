'use strict';

/** What was sold, what was paid for it and what was given back. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE TABLE orders (
        id uuid PRIMARY KEY,
        order_no text NOT NULL UNIQUE,
        user_id uuid NOT NULL REFERENCES users,
        kind text NOT NULL CHECK (kind IN ('subscription', 'renewal', 'credit_pack')),
        status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'completed',
          'partially_refunded', 'refunded', 'failed', 'cancelled', 'expired')),
        plan_id uuid REFERENCES plans,
        price_id uuid REFERENCES plan_prices,
        pack_id uuid REFERENCES credit_packs,
        subscription_type text CHECK (subscription_type IN ('monthly', 'yearly', 'lifetime')),
        snapshot jsonb NOT NULL,
        currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND amount_minor),
        idempotency_key text,
        idempotency_fingerprint text,
        failure_code text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        paid_at timestamptz,
        closed_at timestamptz,
        period_start timestamptz,
        period_end timestamptz,
        UNIQUE (user_id, idempotency_key),
        CHECK ((kind = 'credit_pack') = (pack_id IS NOT NULL)),
        CHECK ((kind <> 'credit_pack') = (plan_id IS NOT NULL AND price_id IS NOT NULL AND subscription_type IS NOT NULL)),
        CHECK ((status IN ('completed', 'partially_refunded', 'refunded')) = (paid_at IS NOT NULL)),
        CHECK ((status = 'partially_refunded') = (refunded_minor > 0 AND refunded_minor < amount_minor)),
        CHECK ((status = 'refunded') = (refunded_minor = amount_minor))
      );
      CREATE INDEX orders_user ON orders (user_id, created_at DESC, id DESC);
      CREATE INDEX orders_created_at ON orders (created_at DESC, id DESC);
      CREATE INDEX orders_open ON orders (expires_at) WHERE status IN ('pending', 'processing');
      CREATE INDEX orders_price ON orders (price_id) WHERE price_id IS NOT NULL;

      CREATE TABLE payments (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES orders,
        provider text NOT NULL,
        provider_order_id text,
        provider_capture_id text,
        status text NOT NULL DEFAULT 'pending'
          CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
        currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        payee text,
        approval_url text,
        pending_reason text,
        failure_code text,
        payer_sealed text,
        created_at timestamptz NOT NULL,
        checked_at timestamptz,
        completed_at timestamptz,
        UNIQUE (provider, provider_order_id),
        UNIQUE (provider, provider_capture_id),
        CHECK (status <> 'completed' OR (provider_capture_id IS NOT NULL AND completed_at IS NOT NULL))
      );
      CREATE INDEX payments_order ON payments (order_id);
      CREATE UNIQUE INDEX payments_one_completed ON payments (order_id) WHERE status = 'completed';
      CREATE INDEX payments_open ON payments (created_at) WHERE status IN ('pending', 'processing');

      CREATE TABLE refunds (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES orders,
        payment_id uuid NOT NULL REFERENCES payments,
        provider text NOT NULL,
        provider_refund_id text,
        status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'completed', 'failed')),
        currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        reason text NOT NULL CHECK (length(btrim(reason)) > 0),
        requested_by uuid REFERENCES staff,
        approved_by uuid REFERENCES staff,
        credits_clawed_back bigint NOT NULL DEFAULT 0 CHECK (credits_clawed_back >= 0),
        credits_unrecovered bigint NOT NULL DEFAULT 0 CHECK (credits_unrecovered >= 0),
        failure_code text,
        created_at timestamptz NOT NULL,
        checked_at timestamptz,
        completed_at timestamptz,
        UNIQUE (provider, provider_refund_id),
        CHECK ((status = 'completed') = (completed_at IS NOT NULL))
      );
      CREATE INDEX refunds_order ON refunds (order_id);
      CREATE INDEX refunds_payment ON refunds (payment_id);
      CREATE INDEX refunds_open ON refunds (created_at) WHERE status = 'pending';

      CREATE TABLE provider_events (
        id uuid PRIMARY KEY,
        provider text NOT NULL,
        event_id text NOT NULL,
        type text NOT NULL,
        kind text NOT NULL,
        body_sealed text NOT NULL,
        headers jsonb NOT NULL,
        received_at timestamptz NOT NULL,
        handled_at timestamptz,
        outcome text,
        attempts integer NOT NULL DEFAULT 0,
        error text,
        UNIQUE (provider, event_id)
      );
      CREATE INDEX provider_events_received_at ON provider_events (received_at DESC, id DESC);
      CREATE INDEX provider_events_open ON provider_events (received_at) WHERE handled_at IS NULL;

      CREATE FUNCTION keep_sold_price() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF (NEW.plan_id, NEW.subscription_type, NEW.currency, NEW.amount_minor)
             IS DISTINCT FROM (OLD.plan_id, OLD.subscription_type, OLD.currency, OLD.amount_minor)
           AND EXISTS (SELECT FROM orders WHERE price_id = OLD.id) THEN
          RAISE EXCEPTION 'a price that was sold never changes: archive it and add a new one'
            USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER plan_prices_sold BEFORE UPDATE ON plan_prices FOR EACH ROW EXECUTE FUNCTION keep_sold_price();
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP TRIGGER plan_prices_sold ON plan_prices;
      DROP FUNCTION keep_sold_price();
      DROP TABLE provider_events, refunds, payments, orders;
    `);
  },
};
