import type { Locale, Translate } from '../kit/i18n.ts';
import type { Money } from '../kit/money.ts';
import { defaultCurrency, type CreditPack, type OfferedPlan, type PlanPrice } from '../plans/catalog.ts';
import { localized, subscriptionTypes, type SubscriptionType } from '../plans/plan-terms.ts';
import type { Subscription } from '../subscriptions/subscriptions.ts';
import { planPath } from './order-item.ts';

interface PricingInput {
  plans: OfferedPlan[];
  packs: CreditPack[];
  type: SubscriptionType;
  /** In which the prices are, and all that plans are sold in. */
  currency: string;
  currencies: readonly string[];
  /** What the reader has now, when they are signed in and have a plan. */
  current: Subscription | null;
  locale: Locale;
  t: Translate;
}

interface PlanCard {
  code: string;
  name: string;
  description: string;
  popular: boolean;
  current: boolean;
  /** Null: not sold at this interval. */
  price: Money | null;
  /** What stands there instead. */
  notOffered: string;
  per: string | null;
  note: string | null;
  creditsMonthly: number;
  perHundred: string | null;
  features: { label: string; included: boolean }[];
  action: { href: string; label: string };
  /** Whether its button is the filled one. */
  primary: boolean;
}

/** The price list at one interval, laid out so that plans can be compared. */
export function pricingModel(input: PricingInput) {
  const { plans, packs, type, currency, currencies, t } = input;
  const sold = plans.filter(({ prices }) => prices[type] !== undefined);
  const recommended = sold.find(({ plan }) => plan.isPopular) ?? sold.at(-1);
  return {
    title: t('pricing:page_title'),
    description: t('pricing:description'),
    section: 'pricing',
    type,
    intervals: subscriptionTypes
      .filter((each) => plans.some(({ prices }) => prices[each] !== undefined))
      .map((each) => ({
        type: each,
        href: pricingPath(each, currency),
        current: each === type,
        saving: each === 'yearly' ? bestYearlySaving(plans) : 0,
      })),
    // A switch with one position is none.
    currencies: (currencies.length > 1 ? currencies : []).map((each) => ({
      code: each,
      href: pricingPath(type, each),
      current: each === currency,
    })),
    plans: plans.map((offered) => planCard(offered, input, recommended?.plan.id)),
    packs: packs.map((pack) => packRow(pack, input)),
  };
}

/** The price list at one interval in one currency. */
export function pricingPath(type: SubscriptionType, currency: string): string {
  const query = new URLSearchParams([
    ...(type === 'monthly' ? [] : [['interval', type]]),
    ...(currency === defaultCurrency ? [] : [['currency', currency]]),
  ]).toString();
  return query === '' ? '/pricing' : `/pricing?${query}`;
}

function planCard(
  { plan, prices, currencies }: OfferedPlan,
  { type, currency, current, locale, t }: PricingInput,
  recommendedId: string | undefined,
): PlanCard {
  const isFree = currencies.length === 0;
  const isSold = Object.keys(prices).length > 0;
  const price = prices[type];
  const isTheirs = current?.planId === plan.id;
  const isCurrent = isTheirs && (isFree || current.subscriptionType === type);
  const name = localized(plan.names, locale);
  return {
    code: plan.planCode,
    name,
    description: localized(plan.descriptions, locale),
    popular: plan.isPopular && price !== undefined,
    current: isCurrent,
    price: isFree ? { amountMinor: 0, currency } : (price ?? null),
    notOffered: isFree || isSold ? t('pricing:not_offered') : t('pricing:not_offered_in', { currency }),
    per: isFree || !isSold ? null : t(`pricing:per.${type}`),
    note: isFree ? t('pricing:note.free') : priceNote(price, prices.monthly, t),
    creditsMonthly: plan.creditsMonthly,
    perHundred: isFree ? t('pricing:per_hundred_free') : perHundred(price, plan.creditsMonthly, t),
    features: plan.features.map(({ label, included }) => ({ label: localized(label, locale), included })),
    action: isCurrent
      ? { href: '/account', label: t('pricing:manage') }
      : chooseAction(
          { code: plan.planCode, name, price, prices, currencies },
          { type, currency, isTheirs, changes: hasPeriod(current) },
          t,
        ),
    primary: plan.id === recommendedId && !isCurrent,
  };
}

