'use strict';

/**
 * What the credits engine needs of the tables: rows that are updated in place (HOT), because no index of theirs looks at
 * what changes with every consumption; few indexes on the ledger; holds, alerts, and price lists in plans.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(hotRows + ledger + holds + alerts + plans);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM credit_holds WHERE status = 'open') THEN
          RAISE EXCEPTION 'holds are open: settle or release them first, or their credits stay held for ever';
        END IF;
      END $$;
      DROP VIEW credit_parts;
      DROP TABLE credit_holds, credit_alerts;
      ALTER TABLE plans DROP COLUMN feature_prices, DROP COLUMN alert_percents;
      ALTER TABLE users DROP COLUMN mail_low_balance;
      ALTER TABLE credit_balances DROP COLUMN plan_id, DROP COLUMN alert_at;
      ALTER TABLE credit_balances RESET (fillfactor, autovacuum_vacuum_scale_factor);
      ALTER TABLE credit_grants RESET (fillfactor, autovacuum_vacuum_scale_factor);

      ALTER TABLE credit_transactions DISABLE TRIGGER credit_transactions_append_only;
      UPDATE credit_transactions SET drawn = jsonb_build_array(jsonb_build_object('grant', grant_id, 'amount', abs(amount)))
      WHERE drawn IS NULL;
      ALTER TABLE credit_transactions ENABLE TRIGGER credit_transactions_append_only;
      DROP INDEX credit_transactions_key, credit_transactions_several, credit_transactions_time;
      ALTER TABLE credit_transactions
        DROP CONSTRAINT credit_transactions_drawn_check,
        DROP COLUMN grant_id, DROP COLUMN quantity,
        ALTER COLUMN drawn SET NOT NULL,
        ADD CONSTRAINT credit_transactions_user_id_id_key UNIQUE (user_id, id),
        ADD CONSTRAINT credit_transactions_user_id_idempotency_key_key UNIQUE (user_id, idempotency_key),
        ADD CONSTRAINT credit_transactions_user_fk FOREIGN KEY (user_id) REFERENCES users;

      DROP INDEX credit_grants_open, credit_grants_due;
      ALTER TABLE credit_grants DROP COLUMN open,
        ADD CONSTRAINT credit_grants_user_fk FOREIGN KEY (user_id) REFERENCES users;
      CREATE INDEX credit_grants_open ON credit_grants (user_id, expires_at, created_at, id) WHERE remaining > held;
      CREATE INDEX credit_grants_due ON credit_grants (expires_at) WHERE remaining > held AND expires_at IS NOT NULL;
    `);
  },
};

/**
 * An update that changes no indexed value, on a page with room, touches no index at all. 'open' changes once in a
 * grant's life, 'remaining' with every consumption. The balance is what refers to users; whatever else belongs to a
 * user is written under its lock.
 */
const hotRows = `
  ALTER TABLE credit_balances
    ADD COLUMN plan_id uuid,
    ADD COLUMN alert_at bigint CHECK (alert_at >= 0);
  ALTER TABLE credit_balances SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

  DROP INDEX credit_grants_open, credit_grants_due;
  ALTER TABLE credit_grants
    DROP CONSTRAINT credit_grants_user_fk,
    ADD COLUMN open boolean GENERATED ALWAYS AS (remaining > 0) STORED;
  ALTER TABLE credit_grants SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
  CREATE INDEX credit_grants_open ON credit_grants (user_id, expires_at, created_at, id) WHERE open;
  CREATE INDEX credit_grants_due ON credit_grants (expires_at) WHERE open AND expires_at IS NOT NULL;
`;

/**
 * Nearly every entry draws from one grant, which is a column; 'drawn' is there for the others. An id begins with its
 * time, so that the entry is found by the index on time, which costs an insert nothing.
 */
