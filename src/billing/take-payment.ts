import { GatewayUnavailable } from '../kit/errors.ts';
import { settleIncidents } from '../incidents/incidents.ts';
import { lockOrder, moveOrder, type Order } from '../orders/orders.ts';
import { askedNow } from '../payments/follow-up-due.ts';
import { lockPayment, updatePayment, type Payment, type PaymentChanges } from '../payments/payments.ts';
import {
  ProviderDeclined,
  ProviderNotApproved,
  ProviderRejected,
  ProviderUnavailable,
} from '../payments/provider-errors.ts';
import type { ProviderOrder } from '../payments/provider.ts';
import { providerOf, type Services } from './services.ts';
import { findRefusal } from './still-wanted.ts';

export type NoCapture = 'not_approved' | 'declined' | 'closed';

/**
 * Takes the money if it may be taken, else looks whether it was.
 * @throws GatewayUnavailable when the gateway does not tell; nothing was changed on our side
 */
export async function takePayment(
  services: Services,
  order: Order,
  payment: Payment,
): Promise<ProviderOrder | NoCapture> {
  const provider = providerOf(services, payment.provider);
  const { providerOrderId } = payment;
  if (providerOrderId === null) return order.status === 'pending' ? 'not_approved' : 'closed';
  // Where no answer is missing yet, the schedule begins with this question.
  const now = services.clock.now();
  await updatePayment(null, payment, askedNow(payment.waitingSince ?? now, now));
  const refusal = await findRefusal(order);
  const mayCapture = order.status === 'pending' && refusal === null;
  try {
    const answer = mayCapture
      ? await capture(services, payment, providerOrderId)
      : await provider.fetchOrder(providerOrderId);
    if (answer.capture !== null) return answer;
    if (!mayCapture) {
      // Only now: an order that is closed is not asked about again, and an earlier answer may have been lost.
      if (refusal !== null) await close(services, payment, 'cancelled', refusal);
      return 'closed';
    }
    if (answer.status === 'approved') throw new ProviderUnavailable(provider.name, 'CAPTURE_OUTCOME_UNKNOWN');
    return await leftToBuyer(services, payment, 'not_approved');
  } catch (error) {
    return failedCall(services, order, payment, error);
  }
}

/**
 * Under the payment's id the gateway takes the money once. It forgets the id in time: from then on it is looked first
 * whether the money was taken.
 */
async function capture(services: Services, payment: Payment, providerOrderId: string): Promise<ProviderOrder> {
  const provider = providerOf(services, payment.provider);
  const age = services.clock.now().getTime() - payment.createdAt.getTime();
  if (age >= provider.remembersRequestsMs.order) {
    const seen = await provider.fetchOrder(providerOrderId);
    if (seen.capture !== null || seen.status !== 'approved') return seen;
  }
  return provider.captureOrder({ providerOrderId, requestId: payment.id }).catch((error: unknown) => {
    // Whether the money moved is unknown: look, never take it twice.
    if (error instanceof ProviderUnavailable) return provider.fetchOrder(providerOrderId);
    throw error;
  });
}

/** The gateway has answered that no money moved: it is the buyer who is waited for. */
async function leftToBuyer(
  { db, clock }: Services,
  payment: Payment,
  outcome: 'not_approved' | 'declined',
  changes: Pick<PaymentChanges, 'failureCode'> = {},
): Promise<NoCapture> {
  const wasWaiting = payment.waitingSince !== null;
  await updatePayment(null, payment, { ...changes, waitingSince: null });
  if (wasWaiting) {
    const resolution = 'The gateway has answered: no money moved.';
    const settled = { kinds: ['payment_unresolved'] as const, subjectId: payment.orderId, resolution };
    await db.transaction((tx) => settleIncidents(tx, { ...settled, now: clock.now() }));
  }
  return outcome;
}

async function failedCall(services: Services, order: Order, payment: Payment, error: unknown): Promise<NoCapture> {
  if (error instanceof ProviderNotApproved) return leftToBuyer(services, payment, 'not_approved');
  if (error instanceof ProviderDeclined)
    return leftToBuyer(services, payment, 'declined', { failureCode: error.issue });
  // A gateway forgets what nobody paid: that the order is out of date is no failure of it.
  const isForgotten = error instanceof ProviderRejected && error.issue === 'RESOURCE_NOT_FOUND';
  if (isForgotten && order.expiresAt <= services.clock.now()) return leftToBuyer(services, payment, 'not_approved');
  services.log.warn({ err: error, order: order.id, payment: payment.id }, 'a payment could not be settled');
  if (error instanceof ProviderRejected) {
    await close(services, payment, 'failed', { failureCode: error.issue });
    return 'closed';
  }
  if (error instanceof ProviderUnavailable) {
    await updatePayment(null, payment, { waitingSince: payment.waitingSince ?? services.clock.now() });
    throw new GatewayUnavailable(error);
  }
  throw error;
}

async function close(
  { db, clock, metrics }: Services,
  { id, orderId }: Payment,
  status: 'failed' | 'cancelled',
  why: { failureCode: string; duplicateOf?: string | null },
): Promise<void> {
  const closed = await db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    const payment = await lockPayment(tx, id);
    if (payment.status !== 'pending' || order.status !== 'pending') return false;
    await updatePayment(tx, payment, { status, failureCode: why.failureCode });
    await moveOrder(tx, order, status, { ...why, closedAt: clock.now() });
    return true;
  });
  if (closed) metrics.ordersClosed.inc({ outcome: status });
}
