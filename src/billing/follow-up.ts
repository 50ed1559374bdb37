import { openPayments, updatePayment } from '../payments/payments.ts';
import { openRefunds, updateRefund } from '../payments/refunds.ts';
import { workOff } from './batches.ts';
import { requestRefund } from './refund-order.ts';
import type { Services } from './services.ts';
import { settlePayment } from './settle-payment.ts';

const batchSize = 50;

/** Asks about payments whose end we do not know: the buyer who never came back, the answer that never came. */
export async function followUpPayments(services: Services): Promise<{ asked: number; unanswered: number }> {
  const open = await openPayments(services.clock.now(), batchSize);
  const { done, failed } = await workOff(services, 'a payment', open, async (payment) => {
    // Before it is asked about, so that one that fails stands behind the others next time, wherever it fails.
    await updatePayment(null, payment, { checkedAt: services.clock.now() });
    await settlePayment(services, payment.id);
  });
  return { asked: done + failed, unanswered: failed };
}

/** Asks again for refunds without an answer, under their own ids: the gateway makes each once. */
export async function followUpRefunds(services: Services): Promise<{ asked: number; open: number }> {
  let open = 0;
  const refunds = await openRefunds(services.clock.now(), batchSize);
  const { done, failed } = await workOff(services, 'a refund', refunds, async (refund) => {
    await updateRefund(null, refund, { checkedAt: services.clock.now() });
    const { status } = await requestRefund(services, refund);
    if (status === 'pending') open += 1;
  });
  return { asked: done + failed, open: open + failed };
}
