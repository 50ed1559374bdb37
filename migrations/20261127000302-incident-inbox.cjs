'use strict';

/** Who looks after an incident, and what was said about it. What somebody said stays said. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE incidents
        ADD COLUMN assigned_to uuid REFERENCES staff,
        ADD COLUMN assigned_at timestamptz,
        ADD CONSTRAINT incidents_assigned CHECK ((assigned_to IS NULL) = (assigned_at IS NULL));
      CREATE INDEX incidents_assigned_to ON incidents (assigned_to, status, last_seen_at DESC);

      CREATE TABLE incident_comments (
        id uuid PRIMARY KEY,
        incident_id uuid NOT NULL REFERENCES incidents ON DELETE CASCADE,
        staff_id uuid NOT NULL REFERENCES staff,
        body text NOT NULL CHECK (length(btrim(body)) BETWEEN 1 AND 2000),
        created_at timestamptz NOT NULL
      );
      CREATE INDEX incident_comments_incident ON incident_comments (incident_id, created_at, id);
      CREATE TRIGGER incident_comments_append_only BEFORE UPDATE ON incident_comments
        FOR EACH ROW EXECUTE FUNCTION refuse_change();
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP TABLE incident_comments;
      ALTER TABLE incidents
        DROP CONSTRAINT incidents_assigned,
        DROP COLUMN assigned_at,
        DROP COLUMN assigned_to;
    `);
  },
};
