'use strict';

/** What the books, the gateway or a job could not settle by themselves, for a person to look at. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE TABLE incidents (
        id uuid PRIMARY KEY,
        key text NOT NULL UNIQUE,
        kind text NOT NULL,
        subject_type text NOT NULL,
        subject_id text NOT NULL,
        summary text NOT NULL,
        expected text,
        found text,
        details jsonb,
        status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved')),
        occurrences integer NOT NULL DEFAULT 1 CHECK (occurrences > 0),
        first_seen_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        resolved_at timestamptz,
        resolved_by uuid REFERENCES staff,
        resolution text,
        CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
        CHECK (resolved_by IS NULL OR length(btrim(resolution)) > 0)
      );
      CREATE INDEX incidents_open ON incidents (last_seen_at DESC, id DESC) WHERE status = 'open';
      CREATE INDEX incidents_last_seen_at ON incidents (last_seen_at DESC, id DESC);
      CREATE INDEX incidents_subject ON incidents (subject_type, subject_id);
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query('DROP TABLE incidents;');
  },
};
