import { getUser, lockUser } from '../accounts/users.ts';
import type { Tx } from '../db/index.ts';
import { reportIncident, settleIncidents } from '../incidents/incidents.ts';
import { toDecimal } from '../kit/money.ts';
import { postMail } from '../mail/outbox.ts';
import { isPaid, returnCodeOf, returnCodes, type ReturnCode } from '../orders/order-states.ts';
import { findOrder, lockCredited, lockOrder, moveOrder, paidWhileOpen, type Order } from '../orders/orders.ts';
import { indexOfPayer } from '../payments/payer-index.ts';
import { findPayment, lockPayment, updatePayment, type Payment } from '../payments/payments.ts';
import type { ProviderCapture, ProviderOrder } from '../payments/provider.ts';
import { refundsOf } from '../payments/refunds.ts';
import { activatePurchase } from './activate-purchase.ts';
import { goesBackByItself, offerRefund } from './duplicate-payments.ts';
import { freezeIfDisputed } from './freeze-order.ts';
import { giveBack } from './give-back.ts';
import { addressOf, changeOf, itemOf, totalOf } from './mail-data.ts';
import { requestRefund } from './refund-order.ts';
import { providerOf, type Services } from './services.ts';
import { stillWanted } from './still-wanted.ts';
import { takePayment } from './take-payment.ts';

export interface Settlement {
  /**
   * completed: paid and handed over. processing: the gateway holds the money. not_approved: the buyer has not agreed
   * yet. declined: the buyer may try again with other means, under `payment.approvalUrl`. closed: nothing will come of
   * this order (failed, cancelled, expired), see `order.status`. returned: it was paid when it was not wanted any more,
   * so the money goes back and nothing is handed over; `order.failureCode` says why.
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
  if (returnCodeOf(order) !== null) return { outcome: 'returned', order, payment };
  return { outcome: isPaid(order.status) ? 'completed' : 'closed', order, payment };
}

/** An order that was closed hands nothing over when it is paid all the same; why it was closed stays the reason. */
function lateCodeOf({ status, failureCode }: Order): ReturnCode | null {
  const code = returnCodes.find((known) => known === failureCode) ?? null;
  return status === 'cancelled' || status === 'expired' ? (code ?? 'PAID_LATE') : code;
}

/** Why money that arrived for an order is not kept, or null. `first` is the order that paid for the same already. */
async function returnReason(
  services: Services,
  tx: Tx,
  order: Order,
  first: Order | null,
  now: Date,
): Promise<ReturnCode | null> {
  const late = lateCodeOf(order);
  if (late !== null) return late;
  // Before the plan: the order in which every flow locks them.
  await lockUser(tx, order.userId);
  if (!(await stillWanted(order, tx))) return first === null ? 'PLAN_CHANGED' : 'DUPLICATE';
  return first !== null && goesBackByItself(services, first, now) ? 'DUPLICATE' : null;
}

/** The one place where money that arrived becomes an order that is paid. */
async function book(services: Services, { id, orderId }: Payment, answer: ProviderOrder): Promise<Settlement> {
  const { capture } = answer;
  if (capture === null) throw new TypeError('an order without a capture cannot be booked');
  const now = services.clock.now();
  const settlement = await services.db.transaction(async (tx): Promise<Settlement & { isNew: boolean }> => {
    const order = await lockOrder(tx, orderId);
    await lockCredited(tx, order);
    const payment = await lockPayment(tx, id);
    if (isSettled(payment)) return { ...settled({ order, payment }), isNew: false };
    const known = { providerCaptureId: capture.captureId, ...keepPayer(services, answer) };
    if (capture.status !== 'pending') await settleUnresolved(tx, order, now);
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
        return { outcome: await keepOrGiveBack(services, tx, order, payment, now), order, payment, isNew: true };
      case 'pending': {
        const waitingSince = payment.status === 'processing' ? payment.waitingSince : now;
        const { pendingReason } = capture;
        await updatePayment(tx, payment, { ...known, status: 'processing', pendingReason, waitingSince });
        return { outcome: 'processing', order, payment, isNew: await hold(services, tx, order, payment) };
      }
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

/** What is kept of the payer: sealed, and the address also as a blind index, by which staff find the payment. */
function keepPayer({ sealer }: Services, { payer }: ProviderOrder) {
  if (payer === null) return { payerSealed: null, payerIndex: null };
  const plain = JSON.stringify(payer);
  return { payerSealed: sealer.seal(plain), payerIndex: indexOfPayer(sealer, plain) };
}

/** The money is ours: it buys what the order was for, unless that is not wanted any more. */
async function keepOrGiveBack(
  services: Services,
  tx: Tx,
  order: Order,
  payment: Payment,
  now: Date,
): Promise<'completed' | 'returned'> {
  const first = await paidWhileOpen(order, tx);
  const failureCode = await returnReason(services, tx, order, first, now);
  if (failureCode !== null) {
    await giveBack(tx, order, payment, { failureCode, first }, now);
    return 'returned';
  }
  await complete(services, tx, order, first, now);
  if (first !== null) await offerRefund(tx, order, payment, first, now);
  return 'completed';
}

async function complete(services: Services, tx: Tx, order: Order, first: Order | null, now: Date): Promise<void> {
  await moveOrder(tx, order, 'completed', { paidAt: now, closedAt: now, duplicateOf: first?.id ?? null });
  const { period, creditsExpireAt } = await activatePurchase(tx, order, now);
  await freezeIfDisputed(services, tx, order.id, now);
  const user = await getUser(order.userId, tx);
  await postMail(services.db, tx, {
    template: 'receipt',
    data: {
      customerName: user.name,
      orderNo: order.orderNo,
      paidAt: now.toISOString(),
      item: itemOf(order),
      total: totalOf(order),
      period: period && { start: period.start.toISOString(), end: period.end?.toISOString() ?? null },
      creditsExpireAt: creditsExpireAt?.toISOString() ?? null,
      change: changeOf(order),
    },
    to: addressOf(user),
    dedupeKey: `receipt:${order.id}`,
    now,
  });
}

async function settleUnresolved(tx: Tx, { id: subjectId }: Order, now: Date): Promise<void> {
  const resolution = 'The gateway has said what became of it.';
  await settleIncidents(tx, { kinds: ['payment_unresolved'], subjectId, resolution, now });
}

/** → whether the order was not held before */
async function hold(services: Services, tx: Tx, order: Order, payment: Payment): Promise<boolean> {
  if (order.status === 'processing') return false;
  await moveOrder(tx, order, 'processing', { failureCode: lateCodeOf(order) });
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
      providerName: providerOf(services, payment.provider).displayName(user.locale),
    },
    to: addressOf(user),
    dedupeKey: `${template}:${order.id}`,
    now: services.clock.now(),
  });
}
