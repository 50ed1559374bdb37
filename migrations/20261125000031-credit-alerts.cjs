'use strict';

/**
 * An alert has an id for the panel, and says what came of it; and a crossing neither waits for the job that works the
 * earlier ones off, nor is one where there is no quota.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE credit_alerts
        ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
        ADD COLUMN outcome text
          CHECK (outcome IN ('mailed', 'mailed_before', 'unwanted', 'not_active', 'recovered', 'over'));
      UPDATE credit_alerts SET outcome = 'over' WHERE handled_at IS NOT NULL;
      ALTER TABLE credit_alerts
        ADD CONSTRAINT credit_alerts_handled_check CHECK ((handled_at IS NULL) = (outcome IS NULL)),
        ADD CONSTRAINT credit_alerts_user_id_id_key UNIQUE (user_id, id);
      CREATE INDEX credit_alerts_time ON credit_alerts (raised_at);
      ${raiseAlerts({ quota: 'b.quota_reset_at IS NULL OR b.monthly_quota = 0', unless: unlessRaised })}
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      ${raiseAlerts({ quota: 'b.quota_reset_at IS NULL', unless: '' })}
      DROP INDEX credit_alerts_time;
      ALTER TABLE credit_alerts
        DROP CONSTRAINT credit_alerts_handled_check,
        DROP CONSTRAINT credit_alerts_user_id_id_key,
        DROP COLUMN outcome,
        DROP COLUMN id;
    `);
  },
};

/**
 * ON CONFLICT alone would wait for a job that is just marking the earlier alert as handled, with the balance locked. Who
 * raises alerts has that lock, so what is not there now does not come.
 */
const unlessRaised = `AND NOT EXISTS (
        SELECT FROM credit_alerts a
        WHERE a.user_id = p_user AND a.period_end = b.quota_reset_at AND a.percent = step.percent
      )`;

const raiseAlerts = ({ quota, unless }) => `
  CREATE OR REPLACE FUNCTION credits_raise_alerts(p_user uuid, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    b credit_balances;
  BEGIN
    SELECT * INTO b FROM credit_balances WHERE user_id = p_user;
    IF ${quota} THEN
      UPDATE credit_balances SET alert_at = NULL WHERE user_id = p_user AND alert_at IS NOT NULL;
      RETURN;
    END IF;
    INSERT INTO credit_alerts (user_id, period_end, percent, threshold, available, monthly_quota, raised_at)
    SELECT p_user, b.quota_reset_at, step.percent, b.monthly_quota * step.percent / 100, b.available, b.monthly_quota,
      p_now
    FROM plans p, unnest(p.alert_percents) step (percent)
    WHERE p.id = b.plan_id AND b.available <= b.monthly_quota * step.percent / 100
      ${unless}
    ON CONFLICT DO NOTHING;
    UPDATE credit_balances SET alert_at = (
      SELECT max(b.monthly_quota * step.percent / 100) FROM plans p, unnest(p.alert_percents) step (percent)
      WHERE p.id = b.plan_id AND NOT EXISTS (
        SELECT FROM credit_alerts a
        WHERE a.user_id = p_user AND a.period_end = b.quota_reset_at AND a.percent = step.percent
      )
    ) WHERE user_id = p_user;
  END $$;
`;
