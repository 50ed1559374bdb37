import { buyer, merchant } from './identity.ts';
import { feeOf, paypalMoney, toMinor } from './money.ts';
import type { CaptureRecord, DisputeRecord, OrderRecord, RefundRecord } from './records.ts';

/** How the simulator's records look at PayPal's API, nesting and all. `base` is where that API is served. */
export type Json = Record<string, unknown>;

const approvable: readonly OrderRecord['status'][] = ['CREATED', 'PAYER_ACTION_REQUIRED'];

export function approvalUrl(base: string, orderId: string): string {
  return `${base}/checkoutnow?token=${orderId}`;
}

export function orderBody(
  base: string,
  order: OrderRecord,
  captures: readonly CaptureRecord[] = [],
  refunds: readonly RefundRecord[] = [],
): Json {
  const known = order.status === 'APPROVED' || order.status === 'COMPLETED';
  const payments = {
    captures: captures.map((capture) => captureBody(base, capture)),
    ...(refunds.length === 0 ? {} : { refunds: refunds.map((refund) => refundBody(base, refund)) }),
  };
  return {
    ...orderSummary(base, order),
    intent: 'CAPTURE',
    purchase_units: [{ ...order.unit, payee: merchant, ...(captures.length === 0 ? {} : { payments }) }],
    ...(known ? { payer: buyer } : {}),
    create_time: order.createdAt,
    ...(order.updatedAt === order.createdAt ? {} : { update_time: order.updatedAt }),
  };
}

/** What `Prefer: return=minimal` leaves. */
export function orderSummary(base: string, order: OrderRecord): Json {
  const self = `${base}/v2/checkout/orders/${order.id}`;
  const { payer_id: account_id, ...person } = buyer;
  const paid = order.status === 'APPROVED' || order.status === 'COMPLETED';
  const rel = order.wallet ? 'payer-action' : 'approve';
  return {
    id: order.id,
    status: order.status,
    ...(order.wallet || paid
      ? { payment_source: { paypal: paid ? { account_id, account_status: 'VERIFIED', ...person } : {} } }
      : {}),
    links: [
      { href: self, rel: 'self', method: 'GET' },
      ...(approvable.includes(order.status) ? [{ href: approvalUrl(base, order.id), rel, method: 'GET' }] : []),
      ...(order.status === 'APPROVED' ? [{ href: `${self}/capture`, rel: 'capture', method: 'POST' }] : []),
    ],
  };
}

/** As it stands inside an order. */
function captureBody(base: string, capture: CaptureRecord): Json {
  const grossMinor = toMinor(capture.amount);
  const currency = capture.amount.currency_code;
  const feeMinor = feeOf(grossMinor, currency);
  const self = `${base}/v2/payments/captures/${capture.id}`;
  const settled = capture.status !== 'PENDING' && capture.status !== 'DECLINED';
  return {
    id: capture.id,
    status: capture.status,
    ...(capture.reason === null ? {} : { status_details: { reason: capture.reason } }),
    amount: capture.amount,
    final_capture: true,
    seller_protection: {
      status: 'ELIGIBLE',
      dispute_categories: ['ITEM_NOT_RECEIVED', 'UNAUTHORIZED_TRANSACTION'],
    },
    ...(settled
      ? {
          seller_receivable_breakdown: {
            gross_amount: capture.amount,
            paypal_fee: paypalMoney(feeMinor, currency),
            net_amount: paypalMoney(grossMinor - feeMinor, currency),
          },
        }
      : {}),
    ...(capture.invoiceId === null ? {} : { invoice_id: capture.invoiceId }),
    ...(capture.customId === null ? {} : { custom_id: capture.customId }),
    links: [
      { href: self, rel: 'self', method: 'GET' },
      { href: `${self}/refund`, rel: 'refund', method: 'POST' },
      { href: `${base}/v2/checkout/orders/${capture.orderId}`, rel: 'up', method: 'GET' },
    ],
    create_time: capture.createdAt,
    update_time: capture.updatedAt,
  };
}

