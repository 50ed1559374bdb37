import { GatewayUnavailable } from '../kit/errors.ts';
import { findOrder, lockOrder, moveOrder, type Order } from '../orders/orders.ts';
import { findPayment, findPaymentByProviderOrder, lockPayment, updatePayment } from '../payments/payments.ts';
import { ProviderRejected, ProviderUnavailable } from '../payments/provider-errors.ts';
import { providerOf, type Services } from './services.ts';
import { settlePayment, settlingOf } from './settle-payment.ts';

/**
 * The buyer came back from the gateway without paying. Only an order that is still open is closed; whatever else became
 * of it stands, and one that was paid without our hearing of it is settled.
 * → the order, or null when there is none of this customer's
 */
export async function cancelCheckout(
  services: Services,
  { userId, provider, providerOrderId }: { userId: string; provider: string; providerOrderId: string },
): Promise<Order | null> {
  const payment = await findPaymentByProviderOrder(provider, providerOrderId);
  const order = payment === null ? null : await findOrder(payment.orderId);
  if (payment === null || order?.userId !== userId) return null;
  const isTaken = await services.db.exclusively(settlingOf(order), async () => {
    if (await mayBeTaken(services, payment.id)) return true;
    await close(services, payment.id, order.id);
    return false;
  });
  if (isTaken) {
    await settlePayment(services, payment.id).catch((error: unknown) => {
      // Then it stays open, and is asked about again.
      if (!(error instanceof GatewayUnavailable)) throw error;
    });
  }
  return findOrder(order.id);
}

/** Whether the money may have moved: somebody asked for it, and the answer was lost. A closed order is not asked about. */
async function mayBeTaken(services: Services, paymentId: string): Promise<boolean> {
  const payment = await findPayment(paymentId);
  if (payment?.status !== 'pending' || payment.checkedAt === null || payment.providerOrderId === null) return false;
  try {
    return (await providerOf(services, payment.provider).fetchOrder(payment.providerOrderId)).capture !== null;
  } catch (error) {
    if (error instanceof ProviderUnavailable) return true;
    if (error instanceof ProviderRejected) return false;
    throw error;
  }
}

async function close({ db, clock, metrics }: Services, paymentId: string, orderId: string): Promise<void> {
  const closed = await db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order.status !== 'pending') return false;
    await updatePayment(tx, await lockPayment(tx, paymentId), { status: 'cancelled' });
    await moveOrder(tx, order, 'cancelled', { closedAt: clock.now() });
    return true;
  });
  if (closed) metrics.ordersClosed.inc({ outcome: 'cancelled' });
}
