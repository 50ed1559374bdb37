import type { Tx } from '../db/index.ts';
import { reportIncident } from '../incidents/incidents.ts';
import type { ReturnCode } from '../orders/order-states.ts';
import { moveOrder, type Order } from '../orders/orders.ts';
import type { Payment } from '../payments/payments.ts';
import { createRefund } from '../payments/refunds.ts';

interface Words {
  /** Stands on the refund, and in the ledger. */
  reason: string;
  kind: 'late_payment' | 'duplicate_payment';
  summary: (orderNo: string, first: string) => string;
}

const words: Readonly<Record<ReturnCode, Words>> = {
  PAID_LATE: {
    reason: 'The order had been closed before it was paid.',
    kind: 'late_payment',
    summary: (orderNo) => `${orderNo} was paid after it had been closed. The money goes back by itself.`,
  },
  DUPLICATE: {
    reason: 'The same had been paid for already.',
    kind: 'duplicate_payment',
    summary: (orderNo, first) =>
      `${orderNo} was paid after ${first} had paid for the same. Nothing was handed over, and the money goes back by itself.`,
  },
  PLAN_CHANGED: {
    reason: 'Another plan had been paid for already.',
    kind: 'duplicate_payment',
    summary: (orderNo) =>
      `${orderNo} was paid after another plan had been. Nothing was handed over, and the money goes back by itself.`,
  },
};

/** Why money that arrived is not kept; `first` is the order that a second payment repeats. */
export interface Return {
  failureCode: ReturnCode;
  first: Order | null;
}

/** The order is paid, hands over nothing, and its refund is promised in the same breath. The gateway is asked after it. */
export async function giveBack(
  tx: Tx,
  order: Order,
  payment: Payment,
  { failureCode, first }: Return,
  now: Date,
): Promise<void> {
  const { id, orderNo } = order;
  const { reason, kind, summary } = words[failureCode];
  const duplicateOf = first?.id ?? order.duplicateOf;
  await moveOrder(tx, order, 'completed', { paidAt: now, closedAt: now, failureCode, duplicateOf });
  const { amountMinor, currency, provider } = payment;
  await createRefund(tx, {
    orderId: id,
    paymentId: payment.id,
    provider,
    amountMinor,
    currency,
    reason,
    requestedBy: null,
    now,
  });
  await reportIncident(tx, {
    kind,
    subjectType: 'order',
    subjectId: id,
    summary: summary(orderNo, first?.orderNo ?? 'another order'),
    amount: { amountMinor, currency },
    details: { firstOrder: first?.id ?? null, firstOrderNo: first?.orderNo ?? null, payment: payment.id },
    now,
  });
}
