import type { Locale, Translate } from '../kit/i18n.ts';
import type { OrderChange } from '../orders/order-states.ts';
import { localized } from '../plans/plan-terms.ts';
import type { Blocked, Quote } from './checkout-quote.ts';
import { pricingPath } from './pricing-model.ts';

export interface FactRow {
  term: string;
  text: string;
  more?: string;
  total?: boolean;
  /** To be copied letter by letter. */
  code?: boolean;
}

interface CheckoutInput {
  quote: Quote;
  /** The gateway behind the main button first. */
  providers: readonly { name: string; displayName: string }[];
  /** Makes the same click twice one order. */
  checkoutKey: string;
  problem: string | null;
  locale: Locale;
  t: Translate;
}

/** The page before the payment: left what is bought, right how. */
export function checkoutModel({ quote, providers, checkoutKey, problem, locale, t }: CheckoutInput) {
  const { blocked } = quote;
  return {
    title: t('checkout:page_title'),
    heading: headingOf(quote, locale, t),
    facts: factsOf(quote, locale, t),
    afterwards: afterwardsOf(quote, locale, t),
    action: actionOf(quote),
    type: quote.kind === 'plan' ? quote.type : null,
    currency: quote.kind === 'plan' ? quote.total.currency : null,
    expected: quote.kind === 'free' || isToSchedule(quote) ? null : String(quote.total.amountMinor),
    checkoutKey,
    problem,
    blocked: blocked === null ? null : blockedModel(blocked, locale, t),
    back:
      quote.kind === 'plan' && (quote.renewal || quote.change !== null)
        ? { href: '/account', label: t('checkout:back.account') }
        : { href: plansPath(quote), label: t('checkout:back.plans') },
    ...payModel(quote, providers, locale, t),
  };
}

function plansPath(quote: Quote): string {
  return quote.kind === 'plan' ? pricingPath(quote.type, quote.total.currency) : '/pricing';
}

function payModel(quote: Quote, [main, ...others]: CheckoutInput['providers'], locale: Locale, t: Translate) {
  if (quote.kind === 'free') {
    return {
      payTitle: t('checkout:free.title'),
      submit: t('checkout:free.submit', { plan: localized(quote.plan.names, locale) }),
      busy: t('checkout:free.busy'),
      explanation: t('checkout:free.explanation'),
    };
  }
  if (isToSchedule(quote)) {
    const values = { plan: localized(quote.plan.names, locale), start: quote.start };
    return {
      payTitle: t('checkout:schedule.title'),
      submit: t('checkout:schedule.submit', values),
      busy: t('common:busy'),
      explanation: t('checkout:schedule.explanation', values),
    };
  }
  const provider = main?.displayName;
  return {
    payTitle: t('checkout:pay.title'),
    submit: t('checkout:pay.submit', { total: quote.total, provider }),
    busy: t('checkout:pay.busy', { provider }),
    explanation: t('checkout:pay.explanation', { provider }),
    others: others.map(({ name, displayName }) => {
      const values = { provider: displayName, context: name };
      return {
        name,
        submit: t('checkout:pay.other', values),
        busy: t('checkout:pay.busy', values),
        explanation: t('checkout:pay.other_explanation', values),
      };
    }),
  };
}

function isToSchedule(quote: Quote): quote is Extract<Quote, { kind: 'plan' }> {
  return quote.kind === 'plan' && quote.change?.toSchedule === true;
}

function actionOf(quote: Quote): string {
  if (isToSchedule(quote)) return `/account/change/${quote.plan.planCode}`;
  return quote.kind === 'pack' ? `/checkout/packs/${quote.pack.packCode}` : `/checkout/${quote.plan.planCode}`;
}

function headingOf(quote: Quote, locale: Locale, t: Translate): string {
  if (quote.kind === 'pack') return localized(quote.pack.names, locale);
  const plan = localized(quote.plan.names, locale);
  if (quote.kind === 'free') return t('checkout:heading.free', { plan });
  if (quote.change !== null)
    return t('checkout:heading.change', { plan: t(`checkout:heading.${quote.type}`, { plan }) });
  return t(quote.renewal ? 'checkout:heading.renewal' : `checkout:heading.${quote.type}`, { plan });
}

