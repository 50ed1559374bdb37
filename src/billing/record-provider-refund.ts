import { findOrder } from '../orders/orders.ts';
import { findPaymentByCapture } from '../payments/payments.ts';
import type { ProviderRefund } from '../payments/provider.ts';
import { createRefund, findProviderRefund, refundsOf, type Refund } from '../payments/refunds.ts';
import { refundableMinor } from './refund-policy.ts';
import type { Services } from './services.ts';
import { settleRefund } from './settle-refund.ts';

/**
 * A refund that the gateway reports. Ours comes back under its id, or, when the webhook overtakes our own call, as the
 * one that is still without an id; any other was made in the gateway's own pages and is booked like ours.
 * @returns what came of it, in words for the webhook inbox
 */
export async function recordProviderRefund(
  services: Services,
  provider: string,
  answer: ProviderRefund,
): Promise<string> {
  const { refundId, captureId, amountMinor } = answer;
  const known = await findProviderRefund(provider, refundId);
  if (known !== null) {
    await settleRefund(services, known.id, answer);
    return `refund ${known.id} is ${answer.status}`;
  }
  const payment = captureId === null ? null : await findPaymentByCapture(provider, captureId);
  if (payment === null) return `refund ${refundId} is of a capture that is not ours`;
  const unanswered = (await refundsOf([payment.orderId])).find(
    (refund) => refund.status === 'pending' && refund.providerRefundId === null && refund.amountMinor === amountMinor,
  );
  const refund = unanswered ?? (await adopt(services, provider, payment.orderId, payment.id, answer));
  if (refund === null) return `refund ${refundId} exceeds what order ${payment.orderId} can give back`;
  await settleRefund(services, refund.id, answer);
  return `refund ${refund.id} is ${answer.status}`;
}

async function adopt(
  { db, clock, log }: Services,
  provider: string,
  orderId: string,
  paymentId: string,
  { refundId, amountMinor, currency }: ProviderRefund,
): Promise<Refund | null> {
  const [order, refunds] = [await findOrder(orderId), await refundsOf([orderId])];
  if (order?.currency !== currency || amountMinor > refundableMinor(order, refunds)) {
    log.error({ order: orderId, refund: refundId }, 'the gateway gave back more than the order can');
    return null;
  }
  return db.transaction((tx) =>
    createRefund(tx, {
      orderId,
      paymentId,
      provider,
      providerRefundId: refundId,
      amountMinor,
      currency,
      reason: `Made at ${provider}`,
      requestedBy: null,
      now: clock.now(),
    }),
  );
}
