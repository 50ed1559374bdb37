import { lockOrder, moveOrder, type Order } from '../orders/orders.ts';
import { findPaymentByProviderOrder, lockPayment, updatePayment } from '../payments/payments.ts';
import type { Services } from './services.ts';

/**
 * The buyer came back from the gateway without paying. Only an order that is still open is closed; whatever else became
 * of it stands. → the order, or null when there is none of this customer's
 */
export async function cancelCheckout(
  { db, clock, metrics }: Services,
  { userId, provider, providerOrderId }: { userId: string; provider: string; providerOrderId: string },
): Promise<Order | null> {
  const found = await findPaymentByProviderOrder(provider, providerOrderId);
  if (found === null) return null;
  const { order, closed } = await db.transaction(async (tx) => {
    const order = await lockOrder(tx, found.orderId);
    if (order.userId !== userId || order.status !== 'pending') return { order, closed: false };
    await updatePayment(tx, await lockPayment(tx, found.id), { status: 'cancelled' });
    await moveOrder(tx, order, 'cancelled', { closedAt: clock.now() });
    return { order, closed: true };
  });
  if (closed) metrics.ordersClosed.inc({ outcome: 'cancelled' });
  return order.userId === userId ? order : null;
}
