'use strict';

/**
 * The audit log becomes a chain: each entry carries its number, the hash of the entry before it and its own, over all of
 * its columns. An entry is sealed when its transaction commits, under the lock of `audit_head`: so numbers have no gaps,
 * and nobody waits for anybody's whole transaction. What was sealed cannot be changed or removed past the triggers
 * without breaking the chain, and the head says where it ends.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(columns + functions + existing + triggers);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP TRIGGER audit_log_seal ON audit_log;
      DROP TRIGGER audit_log_no_delete ON audit_log;
      DROP TRIGGER audit_log_append_only ON audit_log;
      CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
        FOR EACH ROW EXECUTE FUNCTION refuse_change();
      DROP FUNCTION audit_seal();
      DROP FUNCTION audit_refuse_change();
      DROP FUNCTION audit_hash(audit_log);
      DROP TABLE audit_head;
      DROP INDEX audit_log_staff;
      ALTER TABLE audit_log DROP COLUMN seq, DROP COLUMN prev_hash, DROP COLUMN hash;
    `);
  },
};

const columns = `
  ALTER TABLE audit_log ADD COLUMN seq bigint UNIQUE, ADD COLUMN prev_hash text, ADD COLUMN hash text;
  CREATE INDEX audit_log_staff ON audit_log (staff_id, created_at DESC);

  CREATE TABLE audit_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint NOT NULL,
    hash text NOT NULL
  );
  INSERT INTO audit_head (seq, hash) VALUES (0, repeat('0', 64));
`;

const functions = `
  -- One text per content: jsonb writes its keys in one order, and times are in UTC to the microsecond.
  CREATE FUNCTION audit_hash(entry audit_log) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(jsonb_build_array(
      entry.seq, entry.prev_hash, entry.id, entry.staff_id, entry.actor, entry.action, entry.subject_type,
      entry.subject_id, entry.reason, entry.before, entry.after, entry.address,
      to_char(entry.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    )::text, 'UTF8')), 'hex')
  $$;

  CREATE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    entry audit_log := NEW;
  BEGIN
    SELECT seq + 1, hash INTO entry.seq, entry.prev_hash FROM audit_head FOR UPDATE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the chain of the audit log has no end to go on from: audit_head is empty';
    END IF;
    entry.hash := audit_hash(entry);
    UPDATE audit_log SET seq = entry.seq, prev_hash = entry.prev_hash, hash = entry.hash WHERE id = entry.id;
    UPDATE audit_head SET seq = entry.seq, hash = entry.hash;
    RETURN NULL;
  END $$;

  -- The one change there is: the seal on an entry that has none.
  CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    unsealed audit_log := NEW;
  BEGIN
    unsealed.seq := NULL;
    unsealed.prev_hash := NULL;
    unsealed.hash := NULL;
    IF OLD.seq IS NULL AND OLD IS NOT DISTINCT FROM unsealed THEN
      RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
  END $$;
`;

/** In the order in which they were written, as far as it is known. */
const existing = `
  ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only;
  DO $$
  DECLARE
    entry audit_log;
    head audit_head;
  BEGIN
    SELECT * INTO head FROM audit_head;
    FOR entry IN SELECT * FROM audit_log ORDER BY created_at, id LOOP
      head.seq := head.seq + 1;
      entry.seq := head.seq;
      entry.prev_hash := head.hash;
      head.hash := audit_hash(entry);
      UPDATE audit_log SET seq = entry.seq, prev_hash = entry.prev_hash, hash = head.hash WHERE id = entry.id;
    END LOOP;
    UPDATE audit_head SET seq = head.seq, hash = head.hash;
  END $$;
`;

const triggers = `
  DROP TRIGGER audit_log_append_only ON audit_log;
  CREATE TRIGGER audit_log_append_only BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
  CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
  CREATE CONSTRAINT TRIGGER audit_log_seal AFTER INSERT ON audit_log DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_seal();
  CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
`;
