'use strict';

/**
 * The figures of business by day, so that the dashboard reads a few thousand rows instead of millions; and the indexes by
 * which one day of each table is found. See record 41.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      -- Dimension: a currency, or why payments failed; empty where there is none. A day without a row counts nothing.
      CREATE TABLE metrics_daily (
        day date NOT NULL,
        metric text NOT NULL,
        dimension text NOT NULL DEFAULT '',
        value bigint NOT NULL,
        PRIMARY KEY (day, metric, dimension)
      );

      -- The days that were computed, also those on which nothing happened.
      CREATE TABLE metric_days (
        day date PRIMARY KEY,
        computed_at timestamptz NOT NULL
      );

      CREATE INDEX payments_begun ON payments (created_at);
      CREATE INDEX payments_taken ON payments (completed_at) INCLUDE (currency, amount_minor) WHERE status = 'completed';
      CREATE INDEX refunds_given ON refunds (completed_at) INCLUDE (currency, amount_minor) WHERE status = 'completed';
      CREATE INDEX subscriptions_paid_start ON subscriptions (start_date) WHERE price_id IS NOT NULL;
      CREATE INDEX subscriptions_paid_end ON subscriptions (ended_at)
        WHERE price_id IS NOT NULL AND ended_at IS NOT NULL;
      CREATE INDEX emails_failed ON emails (created_at) WHERE status = 'failed';
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP INDEX emails_failed, subscriptions_paid_end, subscriptions_paid_start, refunds_given, payments_taken,
        payments_begun;
      DROP TABLE metric_days, metrics_daily;
    `);
  },
};