function factsOf(quote: Quote, locale: Locale, t: Translate): FactRow[] {
  if (quote.kind === 'pack') return packFacts(quote, t);
  const plan = { term: t('checkout:fact.plan'), text: localized(quote.plan.names, locale) };
  const credits = (count: number, more: string): FactRow => ({
    term: t('checkout:fact.credits'),
    text: t('checkout:credits.monthly', { count }),
    more: t(more),
  });
  if (quote.kind === 'free') {
    return [
      plan,
      { term: t('checkout:fact.interval'), text: t('checkout:interval.free') },
      credits(quote.plan.creditsMonthly, 'checkout:credits.first_free'),
    ];
  }
  const { start, end, renewal, type, change } = quote;
  const follows = renewal || change?.effective === 'period_end';
  return [
    plan,
    ...(change === null ? [] : [insteadOf(change, locale, t)]),
    { term: t('checkout:fact.interval'), text: t(`checkout:interval.${type}`) },
    credits(quote.creditsMonthly, `checkout:credits.${renewal ? 'renewal' : follows ? 'later' : 'first'}`),
    {
      term: t('checkout:fact.period'),
      text: end === null ? t('checkout:period.open', { start }) : t('checkout:period', { start, end }),
      more: t(follows ? 'checkout:period.renewal' : 'checkout:period.today'),
    },
    ...(change === null ? [] : changeFacts(change, quote.total.currency, t)),
    totalFact(quote, t),
  ];
}

function insteadOf({ from }: OrderChange, locale: Locale, t: Translate): FactRow {
  const plan = localized(from.names, locale);
  return { term: t('checkout:fact.instead'), text: t(`checkout:heading.${from.subscriptionType}`, { plan }) };
}

/** How the total comes about, line by line; nothing where the price is the total. */
export function changeFacts({ priceMinor, credits }: OrderChange, currency: string, t: Translate): FactRow[] {
  if (credits.length === 0) return [];
  const price = { amountMinor: priceMinor, currency };
  return [
    { term: t('checkout:fact.price'), text: t('common:money', { amount: price }) },
    ...credits.map(({ orderNo, daysLeft, days, creditMinor }) => ({
      term: t('checkout:fact.credited', { orderNo }),
      text: t('checkout:credited', { credit: { amountMinor: creditMinor, currency } }),
      more: t('checkout:credited_days', { daysLeft, count: days }),
    })),
  ];
}

function packFacts(quote: Extract<Quote, { kind: 'pack' }>, t: Translate): FactRow[] {
  const { credits, validityDays } = quote.pack;
  return [
    {
      term: t('checkout:fact.credits'),
      text: t('common:number', { value: credits }),
      more: t('checkout:credits.pack'),
    },
    {
      term: t('checkout:fact.validity'),
      text:
        validityDays === null
          ? t('checkout:validity.never')
          : t('checkout:validity', { count: validityDays, end: quote.expiresAt }),
    },
    totalFact(quote, t),
  ];
}

function totalFact({ total }: Exclude<Quote, { kind: 'free' }>, t: Translate): FactRow {
  return {
    term: t('checkout:fact.total'),
    text: t('common:money', { amount: total }),
    more: t('checkout:total_currency', { currency: total.currency }),
    total: true,
  };
}

function afterwardsOf(quote: Quote, locale: Locale, t: Translate): string | null {
  if (quote.blocked !== null) return null;
  if (quote.kind === 'pack') return t('checkout:afterwards.pack');
  if (quote.kind === 'free') return t('checkout:afterwards.free', { plan: localized(quote.plan.names, locale) });
  if (quote.change !== null) {
    const values = { from: localized(quote.change.from.names, locale), start: quote.start, end: quote.end };
    if (quote.change.toSchedule) {
      return t(quote.change.isUndecided ? 'checkout:afterwards.undecided' : 'checkout:afterwards.schedule', values);
    }
    if (quote.change.effective === 'now' && quote.end !== null) return t('checkout:afterwards.change', values);
  }
  return quote.end === null ? t('checkout:afterwards.lifetime') : t('checkout:afterwards.period', { end: quote.end });
}

function blockedModel({ why, plan, end }: Blocked, locale: Locale, t: Translate) {
  const values = { plan: localized(plan.names, locale), end };
  return {
    title: t(`checkout:blocked.${why}.title`, values),
    text: t(`checkout:blocked.${why}.text`),
    label: t(`checkout:blocked.${why}.label`),
    href: why === 'same_free' || why === 'paid_ahead' ? '/account' : '/pricing#packs',
  };
}
