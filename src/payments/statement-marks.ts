import { Op } from 'sequelize';
import type { Period } from './provider.ts';
import { Payment } from './payment.model.ts';
import { Refund } from './refund.model.ts';

/** Notes what the gateway's statement has named. The first time counts. */
export async function markStated(
  { paymentIds, refundIds }: { paymentIds: readonly string[]; refundIds: readonly string[] },
  now: Date,
): Promise<void> {
  const unmarked = (ids: readonly string[]) => ({ where: { id: { [Op.in]: ids }, statedAt: null } });
  if (paymentIds.length > 0) await Payment.update({ statedAt: now }, unmarked(paymentIds));
  if (refundIds.length > 0) await Refund.update({ statedAt: now }, unmarked(refundIds));
}

/** Rows behind this id, in the order of their ids. */
interface Place {
  after: string;
  limit: number;
}

/** Completed within the period, begun within it too, and no statement has named them yet. */
export async function paymentsNotStated(provider: string, period: Period, place: Place): Promise<Payment[]> {
  return Payment.findAll(unstated(provider, period, place));
}

export async function refundsNotStated(provider: string, period: Period, place: Place): Promise<Refund[]> {
  return Refund.findAll(unstated(provider, period, place));
}

function unstated(provider: string, { from, to }: Period, { after, limit }: Place) {
  return {
    where: {
      provider,
      status: 'completed' as const,
      statedAt: null,
      id: { [Op.gt]: after },
      createdAt: { [Op.gte]: from },
      completedAt: { [Op.lte]: to },
    },
    order: [['id', 'ASC'] as [string, string]],
    limit,
  };
}

/** → of these ids, those whose row is no completed one any more that the statement has yet to name */
export async function noLongerMissing(of: 'payment' | 'refund', ids: readonly string[]): Promise<string[]> {
  const missing = { where: { id: { [Op.in]: ids }, status: 'completed' as const, statedAt: null } };
  const rows = of === 'payment' ? await Payment.findAll(missing) : await Refund.findAll(missing);
  const still = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !still.has(id));
}
