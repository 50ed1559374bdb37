import { Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { newId } from '../kit/ids.ts';
import { assertMove } from '../states/moves.ts';
import { dueForFollowUp } from './follow-up-due.ts';
import type { ProviderRefund } from './provider.ts';
import { Refund } from './refund.model.ts';

export type { Refund } from './refund.model.ts';

export interface NewRefund {
  orderId: string;
  paymentId: string;
  provider: string;
  providerRefundId?: string | null;
  amountMinor: number;
  currency: string;
  reason: string;
  requestedBy: string | null;
  /** Who else decided it, where that takes two. */
  approvedBy?: string | null;
  /** null: what is usual for the amount. */
  endsSubscription?: boolean | null;
  now: Date;
}

export async function createRefund(tx: Tx, { now, ...refund }: NewRefund): Promise<Refund> {
  return Refund.create({ ...refund, id: newId(), createdAt: now }, { transaction: tx });
}

export async function lockRefund(tx: Tx, id: string): Promise<Refund> {
  return Refund.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE, rejectOnEmpty: true });
}

export async function findRefund(id: string, tx?: Tx): Promise<Refund | null> {
  return Refund.findByPk(id, { transaction: tx ?? null });
}

export async function findProviderRefund(provider: string, providerRefundId: string, tx?: Tx): Promise<Refund | null> {
  return Refund.findOne({ where: { provider, providerRefundId }, transaction: tx ?? null });
}

export async function findProviderRefunds(provider: string, providerRefundIds: readonly string[]): Promise<Refund[]> {
  return providerRefundIds.length === 0
    ? []
    : Refund.findAll({ where: { provider, providerRefundId: { [Op.in]: providerRefundIds } } });
}

/** Promised, and the gateway's answer, with its id, is still missing. */
export async function unansweredRefundsOf(paymentIds: readonly string[]): Promise<Refund[]> {
  return paymentIds.length === 0
    ? []
    : Refund.findAll({ where: { paymentId: { [Op.in]: paymentIds }, status: 'pending', providerRefundId: null } });
}

export async function refundsOf(orderIds: readonly string[], tx?: Tx): Promise<Refund[]> {
  return Refund.findAll({
    where: { orderId: { [Op.in]: orderIds } },
    order: [['id', 'DESC']],
    transaction: tx ?? null,
  });
}

/**
 * Which of ours the gateway's refund is: by its id, else by our id that it carries. One that carries nothing is taken for
 * an unanswered one of the same amount.
 */
export function matchRefund(ours: readonly Refund[], theirs: ProviderRefund): Refund | undefined {
  const { refundId, reference, amountMinor } = theirs;
  const known = ours.find(({ providerRefundId }) => providerRefundId === refundId);
  if (known !== undefined) return known;
  const unnamed = ours.filter(({ providerRefundId }) => providerRefundId === null);
  if (reference !== null) return unnamed.find(({ id }) => id === reference);
  return unnamed.find((refund) => refund.status === 'pending' && refund.amountMinor === amountMinor);
}

/** Minor units promised to the customer and not yet confirmed by the gateway. */
export function pendingMinor(refunds: readonly Refund[]): number {
  return refunds.filter((refund) => refund.status === 'pending').reduce((sum, refund) => sum + refund.amountMinor, 0);
}

export async function updateRefund(
  tx: Tx | null,
  refund: Refund,
  changes: Partial<
    Pick<
      Refund,
      | 'status'
      | 'providerRefundId'
      | 'creditsClawedBack'
      | 'creditsUnrecovered'
      | 'endsSubscription'
      | 'failureCode'
      | 'checkedAt'
      | 'completedAt'
    >
  >,
): Promise<void> {
  const { status = refund.status } = changes;
  if (status !== refund.status) assertMove('refund', refund.status, status);
  await refund.update(changes, { transaction: tx });
}

/** Refunds whose end we do not know, least recently asked about first, a bounded batch. */
export async function openRefunds(now: Date, limit: number): Promise<Refund[]> {
  return Refund.findAll({
    where: { status: 'pending', [Op.and]: dueForFollowUp(now, 'created_at') },
    order: [
      ['checkedAt', 'ASC NULLS FIRST'],
      ['id', 'ASC'],
    ],
    limit,
  });
}
