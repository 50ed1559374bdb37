import { z } from 'zod';
import { previewRefund, refundOrder } from '../../billing/refund-order.ts';
import type { Refund } from '../../payments/refunds.ts';
import type { RefundStatus } from '../../states/moves.ts';
import { reason, recordAction, textOf, type Done } from './action.ts';

const outcomes: Readonly<Record<RefundStatus, Done>> = {
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
    return refundDone(await refundOrder(services, { orderId: textOf(row, 'id'), reason: body.reason, staff }));
  },
});

/** What came of a refund, for the screen. */
export function refundDone({ status, amountMinor, currency, creditsClawedBack, failureCode }: Refund): Done {
  return { ...outcomes[status as RefundStatus], facts: { amountMinor, currency, creditsClawedBack, failureCode } };
}
