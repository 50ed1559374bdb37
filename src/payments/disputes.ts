import { Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { newId } from '../kit/ids.ts';
import { assertMove, type DisputeStatus } from '../states/moves.ts';
import { Dispute } from './dispute.model.ts';
import type { ProviderDispute } from './provider.ts';

export type { Dispute } from './dispute.model.ts';

/** A row for what the gateway tells of; it begins open, whatever has become of it. */
export async function createDispute(
  tx: Tx,
  of: { orderId: string; paymentId: string; provider: string },
  { disputeId, ...told }: ProviderDispute,
): Promise<Dispute> {
  const { amountMinor, currency, openedAt } = told;
  return Dispute.create(
    { ...of, ...facts(told), id: newId(), providerDisputeId: disputeId, amountMinor, currency, openedAt },
    { transaction: tx },
  );
}

/** Takes over what the gateway tells and moves the dispute on. @throws IllegalMove */
export async function moveDispute(
  tx: Tx,
  dispute: Dispute,
  status: DisputeStatus,
  told: Omit<ProviderDispute, 'disputeId'>,
  now: Date,
): Promise<void> {
  if (status !== dispute.status) assertMove('dispute', dispute.status, status);
  const closedAt = isSettled(status) ? now : null;
  await dispute.update({ ...facts(told), status, checkedAt: now, closedAt }, { transaction: tx });
}

function facts({ refundedMinor, reason, outcome, updatedAt, respondBy }: Omit<ProviderDispute, 'disputeId'>) {
  return { refundedMinor, reason, outcome, updatedAt, respondBy };
}

/** Whether nothing is open any more: decided, and the money that left is booked. */
export function isSettled(status: DisputeStatus): boolean {
  return status === 'won' || status === 'lost';
}

export async function findProviderDispute(
  provider: string,
  providerDisputeId: string,
  tx?: Tx,
): Promise<Dispute | null> {
  return Dispute.findOne({ where: { provider, providerDisputeId }, transaction: tx ?? null });
}

/** Oldest first. */
export async function disputesOf(orderId: string, tx?: Tx): Promise<Dispute[]> {
  return Dispute.findAll({
    where: { orderId },
    order: [
      ['openedAt', 'ASC'],
      ['id', 'ASC'],
    ],
    transaction: tx ?? null,
  });
}

/** Before it is asked about: one that fails stands behind the others next time. */
export async function markChecked(dispute: Dispute, now: Date): Promise<void> {
  await dispute.update({ checkedAt: now });
}

/** Disputes whose end we do not know, least recently asked about first, a bounded batch. */
export async function unsettledDisputes(limit: number): Promise<Dispute[]> {
  return Dispute.findAll({
    where: { closedAt: null },
    order: [
      ['checkedAt', 'ASC NULLS FIRST'],
      ['id', 'ASC'],
    ],
    limit,
  });
}

export async function countOpenDisputes(tx: Tx, orderIds: readonly string[]): Promise<number> {
  return Dispute.count({ where: { orderId: { [Op.in]: orderIds }, closedAt: null }, transaction: tx });
}
