'use strict';

/**
 * Old entries can leave the ledger for files, and what they came to stays behind, so that books can still be proved.
 * See record 30.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(carried + giveWay + growth + released);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM credit_carried) THEN
          RAISE EXCEPTION 'entries are archived: without what they came to, the books would not balance';
        END IF;
      END $$;
      DROP TRIGGER credit_transactions_append_only ON credit_transactions;
      CREATE TRIGGER credit_transactions_append_only BEFORE UPDATE OR DELETE ON credit_transactions
        FOR EACH ROW EXECUTE FUNCTION refuse_change();
      DROP FUNCTION credit_transactions_refuse_change;
      ALTER TABLE credit_transactions RESET (
        autovacuum_freeze_min_age, autovacuum_vacuum_insert_scale_factor, autovacuum_analyze_scale_factor
      );
      ALTER TABLE credit_holds DROP COLUMN archived;
      DROP INDEX credit_transactions_released;
      CREATE UNIQUE INDEX credit_transactions_released ON credit_transactions (user_id, reference)
        WHERE type = 'release';
      DROP TABLE credit_carried_parts, credit_carried, ledger_archives;
    `);
  },
};

/**
 * credit_carried        up to which entry a user's history is archived, and what was available after it: where the chain
 *                       of the ledger begins.
 * credit_carried_parts  what the archived entries gave to each grant and took from it, with the ledger's signs. What was
 *                       held has been released in the same part of the history, so it is not here.
 * ledger_archives       the files. One is written, then its entries are removed, then it is done; months follow each
 *                       other.
 */
const carried = `
  CREATE TABLE credit_carried (
    user_id uuid PRIMARY KEY,
    through_seq bigint NOT NULL CHECK (through_seq > 0),
    balance_after bigint NOT NULL CHECK (balance_after >= 0),
    -- The latest date of an archived entry.
    through_at timestamptz NOT NULL
  );

  CREATE TABLE credit_carried_parts (
    user_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    type text NOT NULL CHECK (type IN ('earn', 'spend', 'expire', 'clawback', 'adjust')),
    feature_type text NOT NULL,
    amount bigint NOT NULL,
    entries bigint NOT NULL CHECK (entries > 0),
    -- Who gave the grant its credits, and why.
    actor text,
    description text,
    PRIMARY KEY (user_id, grant_id, type, feature_type)
  );

  -- Its entries are archived.
  ALTER TABLE credit_holds ADD COLUMN archived boolean NOT NULL DEFAULT false;

  CREATE TABLE ledger_archives (
    month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    file text NOT NULL,
    rows bigint NOT NULL CHECK (rows > 0),
    bytes bigint NOT NULL CHECK (bytes > 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    written_at timestamptz NOT NULL,
    -- The entries of the file have been removed from the ledger.
    done_at timestamptz
  );
  CREATE UNIQUE INDEX ledger_archives_open ON ledger_archives ((true)) WHERE done_at IS NULL;
`;

/**
 * Only a transaction that says from when on it must not touch anything may remove entries, older ones; an entry is never
 * changed. Touches no other table, so that it works where the ledger is distributed.
 */
const giveWay = `
  CREATE FUNCTION credit_transactions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    before timestamptz := nullif(current_setting('plantain.archive_before', true), '')::timestamptz;
  BEGIN
    IF TG_OP = 'DELETE' AND OLD.created_at < before THEN
      RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
  END $$;
  DROP TRIGGER credit_transactions_append_only ON credit_transactions;
  CREATE TRIGGER credit_transactions_append_only BEFORE UPDATE OR DELETE ON credit_transactions
    FOR EACH ROW EXECUTE FUNCTION credit_transactions_refuse_change();
`;

/**
 * An entry is never changed, so it is frozen by the first vacuum that sees it, and vacuum comes by after a fiftieth of the
 * table instead of a fifth: no page is written a second time years later, in the one big vacuum before ids run out.
 */
const growth = `
  ALTER TABLE credit_transactions SET (
    autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
  );
`;

/** With the number of the entry, so that settlements are found without reading their releases. */
const released = `
  DROP INDEX credit_transactions_released;
  CREATE UNIQUE INDEX credit_transactions_released ON credit_transactions (user_id, reference) INCLUDE (seq)
    WHERE type = 'release';
`;
