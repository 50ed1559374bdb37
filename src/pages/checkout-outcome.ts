import type { User } from '../accounts/users.ts';
import type { Settlement } from '../billing/settle-payment.ts';
import type { Locale, Translate } from '../kit/i18n.ts';
import { returnCodeOf, type ReturnCode } from '../orders/order-states.ts';
import type { Order } from '../orders/orders.ts';
import type { Payment } from '../payments/payments.ts';
import type { FactRow } from './checkout-model.ts';
import { buyAgainPath, itemName } from './order-item.ts';

/** How a checkout can stand or end. Each has its own words: first what happened to the money, then what to do. */
export type Outcome =
  | 'success'
  | 'already_paid'
  | 'refunded'
  | 'returned'
  | 'returned_duplicate'
  | 'returned_superseded'
  | 'waiting'
  | 'unconfirmed'
  | 'open'
  | 'declined'
  | 'cancelled'
  | 'superseded'
  | 'duplicate'
  | 'expired'
  | 'failed';

const tones: Readonly<Record<Outcome, 'good' | 'wait' | 'bad' | 'calm'>> = {
  success: 'good',
  already_paid: 'good',
  refunded: 'calm',
  returned: 'calm',
  returned_duplicate: 'calm',
  returned_superseded: 'calm',
  waiting: 'wait',
  unconfirmed: 'wait',
  open: 'wait',
  declined: 'bad',
  cancelled: 'calm',
  superseded: 'calm',
  duplicate: 'calm',
  expired: 'calm',
  failed: 'bad',
};

/** How often a waiting page looks again, in seconds. */
const refreshEvery: Partial<Record<Outcome, number>> = { waiting: 15, unconfirmed: 5 };

/** How long coming back to the return page still means "it worked", and not "it is paid already". */
const freshForMs = 3600 * 1000;

/** What a settlement means to the customer who waits for it. */
export function outcomeOf({ outcome, order }: Pick<Settlement, 'outcome' | 'order'>, now: Date): Outcome {
  switch (outcome) {
    case 'completed':
    case 'returned':
      return paidOutcome(order, now);
    case 'processing':
      return 'waiting';
    case 'not_approved':
      return 'open';
    case 'declined':
      return 'declined';
    case 'closed':
      return closedOutcome(order);
  }
}

/** What an order's state means when nobody was asked about it: after a cancellation. */
export function outcomeOfOrder(order: Order, now: Date): Outcome {
  if (order.status === 'pending') return 'open';
  if (order.status === 'processing') return 'waiting';
  return order.paidAt === null ? closedOutcome(order) : paidOutcome(order, now);
}

const returned: Readonly<Record<ReturnCode, Outcome>> = {
  PAID_LATE: 'returned',
  DUPLICATE: 'returned_duplicate',
  PLAN_CHANGED: 'returned_superseded',
};

function paidOutcome(order: Order, now: Date): Outcome {
  const code = returnCodeOf(order);
  if (code !== null) return returned[code];
  const { status, paidAt } = order;
  if (status === 'refunded' || status === 'partially_refunded') return 'refunded';
  return paidAt !== null && now.getTime() - paidAt.getTime() < freshForMs ? 'success' : 'already_paid';
}

function closedOutcome({ status, failureCode }: Order): Outcome {
  if (failureCode === 'DUPLICATE') return 'duplicate';
  if (failureCode === 'PLAN_CHANGED') return 'superseded';
  if (status === 'cancelled') return 'cancelled';
  return status === 'expired' ? 'expired' : 'failed';
}

interface OutcomeInput {
  outcome: Outcome;
  order: Order;
  payment: Payment | null;
  /** The order that had paid for the same already. */
  first?: Order | null;
  providerName: string;
  user: User;
  /** This page's own address: where "look again" leads. */
  here: string;
  locale: Locale;
  t: Translate;
}

