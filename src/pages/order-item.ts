import type { Locale, Translate } from '../kit/i18n.ts';
import type { OrderSnapshot, OrderStatus } from '../orders/order-states.ts';
import type { Order } from '../orders/orders.ts';
import { defaultCurrency } from '../plans/catalog.ts';
import { localized, type SubscriptionType } from '../plans/plan-terms.ts';

interface Sold {
  snapshot: OrderSnapshot;
  subscriptionType: SubscriptionType | null;
  currency: string;
}

/** What an order was for: `Pro, one month`, or the name of a pack. */
export function itemName({ snapshot, subscriptionType }: Omit<Sold, 'currency'>, locale: Locale, t: Translate): string {
  const name = localized(snapshot.names, locale);
  return 'packCode' in snapshot ? name : t(`account:orders.plan.${subscriptionType ?? 'monthly'}`, { name });
}

/** Where the same thing is bought again, in the same currency. */
export function buyAgainPath({ snapshot, subscriptionType, currency }: Sold): string {
  return 'packCode' in snapshot
    ? `/checkout/packs/${snapshot.packCode}`
    : planPath(snapshot.planCode, subscriptionType ?? 'monthly', currency);
}

/** Where a plan is bought. The default currency goes without saying. */
export function planPath(planCode: string, type: SubscriptionType, currency: string): string {
  return `/checkout/${planCode}?type=${type}${currency === defaultCurrency ? '' : `&currency=${currency}`}`;
}

/** The colour that goes with the word; never without it. */
export const orderTones: Readonly<Record<OrderStatus, 'leaf' | 'wait' | 'loss' | 'plain'>> = {
  pending: 'wait',
  processing: 'wait',
  completed: 'leaf',
  partially_refunded: 'plain',
  refunded: 'plain',
  failed: 'loss',
  cancelled: 'plain',
  expired: 'plain',
};

function lineOf({ kind }: Order, item: string, t: Translate): string {
  if (kind === 'renewal') return t('account:orders.renewal', { item });
  return kind === 'plan_change' ? t('account:orders.change', { item }) : item;
}

/** A line of a list of orders. */
export function orderRow(order: Order, locale: Locale, t: Translate) {
  const item = itemName(order, locale, t);
  const status: OrderStatus = order.status;
  return {
    at: order.createdAt,
    href: `/account/orders/${order.orderNo}`,
    item: lineOf(order, item, t),
    orderNo: order.orderNo,
    tone: orderTones[status],
    stateLabel: t(`account:orders.status.${status}`),
    total: { amountMinor: order.amountMinor, currency: order.currency },
  };
}
