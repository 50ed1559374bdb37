'use strict';

/** How much money an incident is about, where it is about money. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE incidents
        ADD COLUMN amount_minor bigint CHECK (amount_minor >= 0),
        ADD COLUMN currency char(3) CHECK (currency ~ '^[A-Z]{3}$'),
        ADD CONSTRAINT incidents_money CHECK ((amount_minor IS NULL) = (currency IS NULL));
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE incidents DROP CONSTRAINT incidents_money, DROP COLUMN amount_minor, DROP COLUMN currency;
    `);
  },
};
