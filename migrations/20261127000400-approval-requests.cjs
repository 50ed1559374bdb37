'use strict';

/** What one member of staff wants done and another has to decide: large refunds and adjustments of credits. */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      CREATE TABLE approval_requests (
        id uuid PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('refund', 'adjustment')),
        status text NOT NULL DEFAULT 'pending'
          CHECK (status IN ('pending', 'approved', 'rejected', 'expired', 'withdrawn', 'failed')),
        user_id uuid NOT NULL REFERENCES users,
        order_id uuid REFERENCES orders,
        amount_minor bigint CHECK (amount_minor > 0),
        currency char(3) CHECK (currency ~ '^[A-Z]{3}$'),
        credits bigint CHECK (credits <> 0),
        parameters jsonb NOT NULL,
        shown jsonb NOT NULL,
        reason text NOT NULL CHECK (length(btrim(reason)) > 0),
        requested_by uuid NOT NULL REFERENCES staff,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        decided_by uuid REFERENCES staff,
        decided_at timestamptz,
        decision text CHECK (length(btrim(decision)) > 0),
        failure text,
        refund_id uuid UNIQUE REFERENCES refunds,
        CHECK (expires_at > created_at),
        CHECK (num_nulls(order_id, amount_minor, currency) = CASE kind WHEN 'refund' THEN 0 ELSE 3 END),
        CHECK ((kind = 'adjustment') = (credits IS NOT NULL)),
        CHECK ((status = 'pending') = (decided_at IS NULL)),
        CHECK ((status IN ('pending', 'expired')) = (decided_by IS NULL)),
        CHECK ((decided_by IS NULL) = (decision IS NULL)),
        CHECK ((status = 'failed') = (failure IS NOT NULL)),
        CHECK ((kind = 'refund' AND status = 'approved') = (refund_id IS NOT NULL)),
        CONSTRAINT approval_requests_two_people CHECK ((decided_by = requested_by) = (status = 'withdrawn'))
      );
      -- Two people who ask for the same refund would have it made twice.
      CREATE UNIQUE INDEX approval_requests_one_refund ON approval_requests (order_id) WHERE status = 'pending';
      CREATE INDEX approval_requests_created_at ON approval_requests (created_at DESC, id DESC);
      CREATE INDEX approval_requests_user ON approval_requests (user_id, created_at DESC);
      CREATE INDEX approval_requests_order ON approval_requests (order_id) WHERE order_id IS NOT NULL;
      CREATE INDEX approval_requests_pending ON approval_requests (expires_at) WHERE status = 'pending';

      CREATE FUNCTION keep_decided_approval() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'a request that was decided never changes' USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER approval_requests_decided BEFORE UPDATE OR DELETE ON approval_requests
        FOR EACH ROW WHEN (OLD.status <> 'pending') EXECUTE FUNCTION keep_decided_approval();
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      DROP TABLE approval_requests;
      DROP FUNCTION keep_decided_approval();
    `);
  },
};
