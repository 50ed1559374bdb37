import type { LocalizedText, Rollover } from '../plans/plan-terms.ts';

export type OrderKind = 'subscription' | 'renewal' | 'credit_pack';

export type OrderStatus =
  'pending' | 'processing' | 'completed' | 'partially_refunded' | 'refunded' | 'failed' | 'cancelled' | 'expired';

/**
 * Every legal move. `processing` means that the gateway holds the money (eCheck, review): nothing is granted there.
 * A cancelled or expired order whose buyer paid all the same completes too: money that arrived is never ignored.
 */
const moves: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  pending: ['processing', 'completed', 'failed', 'cancelled', 'expired'],
  processing: ['completed', 'failed'],
  completed: ['partially_refunded', 'refunded'],
  partially_refunded: ['partially_refunded', 'refunded'],
  refunded: [],
  failed: [],
  cancelled: ['processing', 'completed', 'failed'],
  expired: ['processing', 'completed', 'failed'],
};

export class IllegalMove extends Error {
  constructor(what: string, from: string, to: string) {
    super(`${what} cannot go from ${from} to ${to}`);
    this.name = 'IllegalMove';
  }
}

/** @throws IllegalMove */
export function assertOrderMove(from: OrderStatus, to: OrderStatus): void {
  if (!moves[from].includes(to)) throw new IllegalMove('an order', from, to);
}

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
