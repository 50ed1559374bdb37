import type { User } from '../accounts/users.ts';
import type { WhatFollows } from '../billing/what-follows.ts';
import type { CreditGrant, CreditsOverview, CreditTransaction } from '../credits/queries.ts';
import { localeNames, locales, matchLocale, type Locale, type Translate } from '../kit/i18n.ts';
import { formatNumber } from '../kit/format.ts';
import type { Money } from '../kit/money.ts';
import type { Order } from '../orders/orders.ts';
import type { Plan } from '../plans/catalog.ts';
import { localized } from '../plans/plan-terms.ts';
import type { Subscription } from '../subscriptions/subscriptions.ts';
import type { FactRow } from './checkout-model.ts';
import { orderRow } from './order-item.ts';

export interface AccountInput {
  user: User;
  /** Null: no plan at the moment. */
  subscription: { row: Subscription; plan: Plan; renewalPrice: Money | null; next: WhatFollows | null } | null;
  credits: CreditsOverview;
  history: CreditTransaction[];
  hasOlderHistory: boolean;
  orders: Order[];
  flash: string | null;
  locale: Locale;
  t: Translate;
}

/** The account page: what there is, what comes next, and one clear thing to do. */
export function accountModel(input: AccountInput) {
  const { user, subscription, credits, history, orders, flash, locale, t } = input;
  return {
    title: t('account:title'),
    section: 'account',
    flash,
    account: {
      email: user.email,
      languages: locales.map((code) => ({
        code,
        name: localeNames[code],
        chosen: matchLocale(user.locale) === code,
      })),
      lowBalance: lowBalanceSetting(user, t),
    },
    credits: creditsModel(credits, subscription !== null, t),
    plan: subscription === null ? noPlan(t) : planModel(subscription, locale, t),
    history: history.map((entry) => historyRow(entry, locale, t)),
    historyMore: input.hasOlderHistory ? '/account/credits' : null,
    orders: orders.map((order) => orderRow(order, locale, t)),
  };
}

/** A switch that says what it is and what pressing it does: it needs no script. */
function lowBalanceSetting({ mailLowBalance }: User, t: Translate) {
  return mailLowBalance
    ? { text: t('account:mails.low_on'), turnTo: 'no', label: t('account:mails.turn_off') }
    : { text: t('account:mails.low_off'), turnTo: 'yes', label: t('account:mails.turn_on') };
}

function creditsModel({ balance, grants, heldForWork }: CreditsOverview, hasPlan: boolean, t: Translate) {
  const { available, monthlyQuota: total, quotaUsed, quotaResetAt } = balance;
  // Credits of earlier months can make more be used in a month than the month gave.
  const used = Math.min(quotaUsed, total);
  return {
    available,
    held: heldNotes(heldForWork, balance.held - heldForWork, t),
    quota: total > 0 ? { used, total, resetsAt: quotaResetAt, low: lowNote(used, total, t) } : null,
    others: grants.filter((grant) => !isOfThisMonth(grant) && isFree(grant)).map((grant) => grantRow(grant, t)),
    packsHref: hasPlan || available > 0 ? '/pricing#packs' : null,
  };
}

/** Why there is more than can be used. */
function heldNotes(forWork: number, disputed: number, t: Translate): string[] {
  return [
    ...(forWork > 0 ? [t('account:credits.held_for_work', { count: forWork })] : []),
    ...(disputed > 0 ? [t('account:credits.held', { count: disputed })] : []),
  ];
}

/** The plan's own credits of the month are in the bar; everything else is listed beside it. */
function isOfThisMonth({ source, expiresAt }: CreditGrant): boolean {
  return source === 'plan' && expiresAt !== null;
}

function isFree({ remaining, held }: CreditGrant): boolean {
  return remaining > held;
}

function grantRow({ source, remaining, held, expiresAt }: CreditGrant, t: Translate) {
  return {
    label: t(`account:credits.source.${source}`),
    until: expiresAt === null ? t('account:credits.never') : t('account:credits.until', { end: expiresAt }),
    remaining: remaining - held,
  };
}

function lowNote(used: number, total: number, t: Translate): string | null {
  if (used >= total) return t('account:credits.empty');
  return used >= total * 0.9 ? t('account:credits.low') : null;
}

interface PlanModel {
  heading: string;
  state: { tone: string; label: string } | null;
  text: string;
  facts: FactRow[];
  action: { href: string; label: string; post?: boolean } | null;
  /** The way back, beside the one clear action. */
  second?: { href: string; label: string };
  links: { href: string; label: string }[];
}

function noPlan(t: Translate): PlanModel {
  return {
    heading: t('account:plan.none'),
    state: null,
    text: t('account:plan.none_text'),
    facts: [],
    action: { href: '/pricing', label: t('account:plan.choose') },
    links: [],
  };
}

type Held = NonNullable<AccountInput['subscription']>;

function planModel({ row, plan, renewalPrice, next }: Held, locale: Locale, t: Translate): PlanModel {
  const heading = localized(plan.names, locale);
  const facts: FactRow[] = [
    { term: t('account:plan.fact.credits'), text: t('common:number', { value: row.creditsMonthly }) },
  ];
  if (row.quotaResetsAt !== null && (row.endDate === null || row.quotaResetsAt < row.endDate)) {
    facts.push({ term: t('account:plan.fact.next'), text: t('common:date', { date: row.quotaResetsAt }) });
  }
  const common = { heading, facts };
  if (row.priceId === null) return { ...common, ...freePlan(t) };
  facts.unshift({
    term: t('account:plan.fact.interval'),
    text: t(`account:plan.interval.${row.subscriptionType}`),
  });
  if (row.endDate === null) return { ...common, ...lifetimePlan(t) };
  if (next !== null) return { ...common, ...followedPlan(next, row.endDate, heading, { facts, locale, t }) };
  return { ...common, ...periodPlan(row, row.endDate, { plan, heading, renewalPrice }, facts, t) };
}

