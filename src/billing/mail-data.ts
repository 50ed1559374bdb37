import type { User } from '../accounts/users.ts';
import type { PurchasedItem, ReceiptChange } from '../mail/templates.ts';
import { planChangeOf } from '../orders/order-states.ts';
import type { Order } from '../orders/orders.ts';

/** Where a customer's mail goes. */
export function addressOf(user: User): { userId: string; address: string; locale: string } {
  return { userId: user.id, address: user.email, locale: user.locale };
}

/** What an order was for, in the words of the day it was made. */
export function itemOf(order: Order): PurchasedItem {
  const { snapshot, subscriptionType } = order;
  if ('packCode' in snapshot) {
    return { kind: 'pack', packCode: snapshot.packCode, name: snapshot.names, credits: snapshot.credits };
  }
  return {
    kind: 'plan',
    planCode: snapshot.planCode,
    name: snapshot.names,
    subscriptionType: subscriptionType ?? 'monthly',
    creditsMonthly: snapshot.creditsMonthly,
  };
}

/** How the price of a change of plan came about. */
export function changeOf({ snapshot, currency }: Order): ReceiptChange | null {
  const change = planChangeOf(snapshot);
  if (change === undefined) return null;
  const { from, effective, priceMinor, credits } = change;
  return {
    fromName: from.names,
    effective,
    price: { amountMinor: priceMinor, currency },
    credits: credits.map(({ orderNo, daysLeft, days, creditMinor }) => {
      return { orderNo, daysLeft, days, credit: { amountMinor: creditMinor, currency } };
    }),
  };
}

export function totalOf(order: Order): { amountMinor: number; currency: string } {
  return { amountMinor: order.amountMinor, currency: order.currency };
}
