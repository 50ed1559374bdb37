import type { LocalizedText, Rollover } from '../plans/plan-terms.ts';
import type { OrderStatus } from '../states/moves.ts';

export type { OrderStatus } from '../states/moves.ts';
export type OrderKind = 'subscription' | 'renewal' | 'credit_pack';

/** Whether the order was paid, whatever was given back since. */
export function isPaid(status: OrderStatus): boolean {
  return status === 'completed' || status === 'partially_refunded' || status === 'refunded';
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
    }
  | { packCode: string; names: LocalizedText; credits: number; validityDays: number | null };
