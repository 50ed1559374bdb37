import { GatewayUnavailable } from '../kit/errors.ts';
import { lockOrder, moveOrder, type Order } from '../orders/orders.ts';
import { lockPayment, updatePayment, type Payment } from '../payments/payments.ts';
import {
  ProviderDeclined,
  ProviderNotApproved,
  ProviderRejected,
  ProviderUnavailable,
} from '../payments/provider-errors.ts';
import type { ProviderOrder } from '../payments/provider.ts';
import { liveSubscription } from '../subscriptions/subscriptions.ts';
import { providerOf, type Services } from './services.ts';

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
  await updatePayment(null, payment, { checkedAt: services.clock.now() });
  const mayCapture = order.status === 'pending' && (await stillWanted(order));
  try {
    const answer = mayCapture
      ? await provider.captureOrder({ providerOrderId, requestId: payment.id }).catch((error: unknown) => {
          // Whether the money moved is unknown: look, never take it twice.
          if (error instanceof ProviderUnavailable) return provider.fetchOrder(providerOrderId);
          throw error;
        })
      : await provider.fetchOrder(providerOrderId);
    if (answer.capture !== null) return answer;
    if (!mayCapture) {
      // Only now: an order that is closed is not asked about again, and an earlier answer may have been lost.
      await close(services, payment, 'cancelled', 'PLAN_CHANGED');
      return 'closed';
    }
    if (answer.status === 'approved') throw new ProviderUnavailable(provider.name, 'CAPTURE_OUTCOME_UNKNOWN');
    return 'not_approved';
  } catch (error) {
    return failedCall(services, order, payment, error);
  }
}

/** Another plan may have been paid for since: then this one must not be charged. */
async function stillWanted(order: Order): Promise<boolean> {
  if (order.kind === 'credit_pack') return true;
  const live = await liveSubscription(order.userId);
  if (live?.priceId == null) return true;
  return live.endDate !== null && live.planId === order.planId && live.subscriptionType === order.subscriptionType;
}

async function failedCall(services: Services, order: Order, payment: Payment, error: unknown): Promise<NoCapture> {
  if (error instanceof ProviderNotApproved) return 'not_approved';
  // A gateway forgets what nobody paid: that the order is out of date is no failure of it.
  const isForgotten = error instanceof ProviderRejected && error.issue === 'RESOURCE_NOT_FOUND';
  if (isForgotten && order.expiresAt <= services.clock.now()) return 'not_approved';
  if (error instanceof ProviderDeclined) {
    await updatePayment(null, payment, { failureCode: error.issue });
    return 'declined';
  }
  services.log.warn({ err: error, order: order.id, payment: payment.id }, 'a payment could not be settled');
  if (error instanceof ProviderRejected) {
    await close(services, payment, 'failed', error.issue);
    return 'closed';
  }
  if (error instanceof ProviderUnavailable) throw new GatewayUnavailable(error);
  throw error;
}

async function close(
  { db, clock, metrics }: Services,
  { id, orderId }: Payment,
  status: 'failed' | 'cancelled',
  failureCode: string,
): Promise<void> {
  const closed = await db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    const payment = await lockPayment(tx, id);
    if (payment.status !== 'pending' || order.status !== 'pending') return false;
    await updatePayment(tx, payment, { status, failureCode });
    await moveOrder(tx, order, status, { failureCode, closedAt: clock.now() });
    return true;
  });
  if (closed) metrics.ordersClosed.inc({ outcome: status });
}
