import { lockOrder, moveOrder, staleOrders } from '../orders/orders.ts';
import { currentPayment, lockPayment, updatePayment } from '../payments/payments.ts';
import { workOff } from './batches.ts';
import type { Services } from './services.ts';
import { settlePayment } from './settle-payment.ts';

const batchSize = 100;

/**
 * Closes orders that nobody paid in time. The gateway is asked first: an order that the buyer approved without coming
 * back is still settled, and one whose gateway does not answer waits for the next run.
 */
export async function expireOrders(services: Services): Promise<{ expired: number; settled: number; failed: number }> {
  const counts = { expired: 0, settled: 0 };
  const stale = await staleOrders(services.clock.now(), batchSize);
  const { failed } = await workOff(services, 'an order', stale, async (orderId) => {
    const payment = await currentPayment(orderId);
    const outcome = payment === null ? 'not_approved' : (await settlePayment(services, payment.id)).outcome;
    if (outcome === 'not_approved' || outcome === 'declined') counts.expired += await expire(services, orderId);
    else counts.settled += 1;
  });
  return { ...counts, failed };
}

async function expire({ db, clock, metrics }: Services, orderId: string): Promise<number> {
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
