'use strict';

/** How far a running job is: its counts so far, and when it was last heard of. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE job_runs
        ADD COLUMN told_at timestamptz,
        ADD COLUMN status text NOT NULL GENERATED ALWAYS AS (
          CASE WHEN error IS NOT NULL THEN 'failed' WHEN finished_at IS NOT NULL THEN 'completed' ELSE 'running' END
        ) STORED;
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query('ALTER TABLE job_runs DROP COLUMN told_at, DROP COLUMN status;');
  },
};
