import type { Tx } from '../db/index.ts';
import { reportIncident, settleIncidents } from '../incidents/incidents.ts';
import { toDecimal } from '../kit/money.ts';
import { lockOrder } from '../orders/orders.ts';
import { findPaymentByCapture, findPaymentByProviderOrder, type Payment } from '../payments/payments.ts';
import { ProviderRejected } from '../payments/provider-errors.ts';
import type { ProviderRefund } from '../payments/provider.ts';
import { createRefund, findProviderRefund, matchRefund, refundsOf, type Refund } from '../payments/refunds.ts';
import { keptMinor } from './refund-policy.ts';
import { providerOf, type Services } from './services.ts';
import { settlePayment } from './settle-payment.ts';
import { settleRefund } from './settle-refund.ts';

/**
 * A refund that the gateway reports. Ours comes back under its id, or, when the webhook overtakes our own call, with ours
 * on it; any other was made in the gateway's own pages and is booked like ours.
 * @returns what came of it, in words for the webhook inbox
 */
export async function recordProviderRefund(
  services: Services,
  provider: string,
  answer: ProviderRefund,
): Promise<string> {
  const { refundId, captureId } = answer;
  const known = await findProviderRefund(provider, refundId);
  if (known !== null) {
    await settleRefund(services, known.id, answer);
    return `refund ${known.id} is ${answer.status}`;
  }
  const payment = captureId === null ? null : await bookedPayment(services, provider, captureId);
  if (payment === null) {
    const summary = `The gateway reports the refund ${refundId} of a capture that is not ours.`;
    await services.db.transaction((tx) => reportUnmatched(services, tx, answer, summary, null));
    return summary;
  }
  const ours = matchRefund(await refundsOf([payment.orderId]), answer);
  const refund = ours ?? (await adopt(services, provider, payment.orderId, payment.id, answer));
  if (refund === null) return `refund ${refundId} exceeds what order ${payment.orderId} can give back`;
  await settleRefund(services, refund.id, answer);
  return `refund ${refund.id} is ${answer.status}`;
}

/** The payment of a capture; booked first where news of what became of it overtook the news that it was made. */
export async function bookedPayment(services: Services, provider: string, captureId: string): Promise<Payment | null> {
  const payment =
    (await findPaymentByCapture(provider, captureId)) ?? (await paymentOfCapture(services, provider, captureId));
  if (payment === null || payment.status === 'completed') return payment;
  return (await settlePayment(services, payment.id)).payment;
}

async function paymentOfCapture(services: Services, provider: string, captureId: string): Promise<Payment | null> {
  try {
    const { providerOrderId } = await providerOf(services, provider).fetchCapture(captureId);
    return providerOrderId === null ? null : await findPaymentByProviderOrder(provider, providerOrderId);
  } catch (error) {
    if (error instanceof ProviderRejected) return null;
    throw error;
  }
}

async function adopt(
  services: Services,
  provider: string,
  orderId: string,
  paymentId: string,
  answer: ProviderRefund,
): Promise<Refund | null> {
  const { db, clock } = services;
  const { refundId, amountMinor, currency, madeAt } = answer;
  const now = clock.now();
  return db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    // The webhook of the refund and that of the dispute that caused it arrive together.
    const known = await findProviderRefund(provider, refundId, tx);
    if (known !== null) return known;
    const refunds = await refundsOf([orderId], tx);
    if (order.currency !== currency || amountMinor > keptMinor(order, refunds)) {
      const left = { amountMinor: keptMinor(order, refunds), currency: order.currency };
      const summary = `The gateway gave back more of ${order.orderNo} than can be given back.`;
      await reportUnmatched(services, tx, answer, summary, `${toDecimal(left)} ${left.currency}`);
      return null;
    }
    const resolution = 'It is booked as a refund of the order.';
    await settleIncidents(tx, { kinds: ['refund_unmatched'], subjectId: refundId, resolution, now });
    return createRefund(tx, {
      orderId,
      paymentId,
      provider,
      providerRefundId: refundId,
      amountMinor,
      currency,
      reason: `Made at ${provider}`,
      requestedBy: null,
      // As the gateway's statement dates it, however late we hear of it.
      now: madeAt === null || madeAt > now ? now : madeAt,
    });
  });
}

/** Money that left without a row of ours to book it on: a person has to look. */
async function reportUnmatched(
  { clock, log }: Services,
  tx: Tx,
  { refundId, captureId, amountMinor, currency }: ProviderRefund,
  summary: string,
  expected: string | null,
): Promise<void> {
  log.error({ refund: refundId, capture: captureId }, 'a refund at the gateway fits no order');
  await reportIncident(tx, {
    kind: 'refund_unmatched',
    subjectType: 'refund',
    subjectId: refundId,
    summary,
    expected,
    found: `${toDecimal({ amountMinor, currency })} ${currency}`,
    amount: { amountMinor, currency },
    details: { capture: captureId },
    now: clock.now(),
  });
}
