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

/** Whether the buyer may still choose how to pay. */
export function isApprovable(order: OrderRecord, now: Date): boolean {
  if (order.status === 'APPROVED') return order.instrument === 'declined';
  const open = order.status === 'CREATED' || order.status === 'PAYER_ACTION_REQUIRED';
  return open && now.getTime() - Date.parse(order.createdAt) < approvalMs;
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
  const order = await lockOrder(tx, id);
  if (order === undefined) throw notFound();
  if (order.status === 'COMPLETED') throw unprocessable('ORDER_ALREADY_CAPTURED');
  if (order.status !== 'APPROVED') throw unprocessable('ORDER_NOT_APPROVED');
  const updatedAt = now.toISOString();
  const fault = await takeFault(tx, 'capture', ['decline', 'pending'], id);
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
  for (const { doc } of rows) {
    await saveOrder(scene.tx, { ...doc, status: 'VOIDED', updatedAt: scene.now.toISOString() }, null);
    await enqueue(scene.tx, scene.base, approvalReversed(doc), scene.now);
  }
  return rows.length;
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
