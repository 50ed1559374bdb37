'use strict';

/** The outbox, and the record that makes a tick of the clock happen once. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE TABLE emails (
        id uuid PRIMARY KEY,
        user_id uuid REFERENCES users,
        template text NOT NULL,
        locale text NOT NULL,
        to_address text NOT NULL,
        data jsonb NOT NULL,
        dedupe_key text NOT NULL UNIQUE,
        status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed')),
        attempts integer NOT NULL DEFAULT 0,
        subject text,
        error text,
        claimed_until timestamptz,
        created_at timestamptz NOT NULL,
        sent_at timestamptz,
        CHECK ((status = 'sent') = (sent_at IS NOT NULL))
      );
      CREATE INDEX emails_created_at ON emails (created_at DESC, id DESC);
      CREATE INDEX emails_pending ON emails (created_at) WHERE status = 'pending';
      CREATE INDEX emails_user ON emails (user_id, created_at DESC);

      CREATE TABLE job_runs (
        id uuid PRIMARY KEY,
        job text NOT NULL,
        scheduled_for timestamptz NOT NULL,
        started_at timestamptz NOT NULL,
        finished_at timestamptz,
        counts jsonb,
        error text,
        UNIQUE (job, scheduled_for)
      );
      CREATE INDEX job_runs_started_at ON job_runs (started_at DESC, id DESC);
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query('DROP TABLE job_runs, emails;');
  },
};
