import { z } from 'zod';
import { previewRefund, refundOrder } from '../../billing/refund-order.ts';
import { reason, recordAction, textOf, type Done } from './action.ts';

const outcomes: Readonly<Record<string, Done>> = {
  completed: { message: 'refunded' },
  pending: { message: 'refundPending', type: 'info' },
  failed: { message: 'refundFailed', type: 'error' },
};

export const refundOrderAction = recordAction({
  resource: 'orders',
  name: 'refund',
  icon: 'CornerUpLeft',
  danger: true,
  offered: ({ status }) => status === 'completed' || status === 'partially_refunded',
  body: z.strictObject({ reason }),
  async preview(services, row) {
    const plan = await previewRefund(services, textOf(row, 'id'));
    return { ...plan, orderNo: row.orderNo ?? null, isPlan: row.kind !== 'credit_pack' };
  },
  async perform(services, row, body, staff) {
    const refund = await refundOrder(services, { orderId: textOf(row, 'id'), reason: body.reason, staff });
    const { amountMinor, currency, creditsClawedBack, failureCode } = refund;
    const done = outcomes[refund.status] ?? { message: 'refundPending', type: 'info' };
    return { ...done, facts: { amountMinor, currency, creditsClawedBack, failureCode } };
  },
});
