'use strict';

/**
 * Every order that the panel's lists offer is an index with its tie-breaker, read in either direction, and so are the
 * filters that leave few rows of a large table. On tables whose rows are updated with every consumption no index looks at
 * what changes there. Sorted with the rows that come, an index on time costs an insert little: the right-most page of it.
 */
module.exports = {
  async up(queryInterface) {
    const sql = indexes.map(([name, on]) => `CREATE INDEX ${name} ON ${on};`).join('\n');
    await queryInterface.sequelize.query(sql + trigrams);
  },

  async down(queryInterface) {
    const names = [...indexes.map(([name]) => name), 'users_email_trigrams', 'users_name_trigrams'];
    // The extension stays: something else may use it by now.
    await queryInterface.sequelize.query(`DROP INDEX IF EXISTS ${names.join(', ')};`);
  },
};

const indexes = [
  ['users_email_order', 'users (email, id)'],
  ['users_status', 'users (status, created_at, id)'],
  ['subscriptions_created_at', 'subscriptions (created_at, id)'],
  ['subscriptions_end_date', 'subscriptions (end_date, id)'],
  ['subscriptions_status', 'subscriptions (status, created_at, id)'],
  ['orders_status', 'orders (status, created_at, id)'],
  ['orders_order_no', 'orders (order_no text_pattern_ops)'],
  ['payments_created_at', 'payments (created_at, id)'],
  ['payments_status', 'payments (status, created_at, id)'],
  ['payments_provider_order', 'payments (provider_order_id text_pattern_ops)'],
  ['payments_provider_capture', 'payments (provider_capture_id text_pattern_ops)'],
  ['refunds_created_at', 'refunds (created_at, id)'],
  ['refunds_provider_refund', 'refunds (provider_refund_id text_pattern_ops)'],
  ['credit_transactions_created_at', 'credit_transactions (created_at, id)'],
  ['credit_grants_created_at', 'credit_grants (created_at, id)'],
  ['credit_grants_expires_at', 'credit_grants (expires_at, id)'],
  ['credit_holds_created_at', 'credit_holds (created_at, id)'],
  ['credit_holds_expires_at', 'credit_holds (expires_at, id)'],
  ['credit_alerts_raised_at', 'credit_alerts (raised_at, id)'],
  ['emails_status', 'emails (status, created_at, id)'],
  ['emails_to_address', 'emails (to_address text_pattern_ops)'],
  ['provider_events_event', 'provider_events (event_id text_pattern_ops)'],
  ['incidents_status', 'incidents (status, last_seen_at, id)'],
];

/**
 * They find any part of an address or a name. A database whose owner may not add the extension, or that does not have it,
 * goes without: the same filters read the whole table there, and end when that takes too long.
 */
const trigrams = `
  DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
  EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'pg_trgm is not there: filters by part of an e-mail address read the whole table';
  END $$;
  DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_opclass WHERE opcname = 'gin_trgm_ops' AND pg_opclass_is_visible(oid)) THEN
      CREATE INDEX users_email_trigrams ON users USING gin (email gin_trgm_ops);
      CREATE INDEX users_name_trigrams ON users USING gin (name gin_trgm_ops);
    END IF;
  END $$;
`;
