'use strict';

/**
 * An open order answers several requests, each under its own key; a paid order knows the one that it repeats, and a refund
 * whether it ends the subscription.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE TABLE order_requests (
        user_id uuid NOT NULL REFERENCES users,
        idempotency_key text NOT NULL,
        fingerprint text NOT NULL,
        order_id uuid NOT NULL REFERENCES orders,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, idempotency_key)
      );
      INSERT INTO order_requests (user_id, idempotency_key, fingerprint, order_id, created_at)
        SELECT user_id, idempotency_key, idempotency_fingerprint, id, created_at
        FROM orders WHERE idempotency_key IS NOT NULL AND idempotency_fingerprint IS NOT NULL;
      ALTER TABLE orders
        DROP COLUMN idempotency_key,
        DROP COLUMN idempotency_fingerprint,
        ADD COLUMN duplicate_of uuid REFERENCES orders CHECK (duplicate_of <> id);
      ALTER TABLE refunds ADD COLUMN ends_subscription boolean;
    `);
  },

  /** An order has room for one key again: its first. */
  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE refunds DROP COLUMN ends_subscription;
      ALTER TABLE orders
        DROP COLUMN duplicate_of,
        ADD COLUMN idempotency_key text,
        ADD COLUMN idempotency_fingerprint text,
        ADD UNIQUE (user_id, idempotency_key);
      UPDATE orders SET idempotency_key = first.idempotency_key, idempotency_fingerprint = first.fingerprint
        FROM (SELECT DISTINCT ON (order_id) * FROM order_requests ORDER BY order_id, created_at, idempotency_key) first
        WHERE first.order_id = orders.id;
      DROP TABLE order_requests;
    `);
  },
};
