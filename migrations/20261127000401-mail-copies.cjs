'use strict';

/** A mail that staff sent again names the one that it is a copy of. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE emails ADD COLUMN copy_of uuid REFERENCES emails;
      CREATE INDEX emails_copy_of ON emails (copy_of) WHERE copy_of IS NOT NULL;
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query('ALTER TABLE emails DROP COLUMN copy_of;');
  },
};
