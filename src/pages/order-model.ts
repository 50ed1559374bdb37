import type { User } from '../accounts/users.ts';
import type { Locale, Translate } from '../kit/i18n.ts';
import type { Money } from '../kit/money.ts';
import { isPaid, planChangeOf, returnCodeOf, type OrderStatus } from '../orders/order-states.ts';
import type { Order } from '../orders/orders.ts';
import type { Payment } from '../payments/payments.ts';
import type { Refund } from '../payments/refunds.ts';
import type { FactRow } from './checkout-model.ts';
import { buyAgainPath, itemName, orderTones } from './order-item.ts';

interface OrderInput {
  order: Order;
  payments: Payment[];
  refunds: Refund[];
  /** The order that had paid for the same already. */
  first: Order | null;
  user: User;
  /** By the name that payments carry: `paypal` → `PayPal`. */
  providerName: (provider: string) => string;
  locale: Locale;
  t: Translate;
}

/** An order as its receipt: what was sold, what was paid, what was given back. */
export function orderModel({ order, payments, refunds, first, user, providerName, locale, t }: OrderInput) {
  const { orderNo, amountMinor, refundedMinor, currency } = order;
  const status: OrderStatus = order.status;
  const kind = isPaid(status) ? 'paid' : 'open';
  const given = refunds.filter((refund) => refund.status !== 'failed');
  return {
    title: t(`account:order.title.${kind}`, { orderNo }),
    heading: t(`account:order.heading.${kind}`),
    section: 'account',
    state: { tone: orderTones[status], label: t(`account:orders.status.${status}`) },
    explanation: t(`account:order.text.${explanationOf(order)}`, {
      firstPaidAt: first?.paidAt,
      context: payments[0]?.provider,
    }),
    facts: factsOf(order, user, t),
    line: { label: itemName(order, locale, t), detail: creditsOf(order, t), amount: priceOf(order) },
    credited: creditedOf(order, t),
    total: { amountMinor, currency },
    refunds: given.map((refund) => ({
      label: t(refund.status === 'completed' ? 'account:order.refund' : 'account:order.refund_pending'),
      detail: t('common:date', { date: refund.completedAt ?? refund.createdAt }),
      amount: { amountMinor: refund.amountMinor, currency: refund.currency } satisfies Money,
    })),
    net: refundedMinor > 0 ? { amountMinor: amountMinor - refundedMinor, currency } : null,
    payments: payments.map((payment) => ({
      label: providerName(payment.provider),
      reference: payment.providerCaptureId ?? payment.providerOrderId,
      stateLabel: t(`account:order.payment.${payment.status}`),
    })),
    action: actionOf(order, payments, first, t),
  };
}

/** What happened to the money, by the key of its words. */
function explanationOf(order: Order): string {
  const { status, failureCode } = order;
  const returned = returnCodeOf(order);
  if (returned !== null) return `returned.${returned}`;
  const isNotCharged = status === 'cancelled' && (failureCode === 'DUPLICATE' || failureCode === 'PLAN_CHANGED');
  return isNotCharged ? `cancelled.${failureCode}` : status;
}

function factsOf({ createdAt, paidAt, periodStart, periodEnd, orderNo }: Order, user: User, t: Translate): FactRow[] {
  const facts: FactRow[] = [
    { term: t('account:order.fact.no'), text: orderNo },
    {
      term: t('account:order.fact.customer'),
      text: user.name ?? user.email,
      ...(user.name === null ? {} : { more: user.email }),
    },
    { term: t('account:order.fact.date'), text: t('common:time', { at: createdAt }) },
  ];
  if (paidAt !== null) facts.push({ term: t('account:order.fact.paid'), text: t('common:time', { at: paidAt }) });
  if (periodStart !== null) {
    const text =
      periodEnd === null
        ? t('checkout:period.open', { start: periodStart })
        : t('checkout:period', { start: periodStart, end: periodEnd });
    facts.push({ term: t('checkout:fact.period'), text });
  }
  return facts;
}

/** What it cost before earlier orders counted towards it. */
function priceOf({ snapshot, amountMinor, currency }: Order): Money {
  return { amountMinor: planChangeOf(snapshot)?.priceMinor ?? amountMinor, currency };
}

function creditedOf({ snapshot, currency }: Order, t: Translate) {
  return (planChangeOf(snapshot)?.credits ?? []).map(({ orderNo, daysLeft, days, creditMinor }) => ({
    label: t('account:order.credited', { orderNo }),
    detail: t('checkout:credited_days', { daysLeft, count: days }),
    amount: { amountMinor: creditMinor, currency } satisfies Money,
  }));
}

function creditsOf({ snapshot }: Order, t: Translate): string {
  return 'packCode' in snapshot
    ? t('account:order.line.credits', { count: snapshot.credits })
    : t('account:order.line.credits_monthly', { count: snapshot.creditsMonthly });
}

function actionOf(
  order: Order,
  payments: Payment[],
  first: Order | null,
  t: Translate,
): { href: string; label: string } | null {
  if (first !== null && order.failureCode === 'DUPLICATE') {
    return { href: `/account/orders/${first.orderNo}`, label: t('account:order.first') };
  }
  if (order.status === 'pending') {
    const [newest] = payments;
    const href = newest?.approvalUrl ?? buyAgainPath(order);
    return { href, label: t('account:order.continue', { context: newest?.provider }) };
  }
  const closed: readonly OrderStatus[] = ['failed', 'cancelled', 'expired'];
  return closed.includes(order.status) ? { href: buyAgainPath(order), label: t('account:order.again') } : null;
}
