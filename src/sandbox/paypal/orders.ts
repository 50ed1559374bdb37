import type { PoolClient } from 'pg';
import { takeFault } from './faults.ts';
import { approvalReversed, captureEvent, enqueue, orderApproved } from './events.ts';
import { notFound, unprocessable, type PaypalProblem } from './problems.ts';
import {
  capturesOf,
  insertCapture,
  lockOrder,
  newPaypalId,
  saveOrder,
  updateCapture,
  type CaptureRecord,
  type OrderRecord,
} from './records.ts';
import type { readOrderRequest } from './requests.ts';

/** Everything that happens to an order happens in a transaction that holds its row. */
export interface Scene {
  tx: PoolClient;
  now: Date;
  /** Where the simulator is served: for links. */
  base: string;
}

/** PayPal's default: a buyer has three hours to approve, and the merchant three to capture. */
const approvalMs = 3 * 60 * 60 * 1000;
/** An order that was not paid is there for a while, and then PayPal has none under its id. */
const keptMs = 6 * 60 * 60 * 1000;

export async function createOrder(scene: Scene, request: ReturnType<typeof readOrderRequest>): Promise<OrderRecord> {
  const at = scene.now.toISOString();
  const status = request.wallet ? 'PAYER_ACTION_REQUIRED' : 'CREATED';
  const order: OrderRecord = {
    id: newPaypalId(),
    status,
    ...request,
    instrument: 'none',
    createdAt: at,
    updatedAt: at,
  };
  await saveOrder(scene.tx, order, null);
  return order;
}

/**
 * The order as PayPal has it now, whether or not somebody swept: an approval lapses by itself, and what was not paid is
 * forgotten. @throws PaypalProblem when it is
 */
export function asOfNow(order: OrderRecord | undefined, now: Date): OrderRecord {
  if (order === undefined) throw notFound();
  const idleMs = now.getTime() - Date.parse(order.updatedAt);
  const isLapsed = order.status === 'APPROVED' && idleMs >= approvalMs;
  const lapsedMs = isLapsed ? approvalMs : 0;
  const isOpen = order.status !== 'COMPLETED' && (order.status !== 'APPROVED' || isLapsed);
  if (isOpen && idleMs - lapsedMs >= keptMs) throw notFound();
  return isLapsed ? { ...order, status: 'VOIDED' } : order;
}

/** Whether the buyer may still choose how to pay. */
export function isApprovable(order: OrderRecord, now: Date): boolean {
  if (now.getTime() - Date.parse(order.updatedAt) >= approvalMs) return false;
  if (order.status === 'APPROVED') return order.instrument === 'declined';
  return order.status === 'CREATED' || order.status === 'PAYER_ACTION_REQUIRED';
}

/**
 * The buyer chooses. With an instrument that will fail, PayPal approves all the same; only the capture shows it.
 * @returns null when there is nothing to approve any more
 */
export async function approveOrder(
  scene: Scene,
  id: string,
  instrument: 'good' | 'declined',
): Promise<OrderRecord | null> {
  const order = await lockOrder(scene.tx, id);
  if (order === undefined) throw notFound();
  if (!isApprovable(order, scene.now)) return null;
  const approved: OrderRecord = { ...order, status: 'APPROVED', instrument, updatedAt: scene.now.toISOString() };
  await saveOrder(scene.tx, approved, new Date(scene.now.getTime() + approvalMs));
  await enqueue(scene.tx, scene.base, orderApproved(scene.base, approved), scene.now);
  return approved;
}

/**
 * @returns a refusal where something must be remembered all the same: the transaction commits
 * @throws PaypalProblem
 */
