import { Op, UniqueConstraintError } from 'sequelize';
import { validate as isUuid } from 'uuid';
import type { Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { assertMove, type ApprovalStatus } from '../states/moves.ts';
import { ApprovalRequest } from './approval-request.model.ts';

export type { ApprovalRequest } from './approval-request.model.ts';

/** Above what a second person decides. */
export interface ApprovalLimits {
  /**
   * By currency, in its major units as a decimal; amounts of different currencies are never compared, so a currency that
   * is not named needs a second person always. null: no refund ever does.
   */
  refundAbove: Readonly<Record<string, string>> | null;
  /** Credits; null: no adjustment ever does. */
  creditsAbove: number | null;
  /** How long a request waits for its decision. */
  expiresAfterMs: number;
}

export type NewApproval = Pick<
  ApprovalRequest,
  'id' | 'kind' | 'userId' | 'parameters' | 'shown' | 'reason' | 'requestedBy' | 'expiresAt'
> &
  Partial<Pick<ApprovalRequest, 'orderId' | 'amountMinor' | 'currency' | 'credits'>> & { now: Date };

/**
 * Puts a request before others, once for each id. → it, and whether it was made now
 * @throws Conflict when another refund of the order waits for its decision
 */
export async function createApproval(
  tx: Tx,
  { now, ...request }: NewApproval,
): Promise<{ request: ApprovalRequest; isNew: boolean }> {
  const known = await ApprovalRequest.findByPk(request.id, { transaction: tx });
  if (known !== null) return { request: known, isNew: false };
  try {
    return { request: await ApprovalRequest.create({ ...request, createdAt: now }, { transaction: tx }), isNew: true };
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) throw error;
    throw new Conflict('A refund of this order waits for a decision already. Decide that one first, or withdraw it.');
  }
}

export async function findApproval(id: string): Promise<ApprovalRequest | null> {
  return isUuid(id) ? ApprovalRequest.findByPk(id) : null;
}

/** @throws NotFound */
export async function lockApproval(tx: Tx, id: string): Promise<ApprovalRequest> {
  const request = isUuid(id) ? await ApprovalRequest.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE }) : null;
  if (request === null) throw new NotFound('There is no such request.');
  return request;
}

/** Ends a request, for ever. @throws Conflict when it was decided before */
export async function decideApproval(
  tx: Tx,
  request: ApprovalRequest,
  decided: Pick<ApprovalRequest, 'decidedBy' | 'decision'> & {
    status: Exclude<ApprovalStatus, 'pending'>;
    failure?: string;
    refundId?: string;
    now: Date;
  },
): Promise<void> {
  refuseDecided(request);
  const { now, ...changes } = decided;
  assertMove('approval', request.status, changes.status);
  await request.update({ ...changes, decidedAt: now }, { transaction: tx });
}

const ends: Readonly<Record<string, string>> = {
  approved: 'was approved',
  rejected: 'was rejected',
  expired: 'has expired; ask again if it is still wanted',
  withdrawn: 'was withdrawn',
  failed: 'could not be done',
};

/** @throws Conflict */
export function refuseDecided({ status }: ApprovalRequest): void {
  if (status !== 'pending') throw new Conflict(`This request ${ends[status] ?? 'is closed'}. It stands.`);
}

/** Pending ones about a customer. */
export async function pendingApprovalsOf(tx: Tx, userId: string): Promise<ApprovalRequest[]> {
  return ApprovalRequest.findAll({ where: { userId, status: 'pending' }, transaction: tx });
}

export async function countPendingApprovals(now: Date): Promise<number> {
  return ApprovalRequest.count({ where: { status: 'pending', expiresAt: { [Op.gt]: now } } });
}

/** A batch that nobody decided in time, locked; other processes skip these rows. */
export async function lockExpiredApprovals(
  tx: Tx,
  { now, limit, except }: { now: Date; limit: number; except: readonly string[] },
): Promise<ApprovalRequest[]> {
  return ApprovalRequest.findAll({
    where: { id: { [Op.notIn]: except }, status: 'pending', expiresAt: { [Op.lte]: now } },
    order: [['expiresAt', 'ASC']],
    limit,
    transaction: tx,
    lock: tx.LOCK.UPDATE,
    skipLocked: true,
  });
}
