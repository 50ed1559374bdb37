import { reportIncident, type NewIncident } from '../incidents/incidents.ts';
import { followUpDays, isLastFollowUp } from '../payments/follow-up-due.ts';
import { findPayment, isPastFollowUp, openPayments, updatePayment } from '../payments/payments.ts';
import { findRefund, openRefunds, updateRefund } from '../payments/refunds.ts';
import { workOff } from './batches.ts';
import { requestRefund } from './refund-order.ts';
import type { Services } from './services.ts';
import { settlePayment } from './settle-payment.ts';

const batchSize = 50;

/**
 * Asks about payments whose end we do not know, at the ages of `payments/follow-up-due.ts`: the buyer who never came
 * back, the answer that never came, the money that is held. After the last time it is for staff to ask.
 */
export async function followUpPayments(services: Services): Promise<{ asked: number; unanswered: number }> {
  const open = await openPayments(services.clock.now(), batchSize);
  const { done, failed } = await workOff(services, 'a payment', open, async (payment) => {
    // Before it is asked about, so that one that fails stands behind the others next time, wherever it fails.
    await updatePayment(null, payment, { checkedAt: services.clock.now() });
    try {
      await settlePayment(services, payment.id);
    } finally {
      await giveUpPayment(services, payment.id);
    }
  });
  return { asked: done + failed, unanswered: failed };
}

/** Asks for refunds without an end: again under their own ids, or by looking, at the ages of the same schedule. */
export async function followUpRefunds(services: Services): Promise<{ asked: number; open: number }> {
  let open = 0;
  const refunds = await openRefunds(services.clock.now(), batchSize);
  const { done, failed } = await workOff(services, 'a refund', refunds, async (refund) => {
    await updateRefund(null, refund, { checkedAt: services.clock.now() });
    try {
      const { status } = await requestRefund(services, refund);
      if (status === 'pending') open += 1;
    } finally {
      await giveUpRefund(services, refund.id);
    }
  });
  return { asked: done + failed, open: open + failed };
}

async function giveUpPayment(services: Services, id: string): Promise<void> {
  const payment = await findPayment(id);
  // One that waits for its buyer expires with its order.
  const isOpen = payment?.status === 'processing' || (payment?.status === 'pending' && payment.waitingSince !== null);
  if (payment === null || !isOpen || !isPastFollowUp(payment, services.clock.now())) return;
  const what = payment.status === 'processing' ? 'The gateway still holds a payment' : 'A payment has no end';
  await report(services, {
    kind: 'payment_unresolved',
    subjectType: 'order',
    subjectId: payment.orderId,
    summary: `${what} after ${followUpDays} days. It is not asked about any more: ask the gateway what becomes of it.`,
    amount: { amountMinor: payment.amountMinor, currency: payment.currency },
    details: { payment: payment.id, pendingReason: payment.pendingReason },
  });
}

async function giveUpRefund(services: Services, id: string): Promise<void> {
  const refund = await findRefund(id);
  if (refund?.status !== 'pending' || !isLastFollowUp(refund.createdAt, services.clock.now())) return;
  await report(services, {
    kind: 'refund_unresolved',
    subjectType: 'refund',
    subjectId: id,
    summary: `A refund has no end after ${followUpDays} days. It is not asked about any more: look for it at the gateway.`,
    amount: { amountMinor: refund.amountMinor, currency: refund.currency },
    details: { order: refund.orderId },
  });
}

async function report({ db, clock }: Services, incident: Omit<NewIncident, 'now'>): Promise<void> {
  await db.transaction((tx) => reportIncident(tx, { ...incident, now: clock.now() }));
}
