'use strict';

/** Changing plans: what one order pays into another, what comes next, and a plan that was paid for and has yet to begin. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE orders
        DROP CONSTRAINT orders_kind_check,
        ADD CONSTRAINT orders_kind_check CHECK (kind IN ('subscription', 'renewal', 'plan_change', 'credit_pack')),
        ADD COLUMN credited_minor bigint NOT NULL DEFAULT 0 CHECK (credited_minor >= 0);

      ALTER TABLE subscriptions
        DROP CONSTRAINT subscriptions_status_check,
        ADD CONSTRAINT subscriptions_status_check
          CHECK (status IN ('scheduled', 'active', 'past_due', 'paused', 'cancelled', 'expired')),
        ADD COLUMN next_price_id uuid REFERENCES plan_prices,
        ADD CHECK (next_price_id IS NULL OR end_date IS NOT NULL);
      CREATE UNIQUE INDEX subscriptions_one_scheduled ON subscriptions (user_id) WHERE status = 'scheduled';
      CREATE INDEX subscriptions_start_due ON subscriptions (start_date) WHERE status = 'scheduled';
    `);
  },

  /** Refuses while there are rows that the older tables cannot hold. */
  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP INDEX subscriptions_start_due, subscriptions_one_scheduled;
      ALTER TABLE subscriptions
        DROP COLUMN next_price_id,
        DROP CONSTRAINT subscriptions_status_check,
        ADD CONSTRAINT subscriptions_status_check
          CHECK (status IN ('active', 'past_due', 'paused', 'cancelled', 'expired'));
      ALTER TABLE orders
        DROP COLUMN credited_minor,
        DROP CONSTRAINT orders_kind_check,
        ADD CONSTRAINT orders_kind_check CHECK (kind IN ('subscription', 'renewal', 'credit_pack'));
    `);
  },
};
