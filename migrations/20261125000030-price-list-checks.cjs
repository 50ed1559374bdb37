'use strict';

/**
 * A price list or a threshold that no consumption could work with is refused where it is written, so that it cannot make
 * one fail later.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(`
      -- Looks at the text of a number: 1.0 is whole too, and no bigint.
      CREATE FUNCTION is_price_list(p_prices jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT CASE WHEN jsonb_typeof(p_prices) = 'object' THEN NOT EXISTS (
          SELECT FROM jsonb_each(p_prices) price (feature, credits)
          WHERE char_length(feature) NOT BETWEEN 1 AND 100
            OR jsonb_typeof(credits) <> 'number'
            OR credits #>> '{}' !~ '^([1-9][0-9]{0,8}|1000000000)$'
        ) ELSE false END
      $$;
      ALTER TABLE plans
        ADD CONSTRAINT plans_feature_prices_are_credits CHECK (is_price_list(feature_prices)),
        ADD CONSTRAINT plans_alert_percents_are_known CHECK (array_position(alert_percents, NULL) IS NULL);
    `);
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(`
      ALTER TABLE plans
        DROP CONSTRAINT plans_feature_prices_are_credits,
        DROP CONSTRAINT plans_alert_percents_are_known;
      DROP FUNCTION is_price_list;
    `);
  },
};
