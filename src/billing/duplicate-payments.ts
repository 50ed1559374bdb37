import { isDeepStrictEqual } from 'node:util';
import type { Tx } from '../db/index.ts';
import { reportIncident } from '../incidents/incidents.ts';
import { openOrdersFor, type NewOrder, type Order } from '../orders/orders.ts';
import { currentPayment, type Payment } from '../payments/payments.ts';
import type { Services } from './services.ts';

/** Of the time that the buyer has. PayPal shows its page for half of it: what is taken up again leaves them an hour there. */
const reusableShare = 1 / 3;

/**
 * The customer's open order for the very same at the very same price, begun so recently that its approval page still
 * works: two tabs, two devices and the back button lead to one order. Call it under the lock of the user's row.
 */
export async function findReusable(
  tx: Tx,
  { provider, ...wanted }: Omit<NewOrder, 'now'> & { provider: string },
  now: Date,
): Promise<{ order: Order; payment: Payment } | null> {
  const { userId, kind, priceId, packId, amountMinor, currency, snapshot, openForMs } = wanted;
  const since = new Date(now.getTime() - openForMs * reusableShare);
  const open = await openOrdersFor(tx, { userId, kind, priceId, packId, amountMinor, currency, since });
  for (const order of open.filter((one) => isDeepStrictEqual(one.snapshot, snapshot))) {
    const payment = await currentPayment(order.id, tx);
    if (payment?.status === 'pending' && payment.provider === provider) return { order, payment };
  }
  return null;
}

/** Whether the first payment is so recent that the second goes back without a person being asked. */
export function goesBackByItself({ settings }: Services, first: Order, now: Date): boolean {
  const windowMs = settings.duplicateRefundWindowMs;
  return windowMs > 0 && first.paidAt !== null && now.getTime() - first.paidAt.getTime() <= windowMs;
}

/** The second payment stands: it was handed over like any other, and staff can give it back with one click. */
export async function offerRefund(tx: Tx, order: Order, payment: Payment, first: Order, now: Date): Promise<void> {
  await reportIncident(tx, {
    kind: 'duplicate_payment',
    subjectType: 'order',
    subjectId: order.id,
    summary:
      `${order.orderNo} was paid though it was open when ${first.orderNo} paid for the same. Both were handed over. ` +
      'Refund the second, unless the customer wants both.',
    amount: { amountMinor: payment.amountMinor, currency: payment.currency },
    details: {
      orderNo: order.orderNo,
      firstOrder: first.id,
      firstOrderNo: first.orderNo,
      payment: payment.id,
      refund: 'offered',
    },
    now,
  });
}