export async function captureOrder(scene: Scene, id: string): Promise<OrderRecord | PaypalProblem> {
  const { tx, now, base } = scene;
  const order = asOfNow(await lockOrder(tx, id), now);
  if (order.status === 'COMPLETED') throw unprocessable('ORDER_ALREADY_CAPTURED');
  if (order.status !== 'APPROVED') throw unprocessable('ORDER_NOT_APPROVED');
  const updatedAt = now.toISOString();
  const fault = await takeFault(tx, 'capture', ['decline', 'pending', 'duplicate_invoice'], id);
  if (fault === 'duplicate_invoice') return unprocessable('DUPLICATE_INVOICE_ID');
  if (fault === 'decline' || order.instrument === 'declined') {
    const declined: OrderRecord = { ...order, instrument: 'declined', updatedAt };
    await saveOrder(tx, declined, new Date(now.getTime() + approvalMs));
    return unprocessable('INSTRUMENT_DECLINED');
  }
  const capture = newCapture(order, now, fault === 'pending');
  if (!(await insertCapture(tx, capture))) throw unprocessable('DUPLICATE_INVOICE_ID');
  const completed: OrderRecord = { ...order, status: 'COMPLETED', updatedAt };
  await saveOrder(tx, completed, null);
  await enqueue(tx, base, captureEvent(base, capture), now);
  return completed;
}

/** What PayPal held up goes through, or does not. Returns null when the capture is not pending. */
export async function decidePending(
  scene: Scene,
  orderId: string,
  captureId: string,
  good: boolean,
): Promise<CaptureRecord | null> {
  const { tx, now, base } = scene;
  await lockOrder(tx, orderId);
  const capture = (await capturesOf(tx, orderId)).find(({ id }) => id === captureId);
  if (capture?.status !== 'PENDING') return null;
  const decided: CaptureRecord = {
    ...capture,
    status: good ? 'COMPLETED' : 'DECLINED',
    reason: null,
    updatedAt: now.toISOString(),
  };
  await updateCapture(tx, decided);
  await enqueue(tx, base, captureEvent(base, decided), now);
  return decided;
}

/** Approvals that nobody captured in time. @returns how many lapsed */
export async function reverseLapsedApprovals(scene: Scene): Promise<number> {
  const { rows } = await scene.tx.query<{ doc: OrderRecord }>(
    `SELECT doc FROM sandbox.paypal_orders WHERE approval_ends_at <= $1 ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED`,
    [scene.now],
  );
  for (const { doc } of rows) await reverseApproval(scene, doc);
  return rows.length;
}

/** The approval lapses before its time. Returns null when there is none. */
export async function lapseApproval(scene: Scene, id: string): Promise<OrderRecord | null> {
  const order = await lockOrder(scene.tx, id);
  if (order === undefined) throw notFound();
  return order.status === 'APPROVED' ? reverseApproval(scene, order) : null;
}

async function reverseApproval({ tx, now, base }: Scene, order: OrderRecord): Promise<OrderRecord> {
  const voided: OrderRecord = { ...order, status: 'VOIDED', updatedAt: now.toISOString() };
  await saveOrder(tx, voided, null);
  await enqueue(tx, base, approvalReversed(voided), now);
  return voided;
}

/** Somebody pays another shop that has the same account. Returns null when its invoice id was used. */
export async function captureElsewhere(scene: Scene, unit: OrderRecord['unit']): Promise<CaptureRecord | null> {
  const { tx, now, base } = scene;
  const request = { unit, wallet: true, returnUrl: null, cancelUrl: null, locale: 'en-US', brandName: 'Another shop' };
  const order = await createOrder(scene, request);
  const capture = newCapture(order, now, false);
  if (!(await insertCapture(tx, capture))) return null;
  await saveOrder(tx, { ...order, status: 'COMPLETED', instrument: 'good' }, null);
  await enqueue(tx, base, captureEvent(base, capture), now);
  return capture;
}

function newCapture(order: OrderRecord, now: Date, pending: boolean): CaptureRecord {
  const at = now.toISOString();
  const { currency_code, value } = order.unit.amount;
  return {
    id: newPaypalId(),
    orderId: order.id,
    status: pending ? 'PENDING' : 'COMPLETED',
    reason: pending ? 'PENDING_REVIEW' : null,
    amount: { currency_code, value },
    refundedMinor: 0,
    customId: order.unit.custom_id ?? null,
    invoiceId: order.unit.invoice_id ?? null,
    createdAt: at,
    updatedAt: at,
  };
}
