import { Op, type WhereOptions } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { newId } from '../kit/ids.ts';
import { assertMove } from '../states/moves.ts';
import { dueForFollowUp, isLastFollowUp } from './follow-up-due.ts';
import { Payment } from './payment.model.ts';

export type { Payment } from './payment.model.ts';

export async function createPayment(
  tx: Tx,
  { now, ...payment }: { orderId: string; provider: string; amountMinor: number; currency: string; now: Date },
): Promise<Payment> {
  return Payment.create({ ...payment, id: newId(), createdAt: now }, { transaction: tx });
}

export async function findPayment(id: string): Promise<Payment | null> {
  return Payment.findByPk(id);
}

export async function findPaymentByProviderOrder(provider: string, providerOrderId: string): Promise<Payment | null> {
  return Payment.findOne({ where: { provider, providerOrderId } });
}

export async function findPaymentByCapture(provider: string, providerCaptureId: string): Promise<Payment | null> {
  return Payment.findOne({ where: { provider, providerCaptureId } });
}

export async function findPaymentsByCaptures(provider: string, captureIds: readonly string[]): Promise<Payment[]> {
  return captureIds.length === 0
    ? []
    : Payment.findAll({ where: { provider, providerCaptureId: { [Op.in]: captureIds } } });
}

/** Newest first. */
export async function paymentsOf(orderIds: readonly string[], tx?: Tx): Promise<Payment[]> {
  return Payment.findAll({
    where: { orderId: { [Op.in]: orderIds } },
    order: [['id', 'DESC']],
    transaction: tx ?? null,
  });
}

/** The attempt that stands for the order: the one that was paid, else the newest. */
export async function currentPayment(orderId: string, tx?: Tx): Promise<Payment | null> {
  const attempts = await paymentsOf([orderId], tx);
  return attempts.find((payment) => payment.status === 'completed') ?? attempts[0] ?? null;
}

export async function lockPayment(tx: Tx, id: string): Promise<Payment> {
  return Payment.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE, rejectOnEmpty: true });
}

export type PaymentChanges = Partial<
  Pick<
    Payment,
    | 'status'
    | 'providerOrderId'
    | 'providerCaptureId'
    | 'approvalUrl'
    | 'payee'
    | 'payerSealed'
    | 'payerIndex'
    | 'pendingReason'
    | 'failureCode'
    | 'checkedAt'
    | 'waitingSince'
    | 'completedAt'
    | 'comparedAt'
  >
>;

export async function updatePayment(tx: Tx | null, payment: Payment, changes: PaymentChanges): Promise<void> {
  const { status = payment.status } = changes;
  if (status !== payment.status) assertMove('payment', payment.status, status);
  await payment.update(changes, { transaction: tx });
}

/**
 * Attempts whose end we do not know, least recently asked about first, a bounded batch. One that the gateway never heard
 * of is none of them: there is nothing to ask.
 */
export async function openPayments(now: Date, limit: number): Promise<Payment[]> {
  return Payment.findAll({
    where: {
      status: { [Op.in]: ['pending', 'processing'] },
      providerOrderId: { [Op.ne]: null },
      [Op.and]: dueForFollowUp(now, 'coalesce(waiting_since, created_at)'),
    },
    order: [
      ['checkedAt', 'ASC NULLS FIRST'],
      ['id', 'ASC'],
    ],
    limit,
  });
}

/** Whether the schedule of asking about it is through. */
export function isPastFollowUp({ waitingSince, createdAt }: Payment, now: Date): boolean {
  return isLastFollowUp(waitingSince ?? createdAt, now);
}

export interface Comparison {
  /** Attempts that began since, and these whenever they did. */
  since: Date;
  also: readonly string[];
  /** When the run began: what it has compared is not compared again. */
  startedAt: Date;
}

/** Attempts to compare with the gateway, least recently compared first: what one run left out, the next begins with. */
export async function paymentsToCompare(comparison: Comparison, limit: number): Promise<Payment[]> {
  return Payment.findAll({
    where: toCompare(comparison),
    order: [
      ['comparedAt', 'ASC NULLS FIRST'],
      ['id', 'ASC'],
    ],
    limit,
  });
}

export async function countPaymentsToCompare(comparison: Comparison): Promise<number> {
  return Payment.count({ where: toCompare(comparison) });
}

function toCompare({ since, also, startedAt }: Comparison): WhereOptions {
  return {
    providerOrderId: { [Op.ne]: null },
    [Op.and]: [
      { [Op.or]: [{ createdAt: { [Op.between]: [since, startedAt] } }, { id: { [Op.in]: also } }] },
      { [Op.or]: [{ comparedAt: null }, { comparedAt: { [Op.lt]: startedAt } }] },
    ],
  };
}

/** Forgets who paid. → how many payments knew it */
export async function erasePayersOf(tx: Tx, orderIds: readonly string[]): Promise<number> {
  const where = { orderId: { [Op.in]: orderIds }, payerSealed: { [Op.ne]: null } };
  const [erased] = await Payment.update({ payerSealed: null, payerIndex: null }, { where, transaction: tx });
  return erased;
}
