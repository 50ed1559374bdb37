import { lockOrder, moveOrder, staleOrders } from '../orders/orders.ts';
import { currentPayment, lockPayment, updatePayment } from '../payments/payments.ts';
import { workOff } from './batches.ts';
import type { Services } from './services.ts';
import { settlePayment } from './settle-payment.ts';

const batchSize = 100;

/**
 * Closes orders that nobody paid in time. The gateway is asked first: an order that the buyer approved without coming
 * back is still settled, and one whose gateway did not answer waits until the follow-up has an answer.
 */
export async function expireOrders(
  services: Services,
): Promise<{ expired: number; settled: number; waiting: number; failed: number }> {
  const counts = { expired: 0, settled: 0, waiting: 0 };
  const stale = await staleOrders(services.clock.now(), batchSize);
  const { failed } = await workOff(services, 'an order', stale, async (orderId) => {
    const payment = await currentPayment(orderId);
    if (payment?.waitingSince != null) {
      counts.waiting += 1;
      return;
    }
    const outcome = payment === null ? 'not_approved' : (await settlePayment(services, payment.id)).outcome;
    if (outcome === 'not_approved' || outcome === 'declined') counts.expired += await expireOrder(services, orderId);
    else counts.settled += 1;
  });
  return { ...counts, failed };
}

/** Closes an order that nobody has paid or can pay. → how many that were: one, or none that was still open */
export async function expireOrder({ db, clock, metrics }: Services, orderId: string): Promise<number> {
  const expired = await db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order.status !== 'pending') return false;
    const payment = await currentPayment(orderId, tx);
    if (payment !== null) await updatePayment(tx, await lockPayment(tx, payment.id), { status: 'cancelled' });
    await moveOrder(tx, order, 'expired', { closedAt: clock.now() });
    return true;
  });
  if (!expired) return 0;
  metrics.ordersClosed.inc({ outcome: 'expired' });
  return 1;
}
