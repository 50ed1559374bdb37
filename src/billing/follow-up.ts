import { reportIncident, type NewIncident } from '../incidents/incidents.ts';
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
    const { outcome } = await settlePayment(services, payment.id);
    if (outcome !== 'processing' || !isTooOld(services, payment)) return;
    await report(services, {
      kind: 'payment_unresolved',
      subjectType: 'order',
      subjectId: payment.orderId,
      summary: `The gateway has held a payment for more than ${patienceDays} days. Ask it what becomes of it.`,
      amount: { amountMinor: payment.amountMinor, currency: payment.currency },
      details: { payment: payment.id, pendingReason: payment.pendingReason },
    });
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
    if (status !== 'pending' || !isTooOld(services, refund)) return;
    await report(services, {
      kind: 'refund_unresolved',
      subjectType: 'refund',
      subjectId: refund.id,
      summary: `A refund has been open for more than ${patienceDays} days. Look for it at the gateway.`,
      amount: { amountMinor: refund.amountMinor, currency: refund.currency },
      details: { order: refund.orderId },
    });
  });
  return { asked: done + failed, open: open + failed };
}

/** From then on a person has to ask; we go on asking too. */
const patienceDays = 14;

function isTooOld({ clock }: Services, { createdAt }: { createdAt: Date }): boolean {
  return clock.now().getTime() - createdAt.getTime() > patienceDays * 24 * 3600 * 1000;
}

async function report({ db, clock }: Services, incident: Omit<NewIncident, 'now'>): Promise<void> {
  await db.transaction((tx) => reportIncident(tx, { ...incident, now: clock.now() }));
}
