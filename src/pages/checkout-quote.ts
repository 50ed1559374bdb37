import type { Locale, Translate } from '../kit/i18n.ts';
import type { Money } from '../kit/money.ts';
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
import { liveSubscription, type Subscription } from '../subscriptions/subscriptions.ts';

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
      blocked: Blocked | null;
    }
  | { kind: 'pack'; pack: CreditPack; total: Money; expiresAt: Date | null; blocked: null };

/** Why it cannot be bought now: because of the plan that the customer has. */
export interface Blocked {
  why: 'other' | 'lifetime' | 'same_free';
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
  const isPaid = live !== null && live.priceId !== null;
  const type = parseType(asked.type) ?? (isPaid && live.planId === plan.id ? live.subscriptionType : 'monthly');
  const renewal = isPaid && live.planId === plan.id && live.subscriptionType === type && live.endDate !== null;
  const total = await priceOf(plan, type, parseCurrency(asked.currency), renewal ? live : null);
  const start = renewal ? (live.endDate ?? now) : now;
  return {
    kind: 'plan',
    plan,
    type,
    renewal,
    creditsMonthly: renewal ? live.creditsMonthly : plan.creditsMonthly,
    total,
    start,
    end: renewal ? extendedEnd(live.anchorAt, start, type) : firstPeriodEnd(now, type),
    blocked: isPaid && !renewal ? await blockedBy(live) : null,
  };
}

/** @throws NotFound */
export async function quotePack(packCode: string, now: Date): Promise<Quote> {
  const pack = await findPack(packCode).catch(asNotFound);
  const { amountMinor, currency, validityDays } = pack;
  const expiresAt = validityDays === null ? null : new Date(now.getTime() + validityDays * 24 * 3600 * 1000);
  return { kind: 'pack', pack, total: { amountMinor, currency }, expiresAt, blocked: null };
}

/** A renewal costs what it cost before, whatever the price is now. */
async function priceOf(
  plan: Plan,
  type: SubscriptionType,
  currency: string | undefined,
  renewed: Subscription | null,
): Promise<Money> {
  const sold = renewed?.priceId == null ? null : await findPrice(renewed.priceId);
  const price =
    sold ??
    (await findOffer({ planCode: plan.planCode }, type, currency ?? (await firstCurrency())).catch(asNotFound)).price;
  return { amountMinor: price.amountMinor, currency: price.currency };
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
