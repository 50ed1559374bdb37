'use strict';

/**
 * What is too much is not told to the last credit: the dearest feature a thousand million times is a number that the
 * application does not take from the database, so the caller got an error of ours in the place of theirs.
 */
module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query(price('CASE WHEN exact > 1000000000 THEN 1000000001 ELSE exact END'));
  },

  async down(queryInterface) {
    await queryInterface.sequelize.query(price('exact'));
  },
};

const price = (cost) => `
  CREATE OR REPLACE FUNCTION credits_price(
    p_prices jsonb, p_feature text, p_quantity bigint, p_amount bigint, OUT refusal text, OUT cost bigint
  ) LANGUAGE plpgsql IMMUTABLE AS $$
  DECLARE
    exact numeric := (p_prices ->> p_feature)::numeric * coalesce(p_quantity, 1);
  BEGIN
    IF p_prices IS NULL THEN
      cost := p_amount;
      refusal := CASE WHEN p_amount IS NULL THEN 'no_price_list' END;
      RETURN;
    END IF;
    cost := ${cost};
    refusal := CASE
      WHEN cost IS NULL THEN 'unknown_feature'
      WHEN cost > 1000000000 THEN 'too_much'
      WHEN cost <> p_amount THEN 'amount_mismatch'
    END;
  END $$;
`;
