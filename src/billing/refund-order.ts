import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import { creditsOfOrder } from '../credits/ledger.ts';
import { Conflict, ValidationFailed } from '../kit/errors.ts';
import { toDecimal } from '../kit/money.ts';
import { lockOrder, type Order } from '../orders/orders.ts';
import { currentPayment, findPayment } from '../payments/payments.ts';
import { ProviderRejected, ProviderUnavailable } from '../payments/provider-errors.ts';
import { createRefund, findRefund, refundsOf, updateRefund, type Refund } from '../payments/refunds.ts';
import { claimedCredits, planRefund, refundableMinor, type RefundPlan } from './refund-policy.ts';
import { providerOf, type Services } from './services.ts';
import { failRefund, settleRefund } from './settle-refund.ts';

/**
 * What giving back `amountMinor` of the order (all that is left, when it is not given) would do now.
 * @throws NotFound, Conflict when nothing can be refunded, ValidationFailed when it is more than that
 */
export async function previewRefund(
  { db, clock }: Services,
  orderId: string,
  amountMinor?: number,
): Promise<RefundPlan> {
  return db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    const refunds = await refundsOf([orderId], tx);
    const amount = checkedAmount(order, refunds, amountMinor);
    const credits = await creditsOfOrder(tx, order.userId, orderId, clock.now());
    return planRefund(order, amount, order.refundedMinor, credits, claimedCredits(refunds));
  });
}

/**
 * Gives back `amountMinor` of an order, or what is left of it. The refund is committed first, then the gateway is asked under the refund's id:
 * an answer that does not come leaves it pending, and a job asks again under the same id.
 * @returns the refund: completed, pending, or failed with the gateway's reason
 * @throws ValidationFailed without a reason or for more than is left, NotFound, Conflict when nothing can be refunded
 */
export async function refundOrder(
  services: Services,
  { reason, ...request }: { orderId: string; amountMinor?: number; reason: string; staff: StaffActor },
): Promise<Refund> {
  if (reason.trim() === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why the order is refunded.' }]);
  const refund = await promiseRefund(services, { ...request, reason: reason.trim() });
  return requestRefund(services, refund);
}

/** @throws Conflict while the gateway may still take the money back by itself: it would go back twice */
function refuseDisputed({ orderNo, disputedAt }: Order): void {
  if (disputedAt === null) return;
  throw new Conflict(
    `The buyer disputes ${orderNo}, and the gateway refunds nothing until that is decided. Nothing was refunded. ` +
      'Answer the dispute at the gateway; to give in, accept it there.',
  );
}

/** @throws Conflict when nothing is left or a dispute is open, ValidationFailed when the amount is not within what is left */
function checkedAmount(order: Order, refunds: readonly Refund[], amountMinor?: number): number {
  refuseDisputed(order);
  const left = refundableMinor(order, refunds);
  if (left <= 0) throw new Conflict('There is nothing left to refund on this order.');
  const amount = amountMinor ?? left;
  if (Number.isSafeInteger(amount) && amount > 0 && amount <= left) return amount;
  const most = `${toDecimal({ amountMinor: left, currency: order.currency })} ${order.currency}`;
  throw new ValidationFailed([{ path: 'amount', message: `Give an amount up to ${most}.` }]);
}

async function promiseRefund(
  { db, clock }: Services,
  {
    orderId,
    amountMinor: wanted,
    reason,
    staff,
  }: { orderId: string; amountMinor?: number; reason: string; staff: StaffActor },
): Promise<Refund> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    const amountMinor = checkedAmount(order, await refundsOf([orderId], tx), wanted);
    const payment = await currentPayment(orderId, tx);
    if (payment?.status !== 'completed') throw new Conflict('This order has no payment to refund.');
    const { currency } = order;
    const refund = await createRefund(tx, {
      orderId,
      paymentId: payment.id,
      provider: payment.provider,
      amountMinor,
      currency,
      reason,
      requestedBy: staff.staffId,
      now,
    });
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: 'order.refund',
      subjectType: 'order',
      subjectId: orderId,
      reason,
      before: { status: order.status, refunded: toDecimal({ amountMinor: order.refundedMinor, currency }), currency },
      after: { refund: refund.id, amount: toDecimal({ amountMinor, currency }), currency },
      now,
    });
    return refund;
  });
}

/**
 * Asks the gateway for a refund that was promised, first or again, and books the answer. One at a time: of two calls under
 * one request id the gateway may refuse the second.
 */
export async function requestRefund(services: Services, promised: Refund): Promise<Refund> {
  return services.db.exclusively(`refund:${promised.id}`, async () => {
    const refund = (await findRefund(promised.id)) ?? promised;
    if (refund.status === 'pending') await ask(services, refund);
    return (await findRefund(refund.id)) ?? refund;
  });
}

async function ask(services: Services, refund: Refund): Promise<void> {
  const payment = await findPayment(refund.paymentId);
  if (payment?.providerCaptureId == null) throw new Error(`refund ${refund.id} has no capture to refund`);
  const provider = providerOf(services, refund.provider);
  const { providerCaptureId: captureId } = payment;
  const { amountMinor, currency, id: requestId, providerRefundId } = refund;
  try {
    const answer =
      providerRefundId === null
        ? await provider.refundCapture({ requestId, captureId, amountMinor, currency, note: null })
        : await provider.fetchRefund(providerRefundId);
    await settleRefund(services, refund.id, answer);
  } catch (error) {
    if (error instanceof ProviderUnavailable) {
      services.log.warn({ err: error, refund: refund.id }, 'the outcome of a refund is unknown');
      await updateRefund(null, refund, { checkedAt: services.clock.now() });
    } else if (error instanceof ProviderRejected) {
      await failRefund(services, refund.id, error.issue);
    } else {
      throw error;
    }
  }
}
