import type { PoolClient } from 'pg';
import { readableCode } from '../../kit/ids.ts';
import type { Queryable } from './database.ts';

export interface PaypalMoney {
  currency_code: string;
  value: string;
}

/** Times are ISO strings, as PayPal writes them. */
export interface OrderRecord {
  id: string;
  status: 'CREATED' | 'PAYER_ACTION_REQUIRED' | 'APPROVED' | 'COMPLETED' | 'VOIDED';
  /** As the client sent it, with PayPal's defaults filled in. */
  unit: Record<string, unknown> & {
    amount: PaypalMoney;
    custom_id?: string;
    invoice_id?: string;
    description?: string;
  };
  /** Whether the client named `payment_source.paypal`; else it used the older `application_context`. */
  wallet: boolean;
  returnUrl: string | null;
  cancelUrl: string | null;
  locale: string;
  brandName: string | null;
  /** What the buyer chose on the approval page. */
  instrument: 'none' | 'good' | 'declined';
  createdAt: string;
  updatedAt: string;
}

export interface CaptureRecord {
  id: string;
  orderId: string;
  status: 'COMPLETED' | 'PENDING' | 'DECLINED' | 'PARTIALLY_REFUNDED' | 'REFUNDED';
  reason: string | null;
  amount: PaypalMoney;
  /** Completed and pending refunds and reversals, in minor units. */
  refundedMinor: number;
  customId: string | null;
  invoiceId: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface RefundRecord {
  id: string;
  captureId: string;
  kind: 'refund' | 'reversal';
  status: 'COMPLETED' | 'PENDING' | 'FAILED' | 'CANCELLED';
  reason: string | null;
  amount: PaypalMoney;
  /** Everything taken back from the capture up to and with this one. */
  totalRefunded: PaypalMoney;
  note: string | null;
  customId: string | null;
  invoiceId: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface DisputeRecord {
  id: string;
  captureId: string;
  status: 'OPEN' | 'UNDER_REVIEW' | 'RESOLVED';
  reason: string;
  amount: PaypalMoney;
  outcome: 'RESOLVED_BUYER_FAVOUR' | 'RESOLVED_SELLER_FAVOUR' | null;
  createdAt: string;
  updatedAt: string;
}

interface Rows {
  orders: OrderRecord;
  captures: CaptureRecord;
  refunds: RefundRecord;
  disputes: DisputeRecord;
}

type Table = keyof Rows;

/** PayPal's ids have 17 capitals and digits. */
export function newPaypalId(): string {
  return readableCode(17);
}

export async function find<T extends Table>(db: Queryable, table: T, id: string): Promise<Rows[T] | undefined> {
  const { rows } = await db.query<{ doc: Rows[T] }>(`SELECT doc FROM sandbox.paypal_${table} WHERE id = $1`, [id]);
  return rows[0]?.doc;
}

/** Whoever changes an order, or anything that hangs on it, holds this lock. */
export async function lockOrder(tx: PoolClient, id: string): Promise<OrderRecord | undefined> {
  const { rows } = await tx.query<{ doc: OrderRecord }>(
    'SELECT doc FROM sandbox.paypal_orders WHERE id = $1 FOR UPDATE',
    [id],
  );
  return rows[0]?.doc;
}

export async function capturesOf(db: Queryable, orderId: string): Promise<CaptureRecord[]> {
  const { rows } = await db.query<{ doc: CaptureRecord }>(
    'SELECT doc FROM sandbox.paypal_captures WHERE order_id = $1 ORDER BY created_at, id',
    [orderId],
  );
  return rows.map(({ doc }) => doc);
}

export async function refundsOf(db: Queryable, captureIds: readonly string[]): Promise<RefundRecord[]> {
  const { rows } = await db.query<{ doc: RefundRecord }>(
    'SELECT doc FROM sandbox.paypal_refunds WHERE capture_id = ANY($1) ORDER BY created_at, id',
    [captureIds],
  );
  return rows.map(({ doc }) => doc);
}

export async function openDisputeOf(db: Queryable, captureId: string): Promise<DisputeRecord | undefined> {
  const { rows } = await db.query<{ doc: DisputeRecord }>(
    `SELECT doc FROM sandbox.paypal_disputes WHERE capture_id = $1 AND doc->>'status' <> 'RESOLVED'`,
    [captureId],
  );
  return rows[0]?.doc;
}

/** Newest first; `updatedAfter` is an ISO string in UTC. */
export async function disputesSince(
  db: Queryable,
  updatedAfter: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<DisputeRecord[]> {
  const { rows } = await db.query<{ doc: DisputeRecord }>(
    `SELECT doc FROM sandbox.paypal_disputes WHERE doc->>'updatedAt' > $1 ORDER BY created_at DESC, id OFFSET $2 LIMIT $3`,
    [updatedAfter, offset, limit],
  );
  return rows.map(({ doc }) => doc);
}

export async function latestOrders(db: Queryable, limit: number): Promise<OrderRecord[]> {
  const { rows } = await db.query<{ doc: OrderRecord }>(
    'SELECT doc FROM sandbox.paypal_orders ORDER BY created_at DESC, id LIMIT $1',
    [limit],
  );
  return rows.map(({ doc }) => doc);
}

/** @param approvalEndsAt when an approval that nobody captures lapses */
export async function saveOrder(tx: Queryable, order: OrderRecord, approvalEndsAt: Date | null): Promise<void> {
  await tx.query(
    `INSERT INTO sandbox.paypal_orders (id, created_at, approval_ends_at, doc) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET approval_ends_at = excluded.approval_ends_at, doc = excluded.doc`,
    [order.id, order.createdAt, approvalEndsAt, order],
  );
}

/** @returns false when another capture has the same invoice id */
export async function insertCapture(tx: Queryable, capture: CaptureRecord): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO sandbox.paypal_captures (id, order_id, invoice_id, created_at, doc) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (invoice_id) DO NOTHING`,
    [capture.id, capture.orderId, capture.invoiceId, capture.createdAt, capture],
  );
  return rowCount === 1;
}

export async function updateCapture(tx: Queryable, capture: CaptureRecord): Promise<void> {
  await tx.query('UPDATE sandbox.paypal_captures SET doc = $2 WHERE id = $1', [capture.id, capture]);
}

export async function saveRefund(tx: Queryable, refund: RefundRecord): Promise<void> {
  await tx.query(
    `INSERT INTO sandbox.paypal_refunds (id, capture_id, created_at, doc) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`,
    [refund.id, refund.captureId, refund.createdAt, refund],
  );
}

export async function saveDispute(tx: Queryable, dispute: DisputeRecord): Promise<void> {
  await tx.query(
    `INSERT INTO sandbox.paypal_disputes (id, capture_id, created_at, doc) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`,
    [dispute.id, dispute.captureId, dispute.createdAt, dispute],
  );
}
