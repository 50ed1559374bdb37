import type { StaffActor } from '../accounts/staff.ts';
import type { ApprovalRequest } from '../approvals/approvals.ts';
import type { Tx } from '../db/index.ts';
import { postMail } from '../mail/outbox.ts';
import { findOrder } from '../orders/orders.ts';
import { approversFor } from './approval-limits.ts';
import type { Services } from './services.ts';

/** Writes to everybody who may decide it, each in their language. The customer is not named: mail travels far. */
export async function notifyApprovers(
  { db, clock }: Services,
  tx: Tx,
  request: ApprovalRequest,
  { staffId, name: requestedBy }: StaffActor,
): Promise<void> {
  const { id: requestId, orderId, amountMinor, currency, credits, reason, expiresAt } = request;
  const order = orderId == null ? null : await findOrder(orderId, tx);
  const what =
    order !== null && amountMinor != null && currency != null
      ? { kind: 'refund' as const, orderNo: order.orderNo, amount: { amountMinor, currency } }
      : { kind: 'adjustment' as const, credits: credits ?? 0 };
  for (const { id, name, email, locale } of await approversFor(tx, staffId)) {
    await postMail(db, tx, {
      template: 'approval_requested',
      data: { customerName: name, requestId, requestedBy, reason, expiresAt: expiresAt.toISOString(), what },
      to: { userId: null, address: email, locale },
      dedupeKey: `approval:${requestId}:${id}`,
      now: clock.now(),
    });
  }
}
