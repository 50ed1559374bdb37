import type { StaffActor } from '../accounts/staff.ts';
import { createApproval, type ApprovalRequest, type NewApproval } from '../approvals/approvals.ts';
import { recordAudit } from '../audit/audit.ts';
import { isAdjusted, readCredits } from '../credits/queries.ts';
import type { Tx } from '../db/index.ts';
import { InsufficientCredits, ValidationFailed } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { toDecimal } from '../kit/money.ts';
import { findOrder } from '../orders/orders.ts';
import type { Refund } from '../payments/refunds.ts';
import { bookAdjustment, lockAccount, needsSecond, refuseInvalid, type Adjustment } from './adjust-credits.ts';
import { notifyApprovers } from './notify-approvers.ts';
import { previewRefund, refundOrder, type RefundChoice } from './refund-order.ts';
import type { Services } from './services.ts';

/** What a request remembers of a refund beside its amount. */
export interface RefundParameters {
  endSubscription?: boolean | undefined;
  /** The incident that is closed when the money goes back. */
  incidentId?: string | undefined;
}

/** What a request remembers of an adjustment beside its amount. */
export interface AdjustmentParameters {
  /** ISO 8601; null: never. */
  expiresAt: string | null;
}

/**
 * Gives money back at once, or, above the limit of its currency, asks for a second person.
 * @throws as `refundOrder`, and Conflict when a refund of the order waits for its decision already
 */
export async function refundOrAsk(
  services: Services,
  request: RefundChoice & { orderId: string; incidentId?: string; reason: string; staff: StaffActor },
): Promise<{ refund: Refund } | { approval: ApprovalRequest }> {
  const { orderId, incidentId, reason, staff, endSubscription } = request;
  const { needsApproval, leftMinor, ...plan } = await previewRefund(services, orderId, request);
  const { amountMinor, currency } = plan;
  if (!needsApproval) {
    return { refund: await refundOrder(services, { orderId, amountMinor, endSubscription, reason, staff }) };
  }
  if (reason.trim() === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why the order is refunded.' }]);
  const order = await findOrder(orderId);
  if (order === null) throw new Error(`the order ${orderId} is gone`);
  const parameters: RefundParameters = { endSubscription, incidentId };
  const asked = { kind: 'refund' as const, userId: order.userId, orderId, amountMinor, currency, parameters };
  const approval = await services.db.transaction((tx) =>
    ask(services, tx, { ...asked, id: newId(), shown: { ...plan, leftMinor }, reason: reason.trim() }, staff),
  );
  return { approval };
}

/**
 * Gives or takes credits at once, or, above the limit, asks for a second person; once for each `requestId`.
 * @throws as `adjustCredits`
 */
export async function adjustOrAsk(
  services: Services,
  adjustment: Adjustment,
): Promise<{ available: number } | { approval: ApprovalRequest }> {
  const { userId, amount, expiresAt = null, requestId, staff } = adjustment;
  const now = services.clock.now();
  const reason = refuseInvalid(adjustment, now);
  return services.db.transaction(async (tx) => {
    await lockAccount(tx, userId, now);
    const isDone = await isAdjusted(tx, userId, `adjustment:${requestId}`);
    if (isDone || !(await needsSecond(services, tx, adjustment))) return bookAdjustment(services, tx, adjustment);
    const { available } = (await readCredits(tx, userId, now)).balance;
    if (available + amount < 0) throw new InsufficientCredits(available, -amount);
    const parameters: AdjustmentParameters = { expiresAt: expiresAt?.toISOString() ?? null };
    const asked = { kind: 'adjustment' as const, userId, credits: amount, parameters };
    return { approval: await ask(services, tx, { ...asked, id: requestId, shown: { available }, reason }, staff) };
  });
}

async function ask(
  services: Services,
  tx: Tx,
  asked: Omit<NewApproval, 'requestedBy' | 'expiresAt' | 'now'>,
  staff: StaffActor,
): Promise<ApprovalRequest> {
  const now = services.clock.now();
  const expiresAt = new Date(now.getTime() + services.settings.approvals.expiresAfterMs);
  const { request, isNew } = await createApproval(tx, { ...asked, requestedBy: staff.staffId, expiresAt, now });
  if (!isNew) return request;
  await recordAudit(tx, {
    staffId: staff.staffId,
    actor: staff.name,
    address: staff.address,
    action: 'approval.request',
    subjectType: 'approval',
    subjectId: request.id,
    reason: request.reason,
    after: { status: 'pending', ...substanceOf(request), parameters: request.parameters },
    now,
  });
  await notifyApprovers(services, tx, request, staff);
  return request;
}

/** What a request is about, as the audit log keeps it. */
export function substanceOf({ kind, userId, orderId, amountMinor, currency, credits }: ApprovalRequest): object {
  if (amountMinor == null || currency == null) return { kind, user: userId, credits };
  return { kind, order: orderId, amount: toDecimal({ amountMinor, currency }), currency };
}
