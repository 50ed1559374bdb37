import type { LocalizedText, Rollover, SubscriptionType } from '../plans/plan-terms.ts';
import type { OrderStatus } from '../states/moves.ts';

export type { OrderStatus } from '../states/moves.ts';
export type OrderKind = 'subscription' | 'renewal' | 'plan_change' | 'credit_pack';

/** Whether the order was paid, whatever was given back since. */
export function isPaid(status: OrderStatus): boolean {
  return status === 'completed' || status === 'partially_refunded' || status === 'refunded';
}

/** What is left of an earlier order and counts towards the new price. Amounts in minor units of the order's currency. */
export interface ChangeCredit {
  orderId: string;
  orderNo: string;
  /** What the order's period was worth, what was given back of it taken off. */
  worthMinor: number;
  daysLeft: number;
  days: number;
  creditMinor: number;
}

/** How the price of a change of plan came about; the order keeps it. */
export interface OrderChange {
  from: { subscriptionId: string; planCode: string; names: LocalizedText; subscriptionType: SubscriptionType };
  /** `now`: begins with the payment, for the difference. `period_end`: begins when what was paid for has run out. */
  effective: 'now' | 'period_end';
  priceMinor: number;
  /** None at the period's end: nothing is left then. */
  credits: ChangeCredit[];
}

/** Why an order that was paid handed nothing over. */
export const returnCodes = ['PAID_LATE', 'DUPLICATE', 'PLAN_CHANGED'] as const;
export type ReturnCode = (typeof returnCodes)[number];

/** Why the money of an order that was paid goes back by itself; null when it does not. */
export function returnCodeOf(order: { status: OrderStatus; failureCode: string | null }): ReturnCode | null {
  if (!isPaid(order.status)) return null;
  return returnCodes.find((code) => code === order.failureCode) ?? null;
}

/** What was sold, as it was on the day: edits of a plan never reach back. */
export type OrderSnapshot =
  | {
      planCode: string;
      names: LocalizedText;
      creditsMonthly: number;
      rollover: Rollover;
      rolloverCap: number | null;
      change?: OrderChange;
    }
  | { packCode: string; names: LocalizedText; credits: number; validityDays: number | null };

/** How a change of plan was priced; undefined for everything else that is sold. */
export function planChangeOf(snapshot: OrderSnapshot): OrderChange | undefined {
  return 'packCode' in snapshot ? undefined : snapshot.change;
}
