'use strict';

/** Who stays at a price is counted on the page of its plan, and before it is taken off sale. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE INDEX subscriptions_live_price ON subscriptions (price_id)
        WHERE price_id IS NOT NULL AND status IN ('scheduled', 'active', 'past_due', 'paused');
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query('DROP INDEX subscriptions_live_price;');
  },
};
