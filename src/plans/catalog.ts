import { literal, Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { CreditPack } from './credit-pack.model.ts';
import { Plan } from './plan.model.ts';
import { PlanPrice } from './plan-price.model.ts';
import type { SubscriptionType } from './plan-terms.ts';
import { PlanUnavailable } from '../kit/errors.ts';

export type { CreditPack } from './credit-pack.model.ts';
export type { Plan } from './plan.model.ts';
export type { PlanPrice } from './plan-price.model.ts';

export const defaultCurrency = 'USD';

/** A plan with what it costs now, in one currency. An interval that is not offered has no price. */
export interface OfferedPlan {
  plan: Plan;
  prices: Partial<Record<SubscriptionType, PlanPrice>>;
  /** All that it is sold in: none when it is free. */
  currencies: string[];
}

/** The plans that are for sale, in the order of the pricing page. */
export async function listPlans(currency = defaultCurrency): Promise<OfferedPlan[]> {
  const [plans, prices] = await Promise.all([
    Plan.findAll({
      where: { isActive: true },
      order: [
        ['sortOrder', 'ASC'],
        ['planCode', 'ASC'],
      ],
    }),
    PlanPrice.findAll({ where: { isActive: true } }),
  ]);
  return plans.map((plan) => {
    const all = prices.filter((price) => price.planId === plan.id);
    const offered = all.filter((price) => price.currency === currency);
    return {
      plan,
      prices: Object.fromEntries(offered.map((price) => [price.subscriptionType, price])),
      currencies: inOrder(all.map((price) => price.currency)),
    };
  });
}

/** What plans are sold in, the default first. */
export async function currenciesOnSale(): Promise<string[]> {
  const active = literal('(SELECT id FROM plans WHERE is_active)');
  const where = { isActive: true, planId: { [Op.in]: active } };
  const sold = await PlanPrice.findAll({ attributes: ['currency'], where, group: ['currency'] });
  return inOrder(sold.map(({ currency }) => currency));
}

function inOrder(currencies: readonly string[]): string[] {
  const others = [...new Set(currencies)].filter((currency) => currency !== defaultCurrency).sort();
  return currencies.includes(defaultCurrency) ? [defaultCurrency, ...others] : others;
}

export type PlanReference = { planId: string } | { planCode: string };

/** What a plan costs at one interval. @throws PlanUnavailable when it is not for sale */
export async function findOffer(
  reference: PlanReference,
  type: SubscriptionType,
  currency = defaultCurrency,
): Promise<{ plan: Plan; price: PlanPrice }> {
  const where = 'planId' in reference ? { id: reference.planId } : { planCode: reference.planCode };
  const plan = await Plan.findOne({ where: { ...where, isActive: true } });
  if (plan === null) throw new PlanUnavailable('There is no such plan for sale. Load the plans again.');
  const price = await PlanPrice.findOne({
    where: { planId: plan.id, subscriptionType: type, currency, isActive: true },
  });
  if (price === null) throw new PlanUnavailable(`${plan.planCode} is not offered ${type} in ${currency}.`);
  return { plan, price };
}

/** Any plan, on sale or not: the name of what somebody has. */
export async function findPlan(id: string, tx?: Tx): Promise<Plan | null> {
  return Plan.findByPk(id, { transaction: tx ?? null });
}

/** An active plan by its code, priced or free. */
export async function findPlanByCode(planCode: string): Promise<Plan | null> {
  return Plan.findOne({ where: { planCode, isActive: true } });
}

/** Whether the plan costs nothing at any interval in any currency. */
export async function isFree(planId: string): Promise<boolean> {
  return (await PlanPrice.count({ where: { planId, isActive: true } })) === 0;
}

/** A price by id, also one that is no longer offered. */
export async function findPrice(id: string, tx?: Tx): Promise<PlanPrice | null> {
  return PlanPrice.findByPk(id, { transaction: tx ?? null });
}

export async function listPacks(): Promise<CreditPack[]> {
  return CreditPack.findAll({
    where: { isActive: true },
    order: [
      ['sortOrder', 'ASC'],
      ['packCode', 'ASC'],
    ],
  });
}

/** @throws PlanUnavailable when it is not for sale */
export async function findPack(packCode: string): Promise<CreditPack> {
  const pack = await CreditPack.findOne({ where: { packCode, isActive: true } });
  if (pack === null) throw new PlanUnavailable('There is no such credit pack for sale. Load the packs again.');
  return pack;
}
