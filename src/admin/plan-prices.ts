import { QueryTypes } from 'sequelize';
import type { Services } from '../billing/services.ts';

/** A price of a plan, on sale or archived, and who has it. */
export interface PriceWithHolders {
  id: string;
  subscriptionType: string;
  currency: string;
  amountMinor: number;
  isActive: boolean;
  /** Subscriptions at this price that run or have been paid ahead. */
  holders: number;
}

const prices = `
  SELECT p.id, p.subscription_type AS "subscriptionType", p.currency, p.amount_minor AS "amountMinor",
    p.is_active AS "isActive", (
      SELECT count(*) FROM subscriptions s
      WHERE s.price_id = p.id AND s.status IN ('scheduled', 'active', 'past_due', 'paused')
    ) AS holders
  FROM plan_prices p`;

/** Those on sale first; of the archived ones only those that somebody still has. */
export async function readPlanPrices({ db }: Services, planId: string): Promise<PriceWithHolders[]> {
  const statement = `SELECT * FROM (${prices} WHERE p.plan_id = $planId) priced WHERE "isActive" OR holders > 0
    ORDER BY "isActive" DESC, array_position(ARRAY['monthly', 'yearly', 'lifetime'], "subscriptionType"), currency,
      "amountMinor"`;
  return db.sequelize.query<PriceWithHolders>(statement, { type: QueryTypes.SELECT, bind: { planId } });
}

/** → how many subscriptions stay at a price */
export async function countHolders({ db }: Services, priceId: string): Promise<number> {
  const bind = { priceId };
  const [row] = await db.sequelize.query<PriceWithHolders>(`${prices} WHERE p.id = $priceId`, {
    type: QueryTypes.SELECT,
    bind,
  });
  return row?.holders ?? 0;
}
