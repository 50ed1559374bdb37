import { getUser } from '../accounts/users.ts';
import type { Tx } from '../db/index.ts';
import { reportIncident } from '../incidents/incidents.ts';
import { toDecimal } from '../kit/money.ts';
import { postMail } from '../mail/outbox.ts';
import { isPaid } from '../orders/order-states.ts';
import { findOrder, lockOrder, moveOrder, type Order } from '../orders/orders.ts';
import { findPayment, lockPayment, updatePayment, type Payment } from '../payments/payments.ts';
import type { ProviderCapture, ProviderOrder } from '../payments/provider.ts';
import { createRefund, refundsOf } from '../payments/refunds.ts';
import { activatePurchase } from './activate-purchase.ts';
import { addressOf, itemOf, totalOf } from './mail-data.ts';
import { requestRefund } from './refund-order.ts';
import { providerOf, type Services } from './services.ts';
import { takePayment } from './take-payment.ts';

export interface Settlement {
  /**
   * completed: paid and handed over. processing: the gateway holds the money. not_approved: the buyer has not agreed
   * yet. declined: the buyer may try again with other means, under `payment.approvalUrl`. closed: nothing will come of
   * this order (failed, cancelled, expired), see `order.status`. returned: it was paid after it had been closed, so the
   * money goes back and nothing is handed over.
   */
  outcome: 'completed' | 'processing' | 'not_approved' | 'declined' | 'closed' | 'returned';
  order: Order;
  payment: Payment;
}

/**
 * Brings a payment to its end, whoever asks: the return page, the API, a webhook or a job, in any order and number. One
 * at a time per customer: the first does the work and the others find it done, and of two plans that are paid for at
 * once the second sees the first before it is charged.
 * @throws GatewayUnavailable when the gateway does not tell; the payment stays open and is asked about again
 */
export async function settlePayment(services: Services, paymentId: string): Promise<Settlement> {
  const before = await read(paymentId);
  if (isSettled(before.payment)) return settled(before);
  const settlement = await services.db.exclusively(settlingOf(before.order), async (): Promise<Settlement> => {
    const { order, payment } = await read(paymentId);
    if (isSettled(payment)) return settled({ order, payment });
    const answer = await takePayment(services, order, payment);
    if (typeof answer === 'string') return { outcome: answer, ...(await read(paymentId)) };
    return book(services, payment, answer);
  });
  if (settlement.outcome !== 'returned') return settlement;
  await askForRefunds(services, settlement.order.id);
  return { outcome: 'returned', ...(await read(paymentId)) };
}

/** At once, so that the buyer can be told; what stays open is asked for again by the job. */
async function askForRefunds(services: Services, orderId: string): Promise<void> {
  for (const refund of await refundsOf([orderId])) await requestRefund(services, refund);
}

/** Under this name a customer's money is taken or given up, one payment at a time. */
export function settlingOf({ userId }: Order): string {
  return `settle:${userId}`;
}

async function read(paymentId: string): Promise<{ order: Order; payment: Payment }> {
  const payment = await findPayment(paymentId);
  const order = payment === null ? null : await findOrder(payment.orderId);
  if (payment === null || order === null) throw new Error(`there is no payment ${paymentId}`);
  return { order, payment };
}

function isSettled({ status }: Payment): boolean {
  return status === 'completed' || status === 'failed';
}

function settled({ order, payment }: { order: Order; payment: Payment }): Settlement {
  if (order.failureCode === paidLate) return { outcome: 'returned', order, payment };
  return { outcome: isPaid(order.status) ? 'completed' : 'closed', order, payment };
}

/** Marks an order that was paid after it had been closed. */
const paidLate = 'PAID_LATE';

function isLate({ status, failureCode }: Order): boolean {
  return status === 'cancelled' || status === 'expired' || failureCode === paidLate;
}

/** The one place where money that arrived becomes an order that is paid. */
async function book(services: Services, { id, orderId }: Payment, answer: ProviderOrder): Promise<Settlement> {
  const { capture } = answer;
  if (capture === null) throw new TypeError('an order without a capture cannot be booked');
  const now = services.clock.now();
  const settlement = await services.db.transaction(async (tx): Promise<Settlement & { isNew: boolean }> => {
    const order = await lockOrder(tx, orderId);
    const payment = await lockPayment(tx, id);
    if (isSettled(payment)) return { ...settled({ order, payment }), isNew: false };
    const known = { providerCaptureId: capture.captureId, payerSealed: sealPayer(services, answer) };
    const mismatch = findMismatch(order, payment, capture);
    if (mismatch !== null) {
      services.log.error(
        { order: order.id, payment: id, mismatch: mismatch.what },
        'a capture is not what the order asked for',
      );
      const failureCode = `MISMATCH_${mismatch.what}`;
      await updatePayment(tx, payment, { ...known, status: 'failed', failureCode });
      await moveOrder(tx, order, 'failed', { failureCode, closedAt: now });
      await reportIncident(tx, {
        kind: 'capture_mismatch',
        subjectType: 'order',
        subjectId: order.id,
        summary: `The gateway took money for ${order.orderNo} that is not what was asked for. Nothing was handed over.`,
        expected: mismatch.expected,
        found: mismatch.found,
        amount: { amountMinor: capture.amountMinor, currency: capture.currency },
        details: { payment: id, capture: capture.captureId, what: mismatch.what },
        now,
      });
      return { outcome: 'closed', order, payment, isNew: true };
    }
    switch (capture.status) {
      case 'completed':
      case 'refunded':
      case 'partially_refunded':
        await updatePayment(tx, payment, { ...known, status: 'completed', completedAt: now, pendingReason: null });
        if (isLate(order)) {
          await giveBack(tx, order, payment, now);
          return { outcome: 'returned', order, payment, isNew: true };
        }
        await complete(services, tx, order, now);
        return { outcome: 'completed', order, payment, isNew: true };
      case 'pending':
        await updatePayment(tx, payment, { ...known, status: 'processing', pendingReason: capture.pendingReason });
        return { outcome: 'processing', order, payment, isNew: await hold(services, tx, order, payment) };
      case 'declined':
      case 'failed':
        await updatePayment(tx, payment, { ...known, status: 'failed', failureCode: capture.status.toUpperCase() });
        await fail(services, tx, order, payment);
        return { outcome: 'closed', order, payment, isNew: true };
    }
  });
  if (settlement.isNew) services.metrics.ordersClosed.inc({ outcome: settlement.order.status });
  return settlement;
}

