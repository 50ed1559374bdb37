import { z } from 'zod';
import { Staff } from '../../accounts/staff.model.ts';
import { getUser } from '../../accounts/users.ts';
import {
  approveRequest,
  previewApproval,
  rejectRequest,
  withdrawRequest,
  type ApprovalPreview,
} from '../../billing/decide-approval.ts';
import type { Services } from '../../billing/services.ts';
import { findOrder } from '../../orders/orders.ts';
import { reason, recordAction, textOf, type Facts, type RowValues, type Viewer } from './action.ts';
import { factsOf, refundDone } from './refund-order.ts';

const body = z.strictObject({ reason });

export const approveAction = recordAction({
  resource: 'approval_requests',
  name: 'approve',
  icon: 'CheckCircle',
  offered: isOthers,
  body,
  preview,
  async perform(services, row, { reason: why }, staff) {
    const { request, refund } = await approveRequest(services, { requestId: textOf(row, 'id'), reason: why, staff });
    if (request.failure != null)
      return { message: 'approvalFailed', type: 'error', facts: { failure: request.failure } };
    return refund === null ? { message: 'approvalDone' } : refundDone(refund);
  },
});

export const rejectAction = recordAction({
  resource: 'approval_requests',
  name: 'reject',
  icon: 'XCircle',
  danger: true,
  offered: isOthers,
  body,
  preview,
  async perform(services, row, { reason: why }, staff) {
    await rejectRequest(services, { requestId: textOf(row, 'id'), reason: why, staff });
    return { message: 'approvalRejected' };
  },
});

export const withdrawAction = recordAction({
  resource: 'approval_requests',
  name: 'withdraw',
  icon: 'CornerUpLeft',
  offered: ({ status, requestedBy }, { staffId }) => status === 'pending' && requestedBy === staffId,
  body,
  preview,
  async perform(services, row, { reason: why }, staff) {
    await withdrawRequest(services, { requestId: textOf(row, 'id'), reason: why, staff });
    return { message: 'approvalWithdrawn' };
  },
});

function isOthers({ status, requestedBy }: RowValues, { staffId }: Viewer): boolean {
  return status === 'pending' && requestedBy !== staffId;
}

/** What was asked for, by whom and why; what it would do now, and what it would have done when it was asked for. */
async function preview(services: Services, row: RowValues): Promise<Facts> {
  const shown = await previewApproval(services, textOf(row, 'id'));
  const { request } = shown;
  const { email } = await getUser(request.userId);
  const asker = await Staff.findByPk(request.requestedBy);
  const order = request.orderId == null ? null : await findOrder(request.orderId);
  const { amountMinor, currency, credits, parameters } = request;
  return {
    ...{ email, amountMinor, currency, credits, expiresAt: null, ...parameters },
    ...presentOf(shown, order?.orderNo ?? null),
    // The texts of the two differ.
    context: request.kind,
    before: JSON.stringify(request.shown),
    askedBy: asker?.name ?? null,
    askedAt: request.createdAt.toISOString(),
    askedWhy: request.reason,
  };
}

function presentOf(shown: ApprovalPreview, orderNo: string | null): Facts {
  // The second person is the one who looks.
  if (shown.kind === 'refund') return factsOf({ ...shown.now, needsApproval: false }, orderNo);
  if (shown.kind === 'adjustment') return { available: shown.now.available };
  return { orderNo, refusal: shown.refusal };
}
