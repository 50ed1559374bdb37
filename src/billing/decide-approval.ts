import type { StaffActor } from '../accounts/staff.ts';
import {
  decideApproval,
  findApproval,
  lockApproval,
  refuseDecided,
  type ApprovalRequest,
} from '../approvals/approvals.ts';
import { recordAudit } from '../audit/audit.ts';
import { readCredits } from '../credits/queries.ts';
import type { Tx } from '../db/index.ts';
import { AppError, Conflict, NotFound, ValidationFailed } from '../kit/errors.ts';
import type { Refund } from '../payments/refunds.ts';
import type { ApprovalStatus } from '../states/moves.ts';
import { bookAdjustment } from './adjust-credits.ts';
import { substanceOf, type AdjustmentParameters, type RefundParameters } from './ask-approval.ts';
import { previewRefund, promiseRefund, requestRefund } from './refund-order.ts';
import type { RefundPlan } from './refund-policy.ts';
import { resolveIncident } from './resolve-incident.ts';
import type { Services } from './services.ts';

/** A decision of another person, under which a deed is done. */
export interface Approval {
  id: string;
  /** The id of who asked for it. */
  requestedBy: string;
}

interface Decision {
  requestId: string;
  reason: string;
  staff: StaffActor;
}

/**
 * Another person says yes, and it is done: the decision and the deed, of a refund its promise, are one transaction, so
 * that it is done once and never half. The gateway is asked after it; a crash before that leaves a promise that
 * `follow-up-refunds` takes up. What cannot be done any more is `failed`, with the reason.
 * @throws ValidationFailed without a reason, NotFound, Conflict for the one who asked, too late, or decided before
 */
export async function approveRequest(
  services: Services,
  decision: Decision,
): Promise<{ request: ApprovalRequest; refund: Refund | null }> {
  const { db, clock } = services;
  const reason = checked(decision.reason);
  const { staff } = decision;
  const { request, promised } = await db.transaction(async (tx) => {
    const locked = await lockPending(services, tx, decision);
    if (locked.requestedBy === staff.staffId) {
      throw new Conflict('You asked for this yourself. Somebody else has to decide it; you can withdraw it.');
    }
    const { refund, failure } = await attempt(services, tx, locked, staff);
    await decideApproval(tx, locked, {
      ...(failure === null ? { status: 'approved' } : { status: 'failed', failure }),
      ...(refund !== null && { refundId: refund.id }),
      decidedBy: staff.staffId,
      decision: reason,
      now: clock.now(),
    });
    await auditDecision(services, tx, locked, { action: 'approval.approve', reason, staff });
    return { request: locked, promised: refund };
  });
  if (promised === null) return { request, refund: null };
  const refund = await requestRefund(services, promised);
  await closeIncident(services, request, refund, staff);
  return { request, refund };
}

/** Another person says no. @throws as `approveRequest` */
export async function rejectRequest(services: Services, decision: Decision): Promise<ApprovalRequest> {
  return end(services, decision, 'rejected');
}

/** Whoever asked takes it back. @throws ValidationFailed without a reason, NotFound, Conflict for anybody else */
export async function withdrawRequest(services: Services, decision: Decision): Promise<ApprovalRequest> {
  return end(services, decision, 'withdrawn');
}

async function end(services: Services, decision: Decision, status: 'rejected' | 'withdrawn'): Promise<ApprovalRequest> {
  const { staff } = decision;
  const reason = checked(decision.reason);
  return services.db.transaction(async (tx) => {
    const request = await lockPending(services, tx, decision);
    const isOwn = request.requestedBy === staff.staffId;
    if (isOwn && status === 'rejected') throw new Conflict('You asked for this yourself: withdraw it instead.');
    if (!isOwn && status === 'withdrawn') throw new Conflict('Somebody else asked for this: reject it instead.');
    await decideApproval(tx, request, {
      status,
      decidedBy: staff.staffId,
      decision: reason,
      now: services.clock.now(),
    });
    const action = status === 'rejected' ? 'approval.reject' : 'approval.withdraw';
    await auditDecision(services, tx, request, { action, reason, staff });
    return request;
  });
}

/** What approving it would do now; `refusal`: why it cannot be done any more. */
export type ApprovalPreview = { request: ApprovalRequest } & (
  | { kind: 'refund'; now: RefundPlan & { leftMinor: number } }
  | { kind: 'adjustment'; now: { available: number } }
  | { kind: 'refusal'; refusal: string }
);

