import { randomUUID } from 'node:crypto';
import { readableCode } from '../../kit/ids.ts';
import type { Queryable } from './database.ts';
import { takeFault } from './faults.ts';
import { merchant } from './identity.ts';
import type { CaptureRecord, DisputeRecord, OrderRecord, RefundRecord } from './records.ts';
import { captureResource, disputeBody, orderBody, refundBody, type Json } from './representation.ts';

/** Something happened that PayPal tells its merchants about. */
export interface PaypalEvent {
  type: string;
  resourceType: string;
  summary: string;
  resource: Json;
  orderId: string;
}

/** A webhook that is held up, is held up for this long. */
const delayMs = 60_000;
/** One that lets the next go first waits this long for a next. */
const overtakenMs = 10 * 60_000;

export function orderApproved(base: string, order: OrderRecord): PaypalEvent {
  return {
    type: 'CHECKOUT.ORDER.APPROVED',
    resourceType: 'checkout-order',
    summary: 'An order has been approved by buyer',
    resource: orderBody(base, order),
    orderId: order.id,
  };
}

export function approvalReversed(order: OrderRecord): PaypalEvent {
  const { reference_id, custom_id, invoice_id } = order.unit;
  return {
    type: 'CHECKOUT.PAYMENT-APPROVAL.REVERSED',
    resourceType: 'checkout-order',
    summary: 'A payment has been reversed after approval.',
    // This one names the order by `order_id`, and is no order itself.
    resource: {
      order_id: order.id,
      purchase_units: [{ reference_id, custom_id, invoice_id }],
      payment_source: { paypal: {} },
    },
    orderId: order.id,
  };
}

export function captureEvent(base: string, capture: CaptureRecord): PaypalEvent {
  const name = { COMPLETED: 'COMPLETED', PENDING: 'PENDING', DECLINED: 'DENIED' }[capture.status as string];
  if (name === undefined) throw new Error(`no event for a capture that is ${capture.status}`);
  const { value, currency_code: currency } = capture.amount;
  return {
    type: `PAYMENT.CAPTURE.${name}`,
    resourceType: 'capture',
    summary: `Payment ${name.toLowerCase()} for ${value} ${currency}`,
    resource: captureResource(base, capture),
    orderId: capture.orderId,
  };
}

export function refundEvent(base: string, refund: RefundRecord, capture: CaptureRecord): PaypalEvent {
  const completed = refund.kind === 'reversal' ? 'PAYMENT.CAPTURE.REVERSED' : 'PAYMENT.CAPTURE.REFUNDED';
  const type = refund.status === 'COMPLETED' ? completed : `PAYMENT.REFUND.${refund.status}`;
  return {
    type,
    resourceType: 'refund',
    summary: `${type} for ${refund.amount.value} ${refund.amount.currency_code}`,
    // Webhooks say who was paid, which the API's own answer does not.
    resource: { ...refundBody(base, refund), payer: merchant },
    orderId: capture.orderId,
  };
}

export function disputeEvent(
  base: string,
  dispute: DisputeRecord,
  capture: CaptureRecord,
  what: 'CREATED' | 'UPDATED' | 'RESOLVED',
): PaypalEvent {
  return {
    type: `CUSTOMER.DISPUTE.${what}`,
    resourceType: 'dispute',
    summary: `A dispute was ${what.toLowerCase()}`,
    resource: disputeBody(base, dispute, capture),
    orderId: capture.orderId,
  };
}

/**
 * Puts the webhook in the queue, in the transaction of what it tells about; the faults of delivery strike here. One that
 * waited to be overtaken goes behind this one, if it is of the same order.
 */
export async function enqueue(tx: Queryable, base: string, event: PaypalEvent, now: Date): Promise<void> {
  const id = `WH-${readableCode(17)}-${readableCode(17)}`;
  const body = JSON.stringify({
    id,
    event_version: '1.0',
    create_time: now.toISOString(),
    resource_type: event.resourceType,
    resource_version: '2.0',
    event_type: event.type,
    summary: event.summary,
    resource: event.resource,
    links: [
      { href: `${base}/v1/notifications/webhooks-events/${id}`, rel: 'self', method: 'GET' },
      { href: `${base}/v1/notifications/webhooks-events/${id}/resend`, rel: 'resend', method: 'POST' },
    ],
  });
  const fault = await takeFault(tx, 'webhook', ['duplicate', 'lost', 'delayed', 'reordered'], event.orderId);
  const state = fault === 'lost' ? 'lost' : 'waiting';
  const waitMs = fault === 'delayed' ? delayMs : fault === 'reordered' ? overtakenMs : 0;
  const first = new Date(now.getTime() + waitMs);
  for (let copy = 0; copy < (fault === 'duplicate' ? 2 : 1); copy += 1) {
    await tx.query(
      `INSERT INTO sandbox.paypal_deliveries (id, event_id, event_type, order_id, body, state, created_at,
         next_attempt_at, yields)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [randomUUID(), id, event.type, event.orderId, body, state, now, first, fault === 'reordered'],
    );
  }
  // A new number puts them behind; several that were held up come in their own order.
  if (fault === undefined) {
    await tx.query(
      `UPDATE sandbox.paypal_deliveries SET seq = DEFAULT, next_attempt_at = $2, yields = false
       WHERE order_id = $1 AND yields AND state = 'waiting'`,
      [event.orderId, now],
    );
  }
}
