import type { LocalizedText, Rollover } from '../plans/plan-terms.ts';
import type { OrderStatus } from '../states/moves.ts';

export type { OrderStatus } from '../states/moves.ts';
export type OrderKind = 'subscription' | 'renewal' | 'credit_pack';

/** Whether the order was paid, whatever was given back since. */
export function isPaid(status: OrderStatus): boolean {
  return status === 'completed' || status === 'partially_refunded' || status === 'refunded';
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
