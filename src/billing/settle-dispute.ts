import type { Tx } from '../db/index.ts';
import { reportIncident, settleIncidents } from '../incidents/incidents.ts';
import { toDecimal } from '../kit/money.ts';
import { isPaid } from '../orders/order-states.ts';
import { findOrder, flagDisputed, lockOrder, type Order } from '../orders/orders.ts';
import {
  createDispute,
  disputesOf,
  findProviderDispute,
  isSettled,
  moveDispute,
  type Dispute,
} from '../payments/disputes.ts';
import { findPaymentByCapture, type Payment } from '../payments/payments.ts';
import type { ProviderDispute } from '../payments/provider.ts';
import { refundsOf } from '../payments/refunds.ts';
import type { DisputeStatus } from '../states/moves.ts';
import { freezeIfDisputed, thaw } from './freeze-order.ts';
import { notifyOfDispute } from './notify-of-dispute.ts';
import { bookedPayment, recordProviderRefund } from './record-provider-refund.ts';
import { providerOf, type Services } from './services.ts';

/**
 * Brings a dispute to where the gateway has it, whoever asks: a webhook or the daily job, in any order and number. While
 * it is open the order is flagged and its credits are set apart. Money that left is booked as a refund before anything
 * is given back: a dispute that is lost keeps the credits until the gateway names that refund.
 * @returns the dispute; null when it is about no payment of ours
 * @throws ProviderUnavailable, ProviderRejected, GatewayUnavailable: nothing was given back, ask again
 */
export async function settleDispute(services: Services, provider: string, disputeId: string): Promise<Dispute | null> {
  const told = await providerOf(services, provider).fetchDispute(disputeId);
  const payment = told.captureId === null ? null : await bookedPayment(services, provider, told.captureId);
  if (payment === null) return null;
  switch (told.status) {
    case 'open':
      return move(services, payment, told, 'open');
    case 'won':
      await bookWhatLeft(services, payment);
      return move(services, payment, told, 'won');
    case 'lost': {
      const dispute = await move(services, payment, told, 'lost_unbooked');
      await bookWhatLeft(services, payment);
      return (await isBooked(dispute)) ? move(services, payment, told, 'lost') : dispute;
    }
  }
}

/** Closes the lost disputes of a payment that only waited for a refund like the one that has just been booked. */
export async function closeBookedDisputes(services: Services, provider: string, captureId: string): Promise<void> {
  const payment = await findPaymentByCapture(provider, captureId);
  if (payment === null) return;
  for (const { status, providerDisputeId } of await disputesOf(payment.orderId)) {
    if (status === 'lost_unbooked') await settleDispute(services, provider, providerDisputeId);
  }
}

/** Books every refund of the payment that the gateway names; what is booked already stays as it is. */
async function bookWhatLeft(
  services: Services,
  { provider, providerOrderId, providerCaptureId }: Payment,
): Promise<void> {
  if (providerOrderId === null) return;
  const { refunds } = await providerOf(services, provider).fetchOrder(providerOrderId);
  for (const refund of refunds ?? []) {
    if (refund.status !== 'completed' && refund.status !== 'pending') continue;
    await recordProviderRefund(services, provider, { ...refund, captureId: refund.captureId ?? providerCaptureId });
  }
}

/**
 * Whether the money that this dispute cost us is in our books: as much as all lost disputes of the order took has been
 * refunded since the first of them began. Where there is no money of ours to give back, there is nothing to book.
 */
async function isBooked({ orderId }: Dispute): Promise<boolean> {
  const order = await findOrder(orderId);
  if (order === null || !isPaid(order.status) || order.status === 'refunded') return true;
  const lost = (await disputesOf(orderId)).filter(({ status }) => status === 'lost' || status === 'lost_unbooked');
  const since = lost[0]?.openedAt ?? order.createdAt;
  // In another currency than the order's the sum says nothing: then one refund has to be there.
  const dueMinor = sum(
    lost.map((one) => (one.currency === order.currency ? (one.refundedMinor ?? one.amountMinor) : 1)),
  );
  const refunds = await refundsOf([orderId]);
  const made = refunds.filter(({ status, createdAt }) => status === 'completed' && createdAt >= since);
  return made.length > 0 && sum(made.map(({ amountMinor }) => amountMinor)) >= dueMinor;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

/** One transaction for the dispute, the order's flag, its credits, the incident and the mail to staff. */
async function move(
  services: Services,
  { orderId, id: paymentId, provider }: Payment,
  told: ProviderDispute,
  status: DisputeStatus,
): Promise<Dispute> {
  const now = services.clock.now();
  return services.db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    const known = await findProviderDispute(provider, told.disputeId, tx);
    if (known !== null && isOldNews(known, told, status)) return known;
    const dispute = known ?? (await createDispute(tx, { orderId, paymentId, provider }, told));
    const before = known?.status ?? null;
    await moveDispute(tx, dispute, status, told, now);
    const unsettled = (await disputesOf(orderId, tx)).find((one) => !isSettled(one.status));
    await flagDisputed(tx, order, unsettled?.openedAt ?? null);
    if (unsettled === undefined || !services.settings.freezeDisputed) await thaw(tx, order, now);
    else await freezeIfDisputed(services, tx, orderId, now);
    if (before !== status) await tell(services, tx, { order, dispute, before, captureId: told.captureId });
    return dispute;
  });
}

/** What is older than what we know, or repeats a decision that is settled, changes nothing: events come in any order. */
function isOldNews(known: Dispute, told: ProviderDispute, status: DisputeStatus): boolean {
  if (told.updatedAt < known.updatedAt) return true;
  if (!isSettled(known.status)) return false;
  const isSameDecision = known.status === status || (known.status === 'lost' && status === 'lost_unbooked');
  return isSameDecision || told.updatedAt.getTime() === known.updatedAt.getTime();
}

interface News {
  order: Order;
  dispute: Dispute;
  before: DisputeStatus | null;
  captureId: string | null;
}

async function tell(services: Services, tx: Tx, { order, dispute, before, captureId }: News): Promise<void> {
  const now = services.clock.now();
  const { id, status, outcome } = dispute;
  const about = {
    subjectType: 'dispute' as const,
    subjectId: id,
    details: { capture: captureId, order: order.id },
    now,
  };
  const amount = `${toDecimal(dispute)} ${dispute.currency}`;
  if (status === 'open') {
    const summary = `A buyer disputes ${amount} of ${order.orderNo}: ${dispute.reason ?? 'no reason given'}. Answer at the gateway.`;
    await reportIncident(tx, { ...about, kind: 'dispute_opened', summary });
    await notifyOfDispute(services, tx, order, dispute);
  } else if (status === 'lost_unbooked') {
    const summary = `The dispute about ${amount} of ${order.orderNo} is lost, and the gateway names no refund yet. The credits stay set apart.`;
    await reportIncident(tx, { ...about, kind: 'dispute_opened', summary });
  } else {
    const resolution = `The dispute is ${status} (${outcome ?? 'no outcome given'}).`;
    await settleIncidents(tx, { kinds: ['dispute_opened'], subjectId: id, resolution, now });
  }
  if (before === 'lost') {
    const summary = `A dispute about ${amount} of ${order.orderNo} that was booked as a refund is ${status} again at the gateway.`;
    await reportIncident(tx, { ...about, kind: 'dispute_reversed', summary });
  }
}