export function outcomeModel(input: OutcomeInput) {
  const { outcome, order, payment, first, providerName, user, locale, t } = input;
  const values = {
    // Some ways to pay end in other words.
    context: payment?.provider,
    provider: providerName,
    item: itemName(order, locale, t),
    total: { amountMinor: order.amountMinor, currency: order.currency },
    refunded: { amountMinor: order.refundedMinor, currency: order.currency },
    paidAt: order.paidAt,
    start: order.periodStart,
    firstPaidAt: first?.paidAt,
    email: user.email,
  };
  const heading = t(`checkout:outcome.${outcome}.heading`, values);
  const refreshSeconds = refreshEvery[outcome];
  // The credits of a period that begins later come then.
  const starts = order.periodStart !== null && order.paidAt !== null && order.periodStart > order.paidAt;
  const later = outcome === 'success' && starts ? (order.kind === 'renewal' ? '_renewal' : '_later') : '';
  return {
    title: heading,
    outcome,
    tone: tones[outcome],
    heading,
    money: t(`checkout:outcome.${outcome}.money`, values),
    next: t(`checkout:outcome.${outcome}.next${later}`, values),
    facts: factsOf(order, values.item, t),
    actions: actionsOf(input),
    ...(refreshSeconds === undefined ? {} : { refreshSeconds }),
  };
}

function factsOf(order: Order, item: string, t: Translate): FactRow[] {
  const { snapshot, periodStart, periodEnd } = order;
  const facts: FactRow[] = [{ term: t('checkout:fact.item'), text: item }];
  if (periodStart !== null) {
    const text =
      periodEnd === null
        ? t('checkout:period.open', { start: periodStart })
        : t('checkout:period', { start: periodStart, end: periodEnd });
    facts.push({ term: t('checkout:fact.period'), text });
  }
  facts.push({
    term: t('checkout:fact.credits'),
    text:
      'packCode' in snapshot
        ? t('common:number', { value: snapshot.credits })
        : t('checkout:credits.monthly', { count: snapshot.creditsMonthly }),
  });
  const total = { amountMinor: order.amountMinor, currency: order.currency };
  facts.push(
    { term: t('checkout:fact.order'), text: order.orderNo },
    { term: t('checkout:fact.total'), text: t('common:total', { total }), total: true },
  );
  return facts;
}

interface Action {
  href: string;
  label: string;
  quiet?: boolean;
}

function actionsOf({ outcome, order, payment, first, providerName: provider, here, t }: OutcomeInput): Action[] {
  const account = { href: '/account', label: t('checkout:action.account') };
  const orderPage = (key: 'receipt' | 'order' | 'first', { orderNo } = order) => ({
    href: `/account/orders/${orderNo}`,
    label: t(`checkout:action.${key}`),
    quiet: true,
  });
  const again = { href: buyAgainPath(order), label: t('checkout:action.start_again') };
  const plans = { href: '/pricing', label: t('checkout:action.plans'), quiet: true };
  const atProvider = (key: 'retry_provider' | 'continue_provider') =>
    payment?.approvalUrl == null
      ? again
      : { href: payment.approvalUrl, label: t(`checkout:action.${key}`, { provider }) };
  switch (outcome) {
    case 'success':
    case 'already_paid':
      return [account, orderPage('receipt')];
    case 'refunded':
    case 'returned':
    case 'returned_superseded':
    case 'superseded':
      return [account, orderPage('order')];
    case 'returned_duplicate':
    case 'duplicate':
      return [account, first == null ? orderPage('order') : orderPage('first', first)];
    case 'waiting':
    case 'unconfirmed':
      return [{ href: here, label: t('checkout:action.check_now') }, orderPage('order')];
    case 'open':
      return [atProvider('continue_provider'), plans];
    case 'declined':
      return [atProvider('retry_provider'), plans];
    case 'cancelled':
    case 'expired':
    case 'failed':
      return [again, plans];
  }
}