type PlanState = Pick<PlanModel, 'state' | 'text' | 'action' | 'second' | 'links'>;

function freePlan(t: Translate): PlanState {
  return {
    state: { tone: 'leaf', label: t('account:plan.state.active') },
    text: t('account:plan.free_text'),
    action: { href: '/pricing', label: t('account:plan.choose_paid') },
    links: [],
  };
}

function lifetimePlan(t: Translate): PlanState {
  return {
    state: { tone: 'leaf', label: t('account:plan.state.active') },
    text: t('account:plan.lifetime_text'),
    action: { href: '/pricing#packs', label: t('account:plan.buy') },
    links: [],
  };
}

/** Another plan, or another interval, was chosen to follow. */
function followedPlan(
  { plan, price, beginsAt, isPaid }: WhatFollows,
  end: Date,
  heading: string,
  { facts, locale, t }: { facts: FactRow[]; locale: Locale; t: Translate },
): PlanState {
  const name = t(`checkout:heading.${price.subscriptionType}`, { plan: localized(plan.names, locale) });
  facts.push(
    { term: t('account:plan.fact.end'), text: t('common:date', { date: end }) },
    {
      term: t('account:plan.fact.then'),
      text: t('account:plan.then', { plan: name, start: beginsAt }),
      more: isPaid ? t('account:plan.then_paid') : t('account:plan.then_price', { price }),
    },
  );
  const state = { tone: 'leaf', label: t('account:plan.state.active') };
  if (isPaid) return { state, text: t('account:plan.next_paid_text', { end }), action: null, links: [] };
  return {
    state,
    text: t('account:plan.next_text', { end }),
    action: {
      href: `/checkout/${plan.planCode}?type=${price.subscriptionType}`,
      label: t('account:plan.pay_next', { price, plan: localized(plan.names, locale) }),
    },
    second: { href: '/account/change/keep', label: t('account:plan.keep', { plan: heading }) },
    links: [
      { href: '/pricing', label: t('account:plan.other') },
      { href: '/account/cancel', label: t('account:plan.cancel') },
    ],
  };
}

function periodPlan(
  { status, cancelAtPeriodEnd, subscriptionType }: Subscription,
  end: Date,
  { plan, heading, renewalPrice }: { plan: Plan; heading: string; renewalPrice: Money | null },
  facts: FactRow[],
  t: Translate,
): PlanState {
  const ending = cancelAtPeriodEnd && status === 'active';
  facts.push({
    term: t(ending ? 'account:plan.fact.ends' : 'account:plan.fact.end'),
    text: t('common:date', { date: end }),
  });
  if (ending) {
    return {
      state: { tone: 'wait', label: t('account:plan.state.ending') },
      text: t('account:plan.ending_text', { end }),
      action: { href: '/account/resume', label: t('account:plan.resume', { plan: heading }), post: true },
      links: [{ href: '/pricing', label: t('account:plan.other') }],
    };
  }
  if (renewalPrice !== null) {
    facts.push({ term: t('account:plan.fact.renewal'), text: t('common:money', { amount: renewalPrice }) });
  }
  const renew = `/checkout/${plan.planCode}?type=${subscriptionType}`;
  const isActive = status === 'active';
  return {
    state: { tone: isActive ? 'leaf' : 'wait', label: t(`account:plan.state.${status}`) },
    text: t(`account:plan.${status}_text`, { end }),
    action:
      renewalPrice === null
        ? { href: '/pricing', label: t('account:plan.other') }
        : { href: renew, label: t('account:plan.renew', { price: renewalPrice }) },
    links: isActive
      ? [
          { href: '/pricing', label: t('account:plan.other') },
          { href: '/account/cancel', label: t('account:plan.cancel') },
        ]
      : [],
  };
}

/** A line of the ledger in a customer's words. Staff's reasons stay with staff. */
export function historyRow(entry: CreditTransaction, locale: Locale, t: Translate) {
  const { type, source, amount, balanceAfter, createdAt, featureType, description } = entry;
  const key = type === 'earn' ? `account:history.earn.${source}` : `account:history.${type}`;
  const sign = amount > 0 ? '+' : amount < 0 ? '−' : '';
  return {
    at: createdAt,
    what: t(key),
    detail: type === 'spend' ? [featureType, description].filter((part) => part !== null).join(' · ') : null,
    gain: amount > 0,
    change: sign + formatNumber(Math.abs(amount), locale),
    balanceAfter,
  };
}

/** Before a plan is cancelled: what it means, in points. */
export function cancelModel(plan: Plan, end: Date, locale: Locale, t: Translate) {
  const name = localized(plan.names, locale);
  const heading = t('account:cancel.title', { plan: name });
  return {
    title: heading,
    section: 'account',
    heading,
    text: t('account:cancel.text'),
    points: [
      t('account:cancel.until', { plan: name, end }),
      t('account:cancel.credits'),
      t('account:cancel.packs'),
      t('account:cancel.undo'),
    ],
    action: '/account/cancel',
    submit: t('account:cancel.submit'),
    danger: true,
    keep: t('account:cancel.keep'),
  };
}
