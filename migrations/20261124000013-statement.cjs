'use strict';

/** When the gateway's statement was first seen to name the money: a statement that named it once has named it. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE payments ADD COLUMN stated_at timestamptz;
      ALTER TABLE refunds ADD COLUMN stated_at timestamptz;
      CREATE INDEX payments_not_stated ON payments (id) WHERE status = 'completed' AND stated_at IS NULL;
      CREATE INDEX refunds_not_stated ON refunds (id) WHERE status = 'completed' AND stated_at IS NULL;
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP INDEX payments_not_stated;
      DROP INDEX refunds_not_stated;
      ALTER TABLE payments DROP COLUMN stated_at;
      ALTER TABLE refunds DROP COLUMN stated_at;
    `);
  },
};
