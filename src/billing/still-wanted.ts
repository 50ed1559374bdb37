import type { Tx } from '../db/index.ts';
import type { ChangeCredit } from '../orders/order-states.ts';
import { paidWhileOpen, type Order } from '../orders/orders.ts';
import { liveSubscription, scheduledSubscription } from '../subscriptions/subscriptions.ts';
import { creditsTowards } from './quote-plan-change.ts';

export interface Refusal {
  failureCode: 'DUPLICATE' | 'PLAN_CHANGED';
  /** The order that had paid for the same. */
  duplicateOf: string | null;
}

/** What makes an order one that must not be charged: it would be paid twice, or would take the place of another plan. */
export async function findRefusal(order: Order): Promise<Refusal | null> {
  const first = await paidWhileOpen(order);
  if (first !== null) return { failureCode: 'DUPLICATE', duplicateOf: first.id };
  return (await stillWanted(order)) ? null : { failureCode: 'PLAN_CHANGED', duplicateOf: null };
}

/**
 * The customer's plan may have changed since, or what counts towards this order: then it must not be charged, and if it
 * was, not be handed over.
 */
export async function stillWanted(order: Order, tx?: Tx): Promise<boolean> {
  if ('packCode' in order.snapshot) return true;
  const { change } = order.snapshot;
  const next = await scheduledSubscription(order.userId, tx);
  const live = await liveSubscription(order.userId, tx);
  if (change?.effective === 'now') {
    if (live?.id !== change.from.subscriptionId) return false;
    return isSame(change.credits, await creditsTowards(live, order.createdAt, tx));
  }
  if (next !== null) return false;
  if (live?.priceId == null) return true;
  if (change?.effective === 'period_end') return live.nextPriceId === order.priceId;
  return live.endDate !== null && live.planId === order.planId && live.subscriptionType === order.subscriptionType;
}

function isSame(before: readonly ChangeCredit[], now: readonly ChangeCredit[]): boolean {
  const [one, other] = [before, now].map((credits) =>
    credits.map(({ orderId, creditMinor }) => `${orderId} ${creditMinor}`).sort(),
  );
  return one?.join() === other?.join();
}