interface Mismatch {
  what: 'AMOUNT' | 'REFERENCE' | 'PAYEE';
  expected: string;
  found: string | null;
}

/** The capture against our own row. → what differs, or null */
function findMismatch(order: Order, payment: Payment, capture: ProviderCapture): Mismatch | null {
  const [asked, taken] = [payment, capture].map((money) => `${toDecimal(money)} ${money.currency}`) as [string, string];
  if (asked !== taken) return { what: 'AMOUNT', expected: asked, found: taken };
  if (capture.reference !== order.id) return { what: 'REFERENCE', expected: order.id, found: capture.reference };
  const isElsewhere = payment.payee !== null && capture.payee !== null && capture.payee !== payment.payee;
  return isElsewhere ? { what: 'PAYEE', expected: payment.payee ?? '', found: capture.payee } : null;
}

function sealPayer({ sealer }: Services, { payer }: ProviderOrder): string | null {
  return payer === null ? null : sealer.seal(JSON.stringify(payer));
}

async function complete({ db }: Services, tx: Tx, order: Order, now: Date): Promise<void> {
  await moveOrder(tx, order, 'completed', { paidAt: now, closedAt: now });
  const { period, creditsExpireAt } = await activatePurchase(tx, order, now);
  const user = await getUser(order.userId, tx);
  await postMail(db, tx, {
    template: 'receipt',
    data: {
      customerName: user.name,
      orderNo: order.orderNo,
      paidAt: now.toISOString(),
      item: itemOf(order),
      total: totalOf(order),
      period: period && { start: period.start.toISOString(), end: period.end?.toISOString() ?? null },
      creditsExpireAt: creditsExpireAt?.toISOString() ?? null,
    },
    to: addressOf(user),
    dedupeKey: `receipt:${order.id}`,
    now,
  });
}

/** The order had been closed: it is paid, hands over nothing, and its refund is promised in the same breath. */
async function giveBack(tx: Tx, order: Order, payment: Payment, now: Date): Promise<void> {
  const { id, orderNo } = order;
  await moveOrder(tx, order, 'completed', { paidAt: now, closedAt: now, failureCode: paidLate });
  const { amountMinor, currency, provider } = payment;
  await createRefund(tx, {
    orderId: id,
    paymentId: payment.id,
    provider,
    amountMinor,
    currency,
    reason: 'The order had been closed before it was paid.',
    requestedBy: null,
    now,
  });
  await reportIncident(tx, {
    kind: 'late_payment',
    subjectType: 'order',
    subjectId: id,
    summary: `${orderNo} was paid after it had been closed. The money goes back by itself.`,
    amount: { amountMinor, currency },
    now,
  });
}

/** → whether the order was not held before */
async function hold(services: Services, tx: Tx, order: Order, payment: Payment): Promise<boolean> {
  if (order.status === 'processing') return false;
  await moveOrder(tx, order, 'processing', isLate(order) ? { failureCode: paidLate } : {});
  await postProblem(services, tx, order, payment, 'payment_pending');
  return true;
}

async function fail(services: Services, tx: Tx, order: Order, payment: Payment): Promise<void> {
  const wasHeld = order.status === 'processing';
  const { failureCode } = payment;
  await moveOrder(tx, order, 'failed', { failureCode, closedAt: services.clock.now() });
  if (wasHeld) await postProblem(services, tx, order, payment, 'payment_failed');
}

async function postProblem(
  services: Services,
  tx: Tx,
  order: Order,
  payment: Payment,
  template: 'payment_pending' | 'payment_failed',
): Promise<void> {
  const user = await getUser(order.userId, tx);
  await postMail(services.db, tx, {
    template,
    data: {
      customerName: user.name,
      orderNo: order.orderNo,
      orderedAt: order.createdAt.toISOString(),
      item: itemOf(order),
      total: totalOf(order),
      providerName: providerOf(services, payment.provider).displayName,
    },
    to: addressOf(user),
    dedupeKey: `${template}:${order.id}`,
    now: services.clock.now(),
  });
}
