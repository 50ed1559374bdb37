'use strict';

/** Who has which plan until when. The terms (credits, rollover) are copied at purchase and outlive edits of the plan. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE TABLE subscriptions (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users,
        plan_id uuid NOT NULL REFERENCES plans,
        price_id uuid REFERENCES plan_prices,
        order_id uuid REFERENCES orders,
        subscription_type text NOT NULL CHECK (subscription_type IN ('monthly', 'yearly', 'lifetime')),
        status text NOT NULL CHECK (status IN ('active', 'past_due', 'paused', 'cancelled', 'expired')),
        credits_monthly bigint NOT NULL CHECK (credits_monthly >= 0),
        rollover text NOT NULL CHECK (rollover IN ('none', 'capped', 'full')),
        rollover_cap bigint CHECK (rollover_cap >= 0),
        anchor_at timestamptz NOT NULL,
        start_date timestamptz NOT NULL,
        end_date timestamptz,
        quota_resets_at timestamptz,
        cancel_at_period_end boolean NOT NULL DEFAULT false,
        reminded_days integer,
        created_at timestamptz NOT NULL,
        ended_at timestamptz,
        CHECK (end_date > start_date),
        CHECK (price_id IS NULL OR (subscription_type = 'lifetime') = (end_date IS NULL)),
        CHECK ((status IN ('cancelled', 'expired')) = (ended_at IS NOT NULL)),
        CHECK ((rollover = 'capped') = (rollover_cap IS NOT NULL))
      );
      CREATE UNIQUE INDEX subscriptions_one_live ON subscriptions (user_id)
        WHERE status IN ('active', 'past_due', 'paused');
      CREATE INDEX subscriptions_user ON subscriptions (user_id, created_at DESC);
      CREATE INDEX subscriptions_quota_due ON subscriptions (quota_resets_at) WHERE status = 'active';
      CREATE INDEX subscriptions_end_due ON subscriptions (end_date) WHERE status IN ('active', 'past_due');

      ALTER TABLE orders ADD COLUMN subscription_id uuid REFERENCES subscriptions;
      CREATE INDEX orders_subscription ON orders (subscription_id) WHERE subscription_id IS NOT NULL;
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE orders DROP COLUMN subscription_id;
      DROP TABLE subscriptions;
    `);
  },
};
