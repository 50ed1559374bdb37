import { z } from 'zod';
import { refundDuplicate } from '../../billing/refund-duplicate.ts';
import { previewRefund } from '../../billing/refund-order.ts';
import { reason, recordAction, textOf, type RowValues } from './action.ts';
import { approvalAsked, factsOf, refundDone } from './refund-order.ts';

export const refundDuplicateAction = recordAction({
  resource: 'incidents',
  name: 'refundDuplicate',
  icon: 'CornerUpLeft',
  danger: true,
  offered: (row) => row.kind === 'duplicate_payment' && row.status === 'open' && detailsOf(row).refund === 'offered',
  body: z.strictObject({ reason }),
  async preview(services, row) {
    const { orderNo = null, firstOrderNo = null } = detailsOf(row);
    const plan = await previewRefund(services, textOf(row, 'subjectId'));
    return { ...factsOf(plan, orderNo), firstOrderNo };
  },
  async perform(services, row, { reason: why }, staff) {
    const outcome = await refundDuplicate(services, { incidentId: textOf(row, 'id'), reason: why, staff });
    return 'refund' in outcome ? refundDone(outcome.refund) : approvalAsked;
  },
});

/** What `offerRefund` put there. */
function detailsOf({ details }: RowValues): { refund?: string; orderNo?: string; firstOrderNo?: string } {
  return (typeof details === 'string' ? JSON.parse(details) : {}) as ReturnType<typeof detailsOf>;
}
