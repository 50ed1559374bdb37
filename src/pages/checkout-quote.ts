import { quotePlanChange } from '../billing/quote-plan-change.ts';
import type { Locale, Translate } from '../kit/i18n.ts';
import type { Money } from '../kit/money.ts';
import type { OrderChange } from '../orders/order-states.ts';
import {
  currenciesOnSale,
  findOffer,
  findPack,
  findPlan,
  findPlanByCode,
  findPrice,
  isFree,
  type CreditPack,
  type Plan,
} from '../plans/catalog.ts';
import { NotFound, PlanUnavailable } from '../kit/errors.ts';
import { localized, subscriptionTypes, type SubscriptionType } from '../plans/plan-terms.ts';
import { extendedEnd, firstPeriodEnd } from '../subscriptions/periods.ts';
import { liveSubscription, scheduledSubscription, type Subscription } from '../subscriptions/subscriptions.ts';

/** What would be bought, as it is shown before the button. `startCheckout` decides again and refuses another price. */
export type Quote =
  | { kind: 'free'; plan: Plan; blocked: Blocked | null }
  | {
      kind: 'plan';
      plan: Plan;
      type: SubscriptionType;
      renewal: boolean;
      creditsMonthly: number;
      total: Money;
      start: Date;
      end: Date | null;
      /** When it takes the place of another paid plan. */
      change: QuotedChange | null;
      blocked: Blocked | null;
    }
  | { kind: 'pack'; pack: CreditPack; total: Money; expiresAt: Date | null; blocked: null };

export interface QuotedChange extends OrderChange {
  /** Begins when the running period ends and was not chosen yet: nothing is paid before that. */
  toSchedule: boolean;
  /** It would begin at once, were it not for a dispute or a refund that is open. */
  isUndecided: boolean;
}

/** Why it cannot be bought now: because of the plan that the customer has. */
export interface Blocked {
  why: 'other' | 'lifetime' | 'same_free' | 'paid_ahead';
  plan: Plan;
  end: Date | null;
}

/**
 * @param asked as it came from outside. A renewal is in the currency that the plan was bought in, whatever is asked.
 * @throws NotFound when there is no such plan, or not at that interval in that currency
 */
export async function quotePlan(
  planCode: string,
  asked: { type: unknown; currency: unknown },
  userId: string,
  now: Date,
): Promise<Quote> {
  const plan = await findPlanByCode(planCode);
  if (plan === null) throw new NotFound();
  const live = await liveSubscription(userId);
  if (await isFree(plan.id)) return { kind: 'free', plan, blocked: await blockedFree(plan, live) };
  const next = await scheduledSubscription(userId);
  const paid = live?.priceId == null || (live.endDate !== null && live.endDate <= now) ? null : live;
  const type = parseType(asked.type) ?? (paid?.planId === plan.id ? paid.subscriptionType : 'monthly');
  const currency = parseCurrency(asked.currency) ?? (await firstCurrency());
  if (paid === null) return quoteNew(plan, { type, currency, now, next });
  if (paid.endDate === null) {
    return { ...(await quoteNew(plan, { type, currency, now, next: null })), blocked: await blockedBy(paid) };
  }
  const isSame = paid.planId === plan.id && paid.subscriptionType === type;
  return isSame ? quoteRenewal(plan, paid, paid.endDate, next) : quoteChange(plan, type, { live: paid, next, now });
}

type PlanQuote = Extract<Quote, { kind: 'plan' }>;

interface Wanted {
  type: SubscriptionType;
  currency: string | undefined;
  now: Date;
  /** What was paid for ahead. */
  next: Subscription | null;
}

async function quoteNew(plan: Plan, { type, currency, now, next }: Wanted): Promise<PlanQuote> {
  const { price } = await findOffer({ planCode: plan.planCode }, type, currency).catch(asNotFound);
  return {
    ...plainQuote(plan, type, price),
    start: now,
    end: firstPeriodEnd(now, type),
    blocked: next && (await blockedByNext(next)),
  };
}

/** A renewal costs what it cost before, whatever the price is now. */
async function quoteRenewal(
  plan: Plan,
  live: Subscription,
  start: Date,
  next: Subscription | null,
): Promise<PlanQuote> {
  const { subscriptionType: type, creditsMonthly } = live;
  const sold = live.priceId === null ? null : await findPrice(live.priceId);
  const price = sold ?? (await findOffer({ planCode: plan.planCode }, type).catch(asNotFound)).price;
  return {
    ...plainQuote(plan, type, price),
    renewal: true,
    creditsMonthly,
    start,
    end: extendedEnd(live.anchorAt, start, type),
    blocked: next && (await blockedByNext(next)),
  };
}