const ledger = `
  ALTER TABLE credit_transactions
    DROP CONSTRAINT credit_transactions_user_fk,
    DROP CONSTRAINT credit_transactions_user_id_id_key,
    DROP CONSTRAINT credit_transactions_user_id_idempotency_key_key,
    ADD COLUMN grant_id uuid,
    ADD COLUMN quantity bigint CHECK (quantity > 0),
    ALTER COLUMN drawn DROP NOT NULL;
  ALTER TABLE credit_transactions DISABLE TRIGGER credit_transactions_append_only;
  UPDATE credit_transactions SET grant_id = (drawn -> 0 ->> 'grant')::uuid, drawn = NULL
  WHERE jsonb_array_length(drawn) = 1;
  ALTER TABLE credit_transactions ENABLE TRIGGER credit_transactions_append_only;
  ALTER TABLE credit_transactions ADD CONSTRAINT credit_transactions_drawn_check
    CHECK ((grant_id IS NULL) = (drawn IS NOT NULL));
  CREATE UNIQUE INDEX credit_transactions_key ON credit_transactions (user_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
  CREATE INDEX credit_transactions_several ON credit_transactions (user_id, seq) WHERE drawn IS NOT NULL;
  CREATE INDEX credit_transactions_time ON credit_transactions USING brin (created_at);

  -- Which grant gave or paid how much of an entry, with the entry's sign.
  CREATE VIEW credit_parts AS
    SELECT user_id, seq, type, grant_id, amount FROM credit_transactions WHERE grant_id IS NOT NULL
    UNION ALL
    SELECT t.user_id, t.seq, t.type, (part ->> 'grant')::uuid, sign(t.amount)::bigint * (part ->> 'amount')::bigint
    FROM credit_transactions t, jsonb_array_elements(t.drawn) part WHERE t.drawn IS NOT NULL;
`;

/** The id of a hold is that of the entry which set its credits apart. */
const holds = `
  CREATE TABLE credit_holds (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount BETWEEN 1 AND 1000000000),
    settled bigint NOT NULL DEFAULT 0 CHECK (settled BETWEEN 0 AND amount),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'settled', 'released', 'expired')),
    feature_type text NOT NULL,
    quantity bigint CHECK (quantity > 0),
    reference text,
    description text,
    actor text NOT NULL,
    key text,
    fingerprint text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    closed_at timestamptz,
    -- What the closing call was, so that the same call again gets the same answer.
    close_key text,
    close_fingerprint text,
    available_after bigint,
    PRIMARY KEY (user_id, id),
    CHECK ((status = 'open') = (closed_at IS NULL)),
    CHECK (settled = 0 OR status = 'settled')
  );
  CREATE UNIQUE INDEX credit_holds_key ON credit_holds (user_id, key) WHERE key IS NOT NULL;
  CREATE INDEX credit_holds_open ON credit_holds (user_id, expires_at) WHERE status = 'open';
  CREATE INDEX credit_holds_due ON credit_holds (expires_at) WHERE status = 'open';
`;

/** A threshold is crossed once in a quota month, which its end names. */
const alerts = `
  CREATE TABLE credit_alerts (
    user_id uuid NOT NULL,
    period_end timestamptz NOT NULL,
    percent smallint NOT NULL CHECK (percent BETWEEN 0 AND 99),
    threshold bigint NOT NULL CHECK (threshold >= 0),
    available bigint NOT NULL CHECK (available >= 0),
    monthly_quota bigint NOT NULL CHECK (monthly_quota >= 0),
    raised_at timestamptz NOT NULL,
    handled_at timestamptz,
    PRIMARY KEY (user_id, period_end, percent)
  );
  CREATE INDEX credit_alerts_unhandled ON credit_alerts (raised_at) WHERE handled_at IS NULL;
  ALTER TABLE users ADD COLUMN mail_low_balance boolean NOT NULL DEFAULT true;
`;

/** feature_prices: credits by feature, for one unit of it; null: the caller names the amount. */
const plans = `
  ALTER TABLE plans
    ADD COLUMN feature_prices jsonb
      CHECK (jsonb_typeof(feature_prices) = 'object' AND feature_prices <> '{}'),
    ADD COLUMN alert_percents smallint[] NOT NULL DEFAULT '{20,5,0}'
      CHECK (cardinality(alert_percents) <= 10 AND 0 <= ALL (alert_percents) AND 99 >= ALL (alert_percents));
  UPDATE credit_balances b SET plan_id = s.plan_id
  FROM subscriptions s WHERE s.user_id = b.user_id AND s.status IN ('active', 'past_due', 'paused');
`;
