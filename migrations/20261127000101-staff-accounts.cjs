'use strict';

/**
 * Staff come by invitation, sign in with a second factor, are locked out after failures, and have sessions that can be
 * listed and ended. Until somebody has chosen a password they are `invited` and have none.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE staff
        ALTER COLUMN password_hash DROP NOT NULL,
        DROP CONSTRAINT staff_status_check,
        ADD CONSTRAINT staff_status_check CHECK (status IN ('invited', 'active', 'disabled')),
        ADD CONSTRAINT staff_active_has_password CHECK (status <> 'active' OR password_hash IS NOT NULL),
        ADD COLUMN invited_at timestamptz,
        ADD COLUMN totp_sealed text,
        ADD COLUMN totp_step bigint,
        ADD COLUMN totp_enrolled_at timestamptz,
        ADD CONSTRAINT staff_totp_check CHECK ((totp_sealed IS NULL) = (totp_enrolled_at IS NULL)),
        ADD COLUMN failures timestamptz[] NOT NULL DEFAULT '{}',
        ADD COLUMN locked_until timestamptz;

      CREATE TABLE staff_invitations (
        id uuid PRIMARY KEY,
        staff_id uuid NOT NULL REFERENCES staff,
        kind text NOT NULL CHECK (kind IN ('invitation', 'reset')),
        token_hash text NOT NULL UNIQUE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz,
        withdrawn_at timestamptz,
        CHECK (used_at IS NULL OR withdrawn_at IS NULL)
      );
      -- A new link takes the place of the one before it.
      CREATE UNIQUE INDEX staff_invitations_open ON staff_invitations (staff_id)
        WHERE used_at IS NULL AND withdrawn_at IS NULL;

      CREATE TABLE staff_recovery_codes (
        staff_id uuid NOT NULL REFERENCES staff,
        code_hash text NOT NULL,
        created_at timestamptz NOT NULL,
        used_at timestamptz,
        PRIMARY KEY (staff_id, code_hash)
      );

      CREATE TABLE staff_sessions (
        id uuid PRIMARY KEY,
        staff_id uuid NOT NULL REFERENCES staff,
        role text NOT NULL,
        begun_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        address text,
        browser text,
        ended_at timestamptz,
        ended_by uuid REFERENCES staff
      );
      CREATE INDEX staff_sessions_open ON staff_sessions (staff_id) WHERE ended_at IS NULL;
      CREATE INDEX staff_sessions_begun_at ON staff_sessions (begun_at DESC, id DESC);
      CREATE INDEX staff_sessions_last_seen_at ON staff_sessions (last_seen_at DESC, id DESC);
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM staff WHERE password_hash IS NULL) THEN
          RAISE EXCEPTION 'some staff have not chosen a password yet, which the schema before this one does not know';
        END IF;
      END $$;
      DROP TABLE staff_sessions, staff_recovery_codes, staff_invitations;
      ALTER TABLE staff
        DROP CONSTRAINT staff_totp_check,
        DROP COLUMN locked_until, DROP COLUMN failures, DROP COLUMN totp_enrolled_at, DROP COLUMN totp_step,
        DROP COLUMN totp_sealed, DROP COLUMN invited_at,
        DROP CONSTRAINT staff_active_has_password,
        DROP CONSTRAINT staff_status_check,
        ADD CONSTRAINT staff_status_check CHECK (status IN ('active', 'disabled')),
        ALTER COLUMN password_hash SET NOT NULL;
    `);
  },
};
