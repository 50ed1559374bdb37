import { holdOrderCredits, releaseOrderCredits } from '../credits/dispute-holds.ts';
import type { Tx } from '../db/index.ts';
import { findOrder, type Order } from '../orders/orders.ts';
import type { Services } from './services.ts';

/**
 * Sets apart what is left of the order's credits, if the order is disputed and the operator wants it so. Call it after
 * whatever gives the order credits, in the same transaction: giving them locks the balance, and whoever opens a dispute
 * waits for that lock or has been waited for, so one of the two sees the other.
 */
export async function freezeIfDisputed(
  { settings }: Pick<Services, 'settings'>,
  tx: Tx,
  orderId: string,
  now: Date,
): Promise<void> {
  if (!settings.freezeDisputed) return;
  const order = await findOrder(orderId, tx);
  if (order?.disputedAt != null) await holdOrderCredits(tx, { userId: order.userId, orderId, now });
}

/** Gives back what was set apart. */
export async function thaw(tx: Tx, { id: orderId, userId }: Order, now: Date): Promise<void> {
  await releaseOrderCredits(tx, { userId, orderId, now });
}
