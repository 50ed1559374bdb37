import { disputeEvent, enqueue, refundEvent } from './events.ts';
import { takeFault, type FaultName } from './faults.ts';
import { paypalMoney, toMinor } from './money.ts';
import type { Scene } from './orders.ts';
import { notFound, unprocessable, type PaypalProblem } from './problems.ts';
import {
  find,
  lockOrder,
  newPaypalId,
  openDisputeOf,
  saveDispute,
  saveRefund,
  updateCapture,
  type CaptureRecord,
  type DisputeRecord,
  type RefundRecord,
} from './records.ts';
import type { RefundRequest } from './requests.ts';

const refundableMs = 180 * 24 * 60 * 60 * 1000;

/** The capture, with its order's row held. @throws PaypalProblem when there is none */
export async function lockCapture(scene: Scene, captureId: string): Promise<CaptureRecord> {
  const seen = await find(scene.tx, 'captures', captureId);
  if (seen === undefined) throw notFound();
  await lockOrder(scene.tx, seen.orderId);
  return (await find(scene.tx, 'captures', captureId)) ?? seen;
}

/**
 * The merchant gives money back, by the API or in PayPal's own pages.
 * @returns a refusal where the transaction commits all the same: a fault was used up
 * @throws PaypalProblem
 */
export async function refundCapture(
  scene: Scene,
  captureId: string,
  request: RefundRequest,
): Promise<RefundRecord | PaypalProblem> {
  const capture = await lockCapture(scene, captureId);
  await checkRefundable(scene, capture, request);
  const remainingMinor = toMinor(capture.amount) - capture.refundedMinor;
  const amountMinor = request.amount === undefined ? remainingMinor : toMinor(request.amount);
  if (amountMinor > remainingMinor) throw unprocessable('REFUND_AMOUNT_EXCEEDED', '/amount/value');
  const fault = await takeFault(scene.tx, 'refund', ['pending', ...refusals.keys()], capture.orderId);
  const issue = fault && refusals.get(fault);
  if (issue !== undefined) return unprocessable(issue);
  return takeBack(scene, capture, amountMinor, {
    kind: 'refund',
    pending: fault === 'pending',
    note: request.note_to_payer ?? null,
    customId: request.custom_id ?? capture.customId,
    invoiceId: request.invoice_id ?? capture.invoiceId,
  });
}

/** Fault → what PayPal calls it. */
const refusals: ReadonlyMap<FaultName, string> = new Map([
  ['insufficient_funds', 'REFUND_FAILED_INSUFFICIENT_FUNDS'],
  ['amount_exceeded', 'REFUND_AMOUNT_EXCEEDED'],
  ['fully_refunded', 'CAPTURE_FULLY_REFUNDED'],
  ['chargeback', 'REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK'],
  ['time_limit', 'REFUND_TIME_LIMIT_EXCEEDED'],
]);

async function checkRefundable(scene: Scene, capture: CaptureRecord, request: RefundRequest): Promise<void> {
  if (capture.status === 'PENDING') throw unprocessable('PENDING_CAPTURE');
  if (capture.status === 'DECLINED') throw unprocessable('REFUND_NOT_ALLOWED');
  if (capture.status === 'REFUNDED') throw unprocessable('CAPTURE_FULLY_REFUNDED');
  if (scene.now.getTime() - Date.parse(capture.createdAt) > refundableMs)
    throw unprocessable('REFUND_TIME_LIMIT_EXCEEDED');
  if ((await openDisputeOf(scene.tx, capture.id)) !== undefined) {
    throw unprocessable('REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK');
  }
  if (request.amount !== undefined && request.amount.currency_code !== capture.amount.currency_code) {
    throw unprocessable('REFUND_CAPTURE_CURRENCY_MISMATCH', '/amount/currency_code');
  }
}

/** PayPal, a bank or a card takes back all that is left. Returns null when nothing is. */
export async function reverseCapture(scene: Scene, captureId: string): Promise<RefundRecord | null> {
  const capture = await lockCapture(scene, captureId);
  const remainingMinor = toMinor(capture.amount) - capture.refundedMinor;
  if (capture.status === 'PENDING' || capture.status === 'DECLINED' || remainingMinor === 0) return null;
  const { customId, invoiceId } = capture;
  return takeBack(scene, capture, remainingMinor, {
    kind: 'reversal',
    pending: false,
    note: null,
    customId,
    invoiceId,
  });
}