/** @throws NotFound, Conflict when it was decided before */
export async function previewApproval(services: Services, requestId: string): Promise<ApprovalPreview> {
  const request = await findApproval(requestId);
  if (request === null) throw new NotFound('There is no such request.');
  refuseDecided(request);
  const { userId, orderId, amountMinor } = request;
  if (orderId == null || amountMinor == null) {
    const { balance } = await services.db.transaction((tx) => readCredits(tx, userId, services.clock.now()));
    return { request, kind: 'adjustment', now: { available: balance.available } };
  }
  try {
    const { endSubscription } = request.parameters as RefundParameters;
    const now = await previewRefund(services, orderId, { amountMinor, endSubscription });
    return { request, kind: 'refund', now };
  } catch (error) {
    return { request, kind: 'refusal', refusal: refusalOf(error) };
  }
}

/** Does it in a savepoint: what is refused leaves nothing but the reason. */
async function attempt(
  services: Services,
  tx: Tx,
  request: ApprovalRequest,
  staff: StaffActor,
): Promise<{ refund: Refund | null; failure: string | null }> {
  try {
    const refund = await services.db.transaction((savepoint) => carryOut(services, savepoint, request, staff), tx);
    return { refund, failure: null };
  } catch (error) {
    return { refund: null, failure: refusalOf(error) };
  }
}

async function carryOut(
  services: Services,
  tx: Tx,
  request: ApprovalRequest,
  staff: StaffActor,
): Promise<Refund | null> {
  const { id, userId, orderId, amountMinor, credits, reason, requestedBy } = request;
  const approval = { id, requestedBy };
  if (orderId != null && amountMinor != null) {
    const { endSubscription } = request.parameters as RefundParameters;
    return promiseRefund(services, tx, { orderId, amountMinor, endSubscription, reason, staff, approval });
  }
  const { expiresAt } = request.parameters as AdjustmentParameters;
  const adjustment = { userId, amount: credits ?? 0, reason, requestId: id, staff };
  const until = expiresAt === null ? null : new Date(expiresAt);
  await bookAdjustment(services, tx, { ...adjustment, expiresAt: until }, approval);
  return null;
}

/** Why the books refuse it, in words. @throws what is no refusal but a bug, or will pass */
function refusalOf(error: unknown): string {
  if (!(error instanceof AppError) || error.status >= 500) throw error;
  return error.errors?.map(({ message }) => message).join(' ') ?? error.message;
}

/** @throws NotFound, Conflict when it was decided before, or nobody did in time */
async function lockPending(
  { clock }: Services,
  tx: Tx,
  { requestId }: Pick<Decision, 'requestId'>,
): Promise<ApprovalRequest> {
  const request = await lockApproval(tx, requestId);
  refuseDecided(request);
  if (request.expiresAt <= clock.now())
    throw new Conflict('This request has expired; ask again if it is still wanted.');
  return request;
}

function checked(given: string): string {
  const reason = given.trim();
  if (reason === '') throw new ValidationFailed([{ path: 'reason', message: 'Say why.' }]);
  return reason;
}

async function auditDecision(
  { clock }: Services,
  tx: Tx,
  request: ApprovalRequest,
  { action, reason, staff }: { action: string; reason: string; staff: StaffActor },
): Promise<void> {
  const { id, status, requestedBy, failure } = request;
  await recordAudit(tx, {
    staffId: staff.staffId,
    actor: staff.name,
    address: staff.address,
    action,
    subjectType: 'approval',
    subjectId: id,
    reason,
    before: { status: 'pending' satisfies ApprovalStatus, requestedBy, ...substanceOf(request) },
    after: { status, ...(failure != null && { failure }) },
    now: clock.now(),
  });
}

/** The incident that offered the refund; somebody else may have closed it meanwhile. */
async function closeIncident(
  services: Services,
  { parameters, reason }: ApprovalRequest,
  refund: Refund,
  staff: StaffActor,
): Promise<void> {
  const { incidentId } = parameters as RefundParameters;
  if (incidentId === undefined || refund.status === 'failed') return;
  await resolveIncident(services, { incidentId, reason, staff }).catch((error: unknown) => {
    if (!(error instanceof Conflict)) throw error;
  });
}