/** Whether another plan would take the place of one that was paid for. */
function hasPeriod(current: Subscription | null): boolean {
  return current?.priceId != null && current.endDate !== null;
}

function chooseAction(
  plan: { code: string; name: string; price: PlanPrice | undefined } & Pick<OfferedPlan, 'prices' | 'currencies'>,
  {
    type,
    currency,
    isTheirs,
    changes,
  }: Pick<PricingInput, 'type' | 'currency'> & { isTheirs: boolean; changes: boolean },
  t: Translate,
): { href: string; label: string } {
  const [soldIn] = plan.currencies;
  if (soldIn === undefined) return { href: `/checkout/${plan.code}`, label: t('pricing:start_free') };
  if (plan.price !== undefined) {
    const label = isTheirs
      ? t(`pricing:switch.${type}`)
      : t(changes ? 'pricing:change' : 'pricing:choose', { plan: plan.name });
    return { href: planPath(plan.code, type, currency), label };
  }
  const other = subscriptionTypes.find((each) => plan.prices[each] !== undefined);
  return other === undefined
    ? { href: pricingPath(type, soldIn), label: t('pricing:see_currency', { currency: soldIn }) }
    : { href: pricingPath(other, currency), label: t(`pricing:see_interval.${other}`) };
}

function priceNote(price: PlanPrice | undefined, monthly: PlanPrice | undefined, t: Translate): string | null {
  if (price?.subscriptionType === 'yearly') {
    const monthlyMinor = Math.round(price.amountMinor / 12);
    return t('pricing:note.yearly', { monthly: { amountMinor: monthlyMinor, currency: price.currency } });
  }
  if (price?.subscriptionType === 'lifetime' && monthly !== undefined) {
    return t('pricing:note.lifetime', { count: Math.ceil(price.amountMinor / monthly.amountMinor) });
  }
  return null;
}

function perHundred(price: PlanPrice | undefined, creditsMonthly: number, t: Translate): string | null {
  if (price === undefined) return null;
  if (price.subscriptionType === 'lifetime') return t('pricing:per_hundred_lifetime');
  const credits = creditsMonthly * (price.subscriptionType === 'yearly' ? 12 : 1);
  return t('pricing:per_hundred', { price: hundredCost(price, credits) });
}

/** What 100 credits come to, rounded to the minor unit: for comparing, never for charging. */
function hundredCost({ amountMinor, currency }: Money, credits: number): Money {
  return { amountMinor: Math.round((amountMinor * 100) / credits), currency };
}

/** The largest share that a year saves against twelve months, rounded down to a percent; 0 when none does. */
function bestYearlySaving(plans: OfferedPlan[]): number {
  const savings = plans.map(({ prices: { monthly, yearly } }) =>
    monthly === undefined || yearly === undefined ? 0 : 1 - yearly.amountMinor / (monthly.amountMinor * 12),
  );
  return Math.max(0, Math.floor(Math.max(0, ...savings) * 100) / 100);
}

function packRow(pack: CreditPack, { locale, t }: PricingInput) {
  return {
    name: localized(pack.names, locale),
    price: { amountMinor: pack.amountMinor, currency: pack.currency },
    validity:
      pack.validityDays === null ? t('pricing:packs.never') : t('pricing:packs.valid', { count: pack.validityDays }),
    perHundred: t('pricing:per_hundred', { price: hundredCost(pack, pack.credits) }),
    href: `/checkout/packs/${pack.packCode}`,
  };
}
