'use strict';

/**
 * What the panel's search looks things up by: see record 37. Parts of names and addresses are found where the extension
 * pg_trgm can be had; without it their beginnings are.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(payers + beginnings + ids + parts);
  },

  /** The extension stays: something else may have come to use it. */
  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP INDEX IF EXISTS users_parts;
      DROP INDEX credit_holds_id, credit_grants_id, bank_transfers_bank_reference, orders_order_no_beginning,
        users_name_beginning, users_email_beginning;
      ALTER TABLE payments DROP COLUMN payer_index;
    `);
  },
};

/** The payer's address as a keyed hash. Whoever takes the sealed address away takes this away too. */
const payers = `
  ALTER TABLE payments ADD COLUMN payer_index text
    CONSTRAINT payments_payer_index CHECK (payer_index IS NULL OR payer_sealed IS NOT NULL);
  CREATE INDEX payments_payer ON payments (payer_index) WHERE payer_index IS NOT NULL;
`;

const beginnings = `
  CREATE INDEX users_email_beginning ON users (lower(email) text_pattern_ops);
  CREATE INDEX users_name_beginning ON users (lower(name) text_pattern_ops);
  CREATE INDEX orders_order_no_beginning ON orders (order_no text_pattern_ops);
  CREATE INDEX bank_transfers_bank_reference ON bank_transfers (lower(bank_reference) text_pattern_ops);
`;

/** Their primary keys begin with the customer. An entry of the ledger is found by the time that its id begins with. */
const ids = `
  CREATE INDEX credit_grants_id ON credit_grants (id);
  CREATE INDEX credit_holds_id ON credit_holds (id);
`;

const parts = `
  DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
  EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'without pg_trgm, names and addresses are found by their beginnings only: %', SQLERRM;
  END $$;
  DO $$ DECLARE
    place text := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
      WHERE e.extname = 'pg_trgm');
  BEGIN
    IF place IS NOT NULL THEN
      EXECUTE format(
        'CREATE INDEX users_parts ON users USING gin (lower(email) %1$I.gin_trgm_ops, lower(name) %1$I.gin_trgm_ops)',
        place);
    END IF;
  END $$;
`;
