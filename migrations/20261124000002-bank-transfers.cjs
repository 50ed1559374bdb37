'use strict';

/** Bank transfers, in and out: what was asked for, what staff read from the bank's statement, and who confirmed it. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE TABLE bank_transfers (
        id uuid PRIMARY KEY,
        request_id uuid NOT NULL UNIQUE,
        direction text NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
        status text NOT NULL DEFAULT 'awaiting' CHECK (status IN ('awaiting', 'recorded', 'confirmed')),
        order_id uuid NOT NULL REFERENCES orders,
        original_id uuid REFERENCES bank_transfers,
        reference text NOT NULL,
        account text,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        bank_reference text CHECK (length(btrim(bank_reference)) > 0),
        bank_date date,
        bank_amount_minor bigint CHECK (bank_amount_minor > 0),
        bank_currency char(3) CHECK (bank_currency ~ '^[A-Z]{3}$'),
        recorded_by uuid REFERENCES staff,
        recorded_at timestamptz,
        confirmed_by uuid REFERENCES staff,
        confirmed_at timestamptz,
        created_at timestamptz NOT NULL,
        CHECK ((direction = 'incoming') = (original_id IS NULL)),
        CHECK ((direction = 'incoming') = (account IS NOT NULL)),
        CHECK (num_nulls(bank_reference, bank_date, bank_amount_minor, bank_currency, recorded_by, recorded_at)
          = CASE status WHEN 'awaiting' THEN 6 ELSE 0 END),
        CHECK (num_nulls(confirmed_by, confirmed_at) = CASE status WHEN 'confirmed' THEN 0 ELSE 2 END),
        CONSTRAINT bank_transfers_two_people CHECK (confirmed_by <> recorded_by),
        CHECK (direction = 'incoming' OR (bank_amount_minor = amount_minor AND bank_currency = currency))
      );
      CREATE UNIQUE INDEX bank_transfers_reference ON bank_transfers (reference) WHERE direction = 'incoming';
      -- One line of the bank's statement pays one order.
      CREATE UNIQUE INDEX bank_transfers_statement_line ON bank_transfers (direction, bank_reference, bank_date);
      CREATE INDEX bank_transfers_created_at ON bank_transfers (created_at DESC, id DESC);
      CREATE INDEX bank_transfers_order ON bank_transfers (order_id);
      CREATE INDEX bank_transfers_original ON bank_transfers (original_id) WHERE original_id IS NOT NULL;
      CREATE INDEX bank_transfers_recorded ON bank_transfers (recorded_at) WHERE status = 'recorded';

      CREATE FUNCTION keep_confirmed_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'a bank transfer that two people confirmed never changes' USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER bank_transfers_confirmed BEFORE UPDATE OR DELETE ON bank_transfers
        FOR EACH ROW WHEN (OLD.status = 'confirmed') EXECUTE FUNCTION keep_confirmed_transfer();
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP TABLE bank_transfers;
      DROP FUNCTION keep_confirmed_transfer();
    `);
  },
};
