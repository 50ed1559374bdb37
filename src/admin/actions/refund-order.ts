import { z } from 'zod';
import { refundOrAsk } from '../../billing/ask-approval.ts';
import { previewRefund } from '../../billing/refund-order.ts';
import type { RefundPlan } from '../../billing/refund-policy.ts';
import { ValidationFailed } from '../../kit/errors.ts';
import { fromDecimal } from '../../kit/money.ts';
import type { Refund } from '../../payments/refunds.ts';
import type { RefundStatus } from '../../states/moves.ts';
import { reason, recordAction, textOf, type Done, type Facts, type RowValues } from './action.ts';

const outcomes: Readonly<Record<RefundStatus, Done>> = {
  completed: { message: 'refunded' },
  pending: { message: 'refundPending', type: 'info' },
  failed: { message: 'refundFailed', type: 'error' },
};

/** In the order's currency, as a decimal: `4.00`. */
const amount = z.string().trim().max(20);

export const refundOrderAction = recordAction({
  resource: 'orders',
  name: 'refund',
  icon: 'CornerUpLeft',
  danger: true,
  offered: ({ status }) => status === 'completed' || status === 'partially_refunded',
  body: z.strictObject({ reason, amount: amount.optional(), endSubscription: z.boolean().optional() }),
  draft: z.object({ amount: amount.optional(), endSubscription: z.enum(['yes', 'no']).optional() }),
  async preview(services, row, draft) {
    const endSubscription = draft.endSubscription && draft.endSubscription === 'yes';
    const choice = { amountMinor: minorOf(draft.amount, row), endSubscription };
    return factsOf(await previewRefund(services, textOf(row, 'id'), choice), row.orderNo ?? null);
  },
  async perform(services, row, { reason: why, amount: given, endSubscription }, staff) {
    const choice = { amountMinor: minorOf(given, row), endSubscription };
    const outcome = await refundOrAsk(services, { ...choice, orderId: textOf(row, 'id'), reason: why, staff });
    return 'refund' in outcome ? refundDone(outcome.refund) : approvalAsked;
  },
});

/** @throws ValidationFailed when it is no amount in the order's currency; undefined: all that is left */
function minorOf(given: string | undefined, row: RowValues): number | undefined {
  if (given === undefined) return undefined;
  const currency = textOf(row, 'currency');
  try {
    return fromDecimal(given, currency);
  } catch {
    throw new ValidationFailed([{ path: 'amount', message: `Give an amount in ${currency}.` }]);
  }
}

/** What the screen is told of a refund to come. */
export function factsOf(
  plan: RefundPlan & { leftMinor: number; needsApproval?: boolean },
  orderNo: Facts[string],
): Facts {
  return { ...plan, endsAt: plan.endsAt?.toISOString() ?? null, orderNo };
}

/** Nothing is done yet. */
export const approvalAsked: Done = { message: 'approvalAsked', type: 'info' };

/** What came of a refund, for the screen. */
export function refundDone({ status, amountMinor, currency, creditsClawedBack, failureCode }: Refund): Done {
  return { ...outcomes[status as RefundStatus], facts: { amountMinor, currency, creditsClawedBack, failureCode } };
}
