'use strict';

/** Since when a payment's end hangs on the gateway, and when a webhook was last tried: the schedule runs from there. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE payments ADD COLUMN waiting_since timestamptz;
      UPDATE payments SET waiting_since = created_at WHERE status = 'processing';
      ALTER TABLE provider_events ADD COLUMN checked_at timestamptz;
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE provider_events DROP COLUMN checked_at;
      ALTER TABLE payments DROP COLUMN waiting_since;
    `);
  },
};