async function quoteChange(
  plan: Plan,
  type: SubscriptionType,
  { live, next, now }: { live: Subscription; next: Subscription | null; now: Date },
): Promise<PlanQuote> {
  const chosen = live.nextPriceId === null ? null : await findPrice(live.nextPriceId);
  const isChosen = chosen?.planId === plan.id && chosen.subscriptionType === type;
  const sold = live.priceId === null ? null : await findPrice(live.priceId);
  const price = isChosen
    ? chosen
    : (await findOffer({ planCode: plan.planCode }, type, sold?.currency).catch(asNotFound)).price;
  const { change, due, effectiveAt, isUndecided } = await quotePlanChange(live, { plan, price }, now);
  const isLater = change.effective === 'period_end';
  return {
    ...plainQuote(plan, type, price),
    total: due,
    start: effectiveAt,
    end: firstPeriodEnd(effectiveAt, type),
    change: { ...change, toSchedule: isLater && !isChosen, isUndecided },
    blocked: isLater && next !== null ? await blockedByNext(next) : null,
  };
}

function plainQuote(plan: Plan, type: SubscriptionType, { amountMinor, currency }: Money) {
  const { creditsMonthly } = plan;
  const total = { amountMinor, currency };
  return { kind: 'plan' as const, plan, type, renewal: false, creditsMonthly, total, change: null };
}

/** @throws NotFound */
export async function quotePack(packCode: string, now: Date): Promise<Quote> {
  const pack = await findPack(packCode).catch(asNotFound);
  const { amountMinor, currency, validityDays } = pack;
  const expiresAt = validityDays === null ? null : new Date(now.getTime() + validityDays * 24 * 3600 * 1000);
  return { kind: 'pack', pack, total: { amountMinor, currency }, expiresAt, blocked: null };
}

async function blockedFree(plan: Plan, live: Subscription | null): Promise<Blocked | null> {
  if (live === null) return null;
  if (live.planId === plan.id) return { why: 'same_free', plan, end: null };
  return blockedBy(live);
}

async function blockedBy(live: Subscription): Promise<Blocked> {
  const plan = await findPlan(live.planId);
  if (plan === null) throw new Error(`subscription ${live.id} names a plan that is not there`);
  return { why: live.endDate === null ? 'lifetime' : 'other', plan, end: live.endDate };
}

async function blockedByNext(next: Subscription): Promise<Blocked> {
  return { ...(await blockedBy(next)), why: 'paid_ahead', end: next.startDate };
}

function asNotFound(error: unknown): never {
  throw error instanceof PlanUnavailable ? new NotFound() : error;
}

export function parseType(value: unknown): SubscriptionType | undefined {
  return subscriptionTypes.find((type) => type === value);
}

/** An ISO 4217 code, sold or not. */
export function parseCurrency(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Z]{3}$/.test(value) ? value : undefined;
}

/** What a page shows that names no currency. */
async function firstCurrency(): Promise<string | undefined> {
  return (await currenciesOnSale())[0];
}

/** Why somebody is asked to register, when they come from a button of the price list; null otherwise. */
export async function purposeOf(next: string, locale: Locale, t: Translate): Promise<string | null> {
  const { pathname, searchParams } = new URL(next, 'http://here.invalid');
  const [, checkout, code, packCode] = pathname.split('/');
  if (checkout !== 'checkout' || code === undefined) return null;
  try {
    if (code === 'packs') {
      const pack = await findPack(packCode ?? '');
      return t('auth:purpose.plan', { item: localized(pack.names, locale), price: pack });
    }
    const plan = await findPlanByCode(code);
    if (plan === null) return null;
    const name = localized(plan.names, locale);
    if (await isFree(plan.id)) return t('auth:purpose.free', { item: name });
    const type = parseType(searchParams.get('type')) ?? 'monthly';
    const currency = parseCurrency(searchParams.get('currency')) ?? (await firstCurrency());
    const { price } = await findOffer({ planCode: code }, type, currency);
    return t('auth:purpose.plan', { item: t(`checkout:heading.${type}`, { plan: name }), price });
  } catch (error) {
    if (error instanceof PlanUnavailable) return null;
    throw error;
  }
}
