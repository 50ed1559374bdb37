import type { User } from '../accounts/users.ts';
import type { PurchasedItem } from '../mail/templates.ts';
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

export function totalOf(order: Order): { amountMinor: number; currency: string } {
  return { amountMinor: order.amountMinor, currency: order.currency };
}
