'use strict';

/** When a payment was last compared with the gateway: a run that was broken off goes on where it was. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE payments ADD COLUMN compared_at timestamptz;
      CREATE INDEX payments_to_compare ON payments (created_at) WHERE provider_order_id IS NOT NULL;
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP INDEX payments_to_compare;
      ALTER TABLE payments DROP COLUMN compared_at;
    `);
  },
};
