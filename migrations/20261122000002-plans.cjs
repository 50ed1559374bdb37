'use strict';

/** What is for sale. A price is never edited in place: a new row replaces it, so that what was sold stays readable. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE TABLE plans (
        id uuid PRIMARY KEY,
        plan_code text NOT NULL UNIQUE CHECK (plan_code ~ '^[a-z0-9][a-z0-9-]{0,49}$'),
        names jsonb NOT NULL CHECK (names ? 'en'),
        descriptions jsonb NOT NULL DEFAULT '{"en": ""}',
        features jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(features) = 'array'),
        credits_monthly bigint NOT NULL CHECK (credits_monthly >= 0),
        rollover text NOT NULL DEFAULT 'none' CHECK (rollover IN ('none', 'capped', 'full')),
        rollover_cap bigint CHECK (rollover_cap >= 0),
        is_popular boolean NOT NULL DEFAULT false,
        is_active boolean NOT NULL DEFAULT true,
        sort_order integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CHECK ((rollover = 'capped') = (rollover_cap IS NOT NULL))
      );

      CREATE TABLE plan_prices (
        id uuid PRIMARY KEY,
        plan_id uuid NOT NULL REFERENCES plans,
        subscription_type text NOT NULL CHECK (subscription_type IN ('monthly', 'yearly', 'lifetime')),
        currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        is_active boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL,
        archived_at timestamptz,
        CHECK (is_active = (archived_at IS NULL))
      );
      CREATE UNIQUE INDEX plan_prices_one_active ON plan_prices (plan_id, subscription_type, currency) WHERE is_active;

      CREATE TABLE credit_packs (
        id uuid PRIMARY KEY,
        pack_code text NOT NULL UNIQUE CHECK (pack_code ~ '^[a-z0-9][a-z0-9-]{0,49}$'),
        names jsonb NOT NULL CHECK (names ? 'en'),
        credits bigint NOT NULL CHECK (credits > 0),
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        validity_days integer CHECK (validity_days > 0),
        is_active boolean NOT NULL DEFAULT true,
        sort_order integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      );
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query('DROP TABLE credit_packs, plan_prices, plans;');
  },
};
