import { GatewayUnavailable } from '../kit/errors.ts';
import { openPayments } from '../payments/payments.ts';
import { openRefunds } from '../payments/refunds.ts';
import { requestRefund } from './refund-order.ts';
import type { Services } from './services.ts';
import { settlePayment } from './settle-payment.ts';

const batchSize = 50;
const askAgainAfterMs = 2 * 60 * 1000;

/** Asks about payments whose end we do not know: the buyer who never came back, the answer that never came. */
export async function followUpPayments(services: Services): Promise<{ asked: number; unanswered: number }> {
  const counts = { asked: 0, unanswered: 0 };
  for (const payment of await openPayments(before(services), batchSize)) {
    counts.asked += 1;
    try {
      await settlePayment(services, payment.id);
    } catch (error) {
      if (!(error instanceof GatewayUnavailable)) throw error;
      counts.unanswered += 1;
    }
  }
  return counts;
}

/** Asks again for refunds without an answer, under their own ids: the gateway makes each once. */
export async function followUpRefunds(services: Services): Promise<{ asked: number; open: number }> {
  const counts = { asked: 0, open: 0 };
  for (const refund of await openRefunds(before(services), batchSize)) {
    counts.asked += 1;
    const { status } = await requestRefund(services, refund);
    if (status === 'pending') counts.open += 1;
  }
  return counts;
}

function before({ clock }: Services): Date {
  return new Date(clock.now().getTime() - askAgainAfterMs);
}