/** As it stands alone, and in webhooks. */
export function captureResource(base: string, capture: CaptureRecord): Json {
  return {
    ...captureBody(base, capture),
    supplementary_data: { related_ids: { order_id: capture.orderId } },
    payee: merchant,
  };
}

export function refundBody(base: string, refund: RefundRecord): Json {
  const currency = refund.amount.currency_code;
  return {
    ...refundSummary(base, refund),
    ...(refund.reason === null ? {} : { status_details: { reason: refund.reason } }),
    amount: refund.amount,
    seller_payable_breakdown: {
      gross_amount: refund.amount,
      // PayPal keeps its fee on a refund.
      paypal_fee: paypalMoney(0, currency),
      net_amount: refund.amount,
      total_refunded_amount: refund.totalRefunded,
    },
    ...(refund.invoiceId === null ? {} : { invoice_id: refund.invoiceId }),
    ...(refund.customId === null ? {} : { custom_id: refund.customId }),
    ...(refund.note === null ? {} : { note_to_payer: refund.note }),
    create_time: refund.createdAt,
    update_time: refund.updatedAt,
  };
}

export function refundSummary(base: string, refund: RefundRecord): Json {
  return {
    id: refund.id,
    status: refund.status,
    links: [
      { href: `${base}/v2/payments/refunds/${refund.id}`, rel: 'self', method: 'GET' },
      { href: `${base}/v2/payments/captures/${refund.captureId}`, rel: 'up', method: 'GET' },
    ],
  };
}

/** How long the merchant has to answer a dispute. */
const answerMs = 10 * 24 * 60 * 60 * 1000;

/** As it stands in a list. */
export function disputeSummary(base: string, dispute: DisputeRecord): Json {
  const due = new Date(Date.parse(dispute.createdAt) + answerMs).toISOString();
  return {
    dispute_id: dispute.id,
    create_time: dispute.createdAt,
    update_time: dispute.updatedAt,
    reason: dispute.reason,
    status: dispute.status,
    dispute_amount: dispute.amount,
    dispute_life_cycle_stage: 'CHARGEBACK',
    dispute_channel: 'INTERNAL',
    ...(dispute.status === 'RESOLVED' ? {} : { seller_response_due_date: due }),
    links: [{ href: `${base}/v1/customer/disputes/${dispute.id}`, rel: 'self', method: 'GET' }],
  };
}

/** `nextPage` is the token of the next page; null on the last. */
export function disputeList(base: string, disputes: readonly DisputeRecord[], nextPage: string | null): Json {
  const self = `${base}/v1/customer/disputes`;
  return {
    // PayPal leaves an empty list out.
    ...(disputes.length === 0 ? {} : { items: disputes.map((dispute) => disputeSummary(base, dispute)) }),
    links: [
      { href: self, rel: 'self', method: 'GET' },
      ...(nextPage === null ? [] : [{ href: `${self}?next_page_token=${nextPage}`, rel: 'next', method: 'GET' }]),
    ],
  };
}

export function disputeBody(base: string, dispute: DisputeRecord, capture: CaptureRecord): Json {
  return {
    ...disputeSummary(base, dispute),
    disputed_transactions: [
      {
        buyer_transaction_id: `B${dispute.captureId.slice(1)}`,
        seller_transaction_id: dispute.captureId,
        create_time: capture.createdAt,
        transaction_status: capture.status === 'REFUNDED' ? 'REVERSED' : 'COMPLETED',
        gross_amount: capture.amount,
        ...(capture.invoiceId === null ? {} : { invoice_number: capture.invoiceId }),
        ...(capture.customId === null ? {} : { custom: capture.customId }),
        buyer: { name: `${buyer.name.given_name} ${buyer.name.surname}` },
        seller: { email: merchant.email_address, merchant_id: merchant.merchant_id, name: 'Simulated Merchant' },
      },
    ],
    ...(dispute.outcome === null
      ? {}
      : {
          dispute_outcome: {
            outcome_code: dispute.outcome,
            ...(dispute.outcome === 'RESOLVED_BUYER_FAVOUR' ? { amount_refunded: dispute.amount } : {}),
          },
        }),
  };
}