interface TakeBack {
  kind: RefundRecord['kind'];
  pending: boolean;
  note: string | null;
  customId: string | null;
  invoiceId: string | null;
}

async function takeBack(
  scene: Scene,
  capture: CaptureRecord,
  amountMinor: number,
  how: TakeBack,
): Promise<RefundRecord> {
  const { tx, now, base } = scene;
  const at = now.toISOString();
  const currency = capture.amount.currency_code;
  const changed = withRefunded(capture, capture.refundedMinor + amountMinor, at);
  const refund: RefundRecord = {
    id: newPaypalId(),
    captureId: capture.id,
    kind: how.kind,
    status: how.pending ? 'PENDING' : 'COMPLETED',
    reason: how.pending ? 'ECHECK' : null,
    amount: paypalMoney(amountMinor, currency),
    totalRefunded: paypalMoney(changed.refundedMinor, currency),
    note: how.note,
    customId: how.customId,
    invoiceId: how.invoiceId,
    createdAt: at,
    updatedAt: at,
  };
  await updateCapture(tx, changed);
  await saveRefund(tx, refund);
  await enqueue(tx, base, refundEvent(base, refund, changed), now);
  return refund;
}

/** A refund that PayPal held up goes through or fails; null when it is not pending. */
export async function decideRefund(scene: Scene, refundId: string, good: boolean): Promise<RefundRecord | null> {
  const { tx, now, base } = scene;
  const seen = await find(tx, 'refunds', refundId);
  if (seen === undefined) throw notFound();
  const capture = await lockCapture(scene, seen.captureId);
  const refund = await find(tx, 'refunds', refundId);
  if (refund?.status !== 'PENDING') return null;
  const updatedAt = now.toISOString();
  const decided: RefundRecord = { ...refund, status: good ? 'COMPLETED' : 'FAILED', reason: null, updatedAt };
  const changed = good ? capture : withRefunded(capture, capture.refundedMinor - toMinor(refund.amount), updatedAt);
  await updateCapture(tx, changed);
  await saveRefund(tx, decided);
  await enqueue(tx, base, refundEvent(base, decided, changed), now);
  return decided;
}

/** The buyer complains. Returns null when a dispute is open already or there is no money to fight about. */
export async function openDispute(scene: Scene, captureId: string, reason: string): Promise<DisputeRecord | null> {
  const { tx, now, base } = scene;
  const capture = await lockCapture(scene, captureId);
  const remainingMinor = toMinor(capture.amount) - capture.refundedMinor;
  const paid = capture.status === 'COMPLETED' || capture.status === 'PARTIALLY_REFUNDED';
  if (!paid || remainingMinor === 0 || (await openDisputeOf(tx, captureId)) !== undefined) return null;
  const at = now.toISOString();
  const dispute: DisputeRecord = {
    id: `PP-D-${newPaypalId()}`,
    captureId,
    status: 'OPEN',
    reason,
    amount: paypalMoney(remainingMinor, capture.amount.currency_code),
    outcome: null,
    createdAt: at,
    updatedAt: at,
  };
  await saveDispute(tx, dispute);
  await enqueue(tx, base, disputeEvent(base, dispute, capture, 'CREATED'), now);
  return dispute;
}

/** PayPal decides; a lost dispute takes the money back. Returns null when none is open. */
export async function closeDispute(scene: Scene, captureId: string, won: boolean): Promise<DisputeRecord | null> {
  const { tx, now, base } = scene;
  await lockCapture(scene, captureId);
  const open = await openDisputeOf(tx, captureId);
  if (open === undefined) return null;
  const outcome = won ? 'RESOLVED_SELLER_FAVOUR' : 'RESOLVED_BUYER_FAVOUR';
  const closed: DisputeRecord = { ...open, status: 'RESOLVED', outcome, updatedAt: now.toISOString() };
  await saveDispute(tx, closed);
  if (!won) await reverseCapture(scene, captureId);
  const capture = await lockCapture(scene, captureId);
  await enqueue(tx, base, disputeEvent(base, closed, capture, 'RESOLVED'), now);
  return closed;
}

function withRefunded(capture: CaptureRecord, refundedMinor: number, updatedAt: string): CaptureRecord {
  const full = refundedMinor >= toMinor(capture.amount);
  const status = full ? 'REFUNDED' : refundedMinor > 0 ? 'PARTIALLY_REFUNDED' : 'COMPLETED';
  return { ...capture, refundedMinor, status, updatedAt };
}
