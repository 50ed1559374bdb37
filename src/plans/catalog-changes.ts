import { UniqueConstraintError } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { CreditPack } from './credit-pack.model.ts';
import { PlanPrice } from './plan-price.model.ts';
import type { Feature, FeaturePrices, LocalizedText, Rollover, SubscriptionType } from './plan-terms.ts';
import { Plan } from './plan.model.ts';

/**
 * What of a plan may change. Subscriptions keep the terms they were bought on, but the price list and the thresholds of a
 * low balance are the plan's: they are read when credits are spent.
 */
export interface PlanTerms {
  names: LocalizedText;
  descriptions: LocalizedText;
  features: Feature[];
  creditsMonthly: number;
  rollover: Rollover;
  /** Credits; null unless `rollover` is `capped`. */
  rolloverCap: number | null;
  /** Credits for one unit of each feature; null: the caller names the amount. */
  featurePrices: FeaturePrices | null;
  /** Percents of the monthly quota, highest first. */
  alertPercents: number[];
  isPopular: boolean;
  isActive: boolean;
  sortOrder: number;
}

export interface PackTerms {
  names: LocalizedText;
  credits: number;
  amountMinor: number;
  currency: string;
  /** null: its credits never expire. */
  validityDays: number | null;
  isActive: boolean;
  sortOrder: number;
}

export interface NewPrice {
  planId: string;
  subscriptionType: SubscriptionType;
  currency: string;
  amountMinor: number;
}

/** What a row said before and says now, of what has changed only. */
export interface Change {
  before: Record<string, unknown>;
  after: Record<string, unknown>;
}

/** @throws Conflict when the code is taken */
export async function createPlan(tx: Tx, planCode: string, terms: PlanTerms, now: Date): Promise<Plan> {
  const row = { id: newId(), planCode, ...terms, createdAt: now, updatedAt: now };
  return unlessTaken(Plan.create(row, { transaction: tx }), planCode);
}

/** @throws NotFound */
export async function changePlan(tx: Tx, id: string, terms: PlanTerms, now: Date): Promise<Change> {
  const plan = await Plan.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (plan === null) throw new NotFound('There is no such plan.');
  const change = difference(plan.get(), { ...terms });
  await plan.update({ ...terms, updatedAt: now }, { transaction: tx });
  return change;
}

/** @throws Conflict when the code is taken */
export async function createPack(tx: Tx, packCode: string, terms: PackTerms, now: Date): Promise<CreditPack> {
  const row = { id: newId(), packCode, ...terms, createdAt: now, updatedAt: now };
  return unlessTaken(CreditPack.create(row, { transaction: tx }), packCode);
}

/** What was sold before stays as it was: orders keep a copy. @throws NotFound */
export async function changePack(tx: Tx, id: string, terms: PackTerms, now: Date): Promise<Change> {
  const pack = await CreditPack.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (pack === null) throw new NotFound('There is no such credit pack.');
  const change = difference(pack.get(), { ...terms });
  await pack.update({ ...terms, updatedAt: now }, { transaction: tx });
  return change;
}

/**
 * Offers a plan at a new price. The one on sale for the same interval and currency is archived with it; who bought at
 * that price keeps it.
 * @throws NotFound without the plan
 */
export async function replacePrice(
  tx: Tx,
  terms: NewPrice,
  now: Date,
): Promise<{ price: PlanPrice; replaced: PlanPrice | null }> {
  // The plan's row is the lock: two new prices at once come one after the other.
  const plan = await Plan.findByPk(terms.planId, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (plan === null) throw new NotFound('There is no such plan.');
  const { planId, subscriptionType, currency } = terms;
  const where = { planId, subscriptionType, currency, isActive: true };
  const replaced = await PlanPrice.findOne({ where, transaction: tx });
  await replaced?.update({ isActive: false, archivedAt: now }, { transaction: tx });
  const price = await PlanPrice.create({ id: newId(), ...terms, createdAt: now }, { transaction: tx });
  return { price, replaced };
}

/** Takes a price off sale. @throws NotFound, Conflict when it is off sale already */
export async function archivePrice(tx: Tx, id: string, now: Date): Promise<PlanPrice> {
  const price = await PlanPrice.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE });
  if (price === null) throw new NotFound('There is no such price.');
  if (!price.isActive) throw new Conflict('This price is archived already.');
  return price.update({ isActive: false, archivedAt: now }, { transaction: tx });
}

async function unlessTaken<T>(created: Promise<T>, code: string): Promise<T> {
  try {
    return await created;
  } catch (error) {
    if (error instanceof UniqueConstraintError) throw new Conflict(`The code ${code} is taken.`);
    throw error;
  }
}

function difference(row: object, terms: Record<string, unknown>): Change {
  const change: Change = { before: {}, after: {} };
  for (const [name, after] of Object.entries(terms)) {
    const before = (row as Record<string, unknown>)[name];
    if (canonical(before) === canonical(after)) continue;
    change.before[name] = before;
    change.after[name] = after;
  }
  return change;
}

/** JSON with its keys in order: the database gives them back in an order of its own. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
