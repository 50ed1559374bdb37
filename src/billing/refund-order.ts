import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import type { Tx } from '../db/index.ts';
import { Conflict, ValidationFailed } from '../kit/errors.ts';
import { toDecimal } from '../kit/money.ts';
import { lockOrder, type Order } from '../orders/orders.ts';
import { askedNow } from '../payments/follow-up-due.ts';
import { currentPayment, findPayment, type Payment } from '../payments/payments.ts';
import { ProviderRejected, ProviderUnavailable } from '../payments/provider-errors.ts';
import { createRefund, findRefund, matchRefund, refundsOf, updateRefund, type Refund } from '../payments/refunds.ts';
import { refundNeedsApproval } from './approval-limits.ts';
import type { Approval } from './decide-approval.ts';
import { readRefundPlan } from './refund-plan.ts';
import { refundableMinor, type RefundPlan } from './refund-policy.ts';
import { providerOf, type Services } from './services.ts';
import { failRefund, settleRefund } from './settle-refund.ts';

/** How much goes back, in minor units of the order's currency, and what becomes of the subscription that it paid for. */
export interface RefundChoice {
  /** Default: all that is left. */
  amountMinor?: number | undefined;
  /** Whether the time that the order paid for is taken back. Default: with a refund in full, not with one in part. */
  endSubscription?: boolean | undefined;
}

/**
 * What giving back so much of the order would do now; `leftMinor` is the most that can be given back, and
 * `needsApproval` says whether that takes a second person.
 * @throws NotFound, Conflict when nothing can be refunded, ValidationFailed when it is more than that
 */
export async function previewRefund(
  { db, clock, settings }: Services,
  orderId: string,
  choice: RefundChoice = {},
): Promise<RefundPlan & { leftMinor: number; needsApproval: boolean }> {
  return db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    const refunds = await refundsOf([orderId], tx);
    const amountMinor = checkedAmount(order, refunds, choice.amountMinor);
    const endsSubscription = choice.endSubscription ?? null;
    const plan = await readRefundPlan(tx, order, { amountMinor, endsSubscription }, clock.now());
    const needsApproval = refundNeedsApproval(settings.approvals, order, refunds, amountMinor);
    return { ...plan, leftMinor: refundableMinor(order, refunds), needsApproval };
  });
}

/**
 * Gives back a part of an order, or what is left of it. The refund is committed first, with what was chosen, then the
 * gateway is asked under the refund's id: an answer that does not come leaves it pending, and a job asks again under it.
 * @returns the refund: completed, pending, or failed with the gateway's reason
 * @throws ValidationFailed without a reason or for more than is left, NotFound, Conflict when nothing can be refunded or
 * it takes a second person
 */
export async function refundOrder(
  services: Services,
  { reason, ...request }: RefundChoice & { orderId: string; reason: string; staff: StaffActor },
): Promise<Refund> {
  if (reason.trim() === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why the order is refunded.' }]);
  const refund = await services.db.transaction((tx) =>
    promiseRefund(services, tx, { ...request, reason: reason.trim() }),
  );
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

/** Commits us to a refund: from here on it is made. `approval`: another person has decided that it is. */
export async function promiseRefund(
  { clock, settings }: Services,
  tx: Tx,
  request: RefundChoice & { orderId: string; reason: string; staff: StaffActor; approval?: Approval },
): Promise<Refund> {
  const { orderId, amountMinor: wanted, endSubscription, reason, staff, approval } = request;
  const now = clock.now();
  const order = await lockOrder(tx, orderId);
  const refunds = await refundsOf([orderId], tx);
  const amountMinor = checkedAmount(order, refunds, wanted);
  if (approval === undefined && refundNeedsApproval(settings.approvals, order, refunds, amountMinor)) {
    throw new Conflict('So large a refund takes a second person: ask for an approval.');
  }
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
    requestedBy: approval?.requestedBy ?? staff.staffId,
    approvedBy: approval === undefined ? null : staff.staffId,
    endsSubscription: order.subscriptionId === null ? null : (endSubscription ?? null),
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
    after: {
      refund: refund.id,
      amount: toDecimal({ amountMinor, currency }),
      currency,
      ...(endSubscription !== undefined && { endsSubscription: endSubscription }),
      ...(approval !== undefined && { approval: approval.id, requestedBy: approval.requestedBy }),
    },
    now,
  });
  return refund;
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
  await updateRefund(null, refund, askedNow(refund.createdAt, services.clock.now()));
  const provider = providerOf(services, refund.provider);
  const age = services.clock.now().getTime() - refund.createdAt.getTime();
  const isRemembered = age < provider.remembersRequestsMs.refund;
  try {
    if (refund.providerRefundId === null && isRemembered) await send(services, refund, payment.providerCaptureId);
    else await look(services, refund, payment);
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    services.log.warn({ err: error, refund: refund.id }, 'the outcome of a refund is unknown');
  }
}

/** Under the refund's id the gateway makes it once, however often it is sent. */
async function send(services: Services, refund: Refund, captureId: string): Promise<void> {
  const { id, amountMinor, currency } = refund;
  try {
    const request = { requestId: id, captureId, amountMinor, currency, note: null };
    await settleRefund(services, id, await providerOf(services, refund.provider).refundCapture(request));
  } catch (error) {
    if (!(error instanceof ProviderRejected)) throw error;
    await failRefund(services, id, error.issue);
  }
}

/**
 * What became of a refund that must not be sent again. One without an id of the gateway's is looked for among those that
 * it lists of the order; it lists all, so one that is not there was never made, and can be asked for anew.
 * @throws ProviderUnavailable when the gateway does not tell
 */
async function look(services: Services, refund: Refund, { providerOrderId }: Payment): Promise<void> {
  const provider = providerOf(services, refund.provider);
  const unknown = () => new ProviderUnavailable(provider.name, 'REFUND_NOT_TOLD');
  const asked = async <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      // A look that is refused says nothing of the money.
      throw error instanceof ProviderRejected ? unknown() : error;
    });
  if (refund.providerRefundId !== null) {
    await settleRefund(services, refund.id, await asked(provider.fetchRefund(refund.providerRefundId)));
    return;
  }
  const order = providerOrderId === null ? null : await asked(provider.fetchOrder(providerOrderId));
  if (order?.refunds == null) throw unknown();
  const ours = await refundsOf([refund.orderId]);
  const made = order.refunds.find((theirs) => matchRefund(ours, theirs)?.id === refund.id);
  if (made === undefined) await failRefund(services, refund.id, 'NEVER_MADE');
  else await settleRefund(services, refund.id, made);
}
