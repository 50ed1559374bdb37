import type { Locale, Translate } from '../kit/i18n.ts';
import { localized } from '../plans/plan-terms.ts';
import type { Blocked, Quote } from './checkout-quote.ts';

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
    expected: quote.kind === 'free' ? null : String(quote.total.amountMinor),
    checkoutKey,
    problem,
    blocked: blocked === null ? null : blockedModel(blocked, locale, t),
    back:
      quote.kind === 'plan' && quote.renewal
        ? { href: '/account', label: t('checkout:back.account') }
        : { href: '/pricing', label: t('checkout:back.plans') },
    ...payModel(quote, providers, locale, t),
  };
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

function actionOf(quote: Quote): string {
  return quote.kind === 'pack' ? `/checkout/packs/${quote.pack.packCode}` : `/checkout/${quote.plan.planCode}`;
}

function headingOf(quote: Quote, locale: Locale, t: Translate): string {
  if (quote.kind === 'pack') return localized(quote.pack.names, locale);
  const plan = localized(quote.plan.names, locale);
  if (quote.kind === 'free') return t('checkout:heading.free', { plan });
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
  const { start, end, renewal, type } = quote;
  return [
    plan,
    { term: t('checkout:fact.interval'), text: t(`checkout:interval.${type}`) },
    credits(quote.creditsMonthly, renewal ? 'checkout:credits.renewal' : 'checkout:credits.first'),
    {
      term: t('checkout:fact.period'),
      text: end === null ? t('checkout:period.open', { start }) : t('checkout:period', { start, end }),
      more: t(renewal ? 'checkout:period.renewal' : 'checkout:period.today'),
    },
    totalFact(quote, t),
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
  return quote.end === null ? t('checkout:afterwards.lifetime') : t('checkout:afterwards.period', { end: quote.end });
}

function blockedModel({ why, plan, end }: Blocked, locale: Locale, t: Translate) {
  const values = { plan: localized(plan.names, locale), end };
  return {
    title: t(`checkout:blocked.${why}.title`, values),
    text: t(`checkout:blocked.${why}.text`),
    label: t(`checkout:blocked.${why}.label`),
    href: why === 'same_free' ? '/account' : '/pricing#packs',
  };
}
