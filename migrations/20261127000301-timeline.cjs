'use strict';

/**
 * What a customer's timeline reads. Consumption, which is nearly all of the ledger, is not in its index; so spending costs
 * what it did.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE INDEX credit_transactions_moves ON credit_transactions (user_id, created_at DESC)
        WHERE type IN ('earn', 'expire', 'clawback', 'adjust');
      CREATE INDEX incidents_capture ON incidents ((details ->> 'capture'));
      CREATE INDEX incidents_order ON incidents ((details ->> 'order'));
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query('DROP INDEX incidents_order, incidents_capture, credit_transactions_moves;');
  },
};
