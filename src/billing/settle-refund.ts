import { getUser } from '../accounts/users.ts';
import { clawBack, creditsOfOrder } from '../credits/ledger.ts';
import { endQuota } from '../credits/quota.ts';
import type { Tx } from '../db/index.ts';
import { reportIncident, settleIncidents } from '../incidents/incidents.ts';
import { toDecimal } from '../kit/money.ts';
import { postMail } from '../mail/outbox.ts';
import { lockOrder, moveOrder, paidOrdersOf, type Order } from '../orders/orders.ts';
import type { ProviderRefund } from '../payments/provider.ts';
import { findRefund, lockRefund, refundsOf, updateRefund, type Refund } from '../payments/refunds.ts';
import { endSubscription, isLive, lockSubscription, setEndDate } from '../subscriptions/subscriptions.ts';
import { addressOf, itemOf, totalOf } from './mail-data.ts';
import { claimedCredits, planRefund } from './refund-policy.ts';
import { providerOf, type Services } from './services.ts';

/**
 * Books what the gateway says of a refund, whoever heard it first: our own call, the webhook, or a job. One transaction
 * for the refund, the order, the credits, the subscription and the mail; a refund that is settled stays as it is, but one
 * that was taken for failed and was made all the same is booked: the money is gone.
 */
export async function settleRefund(services: Services, refundId: string, answer: ProviderRefund): Promise<void> {
  if (answer.status === 'failed' || answer.status === 'cancelled') {
    await failRefund(services, refundId, answer.status.toUpperCase());
    return;
  }
  const now = services.clock.now();
  const isNew = await services.db.transaction(async (tx) => {
    const { order, refund } = await lockBoth(tx, refundId);
    const isOpen = refund.status === 'pending' || (refund.status === 'failed' && answer.status === 'completed');
    if (!isOpen) return false;
    const known = { providerRefundId: answer.refundId, checkedAt: now };
    if (answer.status === 'pending') {
      await updateRefund(tx, refund, known);
      return false;
    }
    await updateRefund(tx, refund, { ...known, status: 'completed', completedAt: now, failureCode: null });
    await complete(services, tx, order, refund, now);
    await settleIncidents(tx, {
      kinds: ['refund_failed', 'refund_unresolved'],
      subjectId: refundId,
      resolution: 'The gateway has made the refund.',
      now,
    });
    return true;
  });
  if (isNew) services.metrics.refunds.inc({ status: 'completed' });
}

/** The gateway will not give the money back: the order stands as it was. */
export async function failRefund(
  { db, clock, metrics, log }: Services,
  refundId: string,
  issue: string,
): Promise<void> {
  const failed = await db.transaction(async (tx) => {
    const { order, refund } = await lockBoth(tx, refundId);
    if (refund.status !== 'pending') return false;
    await updateRefund(tx, refund, { status: 'failed', failureCode: issue, checkedAt: clock.now() });
    await reportIncident(tx, {
      kind: 'refund_failed',
      subjectType: 'refund',
      subjectId: refundId,
      summary: `The gateway refused to refund ${toDecimal(refund)} ${refund.currency} of ${order.orderNo}: ${issue}.`,
      amount: { amountMinor: refund.amountMinor, currency: refund.currency },
      details: { order: order.id, issue },
      now: clock.now(),
    });
    return true;
  });
  if (!failed) return;
  metrics.refunds.inc({ status: 'failed' });
  log.warn({ refund: refundId, issue }, 'a refund was refused by the gateway');
}

/** Order first, then refund: the order in which every flow locks them. */
async function lockBoth(tx: Tx, refundId: string): Promise<{ order: Order; refund: Refund }> {
  const found = await findRefund(refundId, tx);
  if (found === null) throw new Error(`there is no refund ${refundId}`);
  const order = await lockOrder(tx, found.orderId);
  return { order, refund: await lockRefund(tx, refundId) };
}

async function complete(services: Services, tx: Tx, order: Order, refund: Refund, now: Date): Promise<void> {
  const { userId } = order;
  // The plan before the credits: the order in which every flow locks them.
  if (order.subscriptionId !== null) await lockSubscription(tx, order.subscriptionId);
  const credits = await creditsOfOrder(tx, userId, order.id, now);
  const claimed = claimedCredits(await refundsOf([order.id], tx));
  const plan = planRefund(order, refund.amountMinor, order.refundedMinor, credits, claimed);
  await clawBack(tx, {
    userId,
    orderId: order.id,
    amount: plan.creditsTakenBack,
    description: refund.reason,
    actor: refund.requestedBy === null ? 'system' : `staff:${refund.requestedBy}`,
    now,
  });
  const { creditsTakenBack, creditsUnrecovered } = plan;
  await updateRefund(tx, refund, { creditsClawedBack: creditsTakenBack, creditsUnrecovered });
  const refundedMinor = order.refundedMinor + refund.amountMinor;
  await moveOrder(tx, order, plan.isFull ? 'refunded' : 'partially_refunded', { refundedMinor });
  const subscriptionEnded = plan.isFull && (await takeBackPeriod(tx, order, now));
  const user = await getUser(userId, tx);
  await postMail(services.db, tx, {
    template: 'refund',
    data: {
      customerName: user.name,
      orderNo: order.orderNo,
      refundedAt: now.toISOString(),
      item: itemOf(order),
      total: totalOf(order),
      refunded: { amountMinor: refund.amountMinor, currency: refund.currency },
      creditsTakenBack,
      subscriptionEnded,
      providerName: providerOf(services, refund.provider).displayName,
    },
    to: addressOf(user),
    dedupeKey: `refund:${refund.id}`,
    now,
  });
}

/**
 * Takes back the time that a refunded order paid for. Without another paid period the subscription ends; a period that
 * was bought ahead is cut off again; one that others follow only loses its credits. → whether it has ended
 */
async function takeBackPeriod(tx: Tx, order: Order, now: Date): Promise<boolean> {
  if (order.subscriptionId === null) return false;
  const subscription = await lockSubscription(tx, order.subscriptionId);
  if (!isLive(subscription)) return false;
  const others = await paidOrdersOf(tx, subscription.id);
  const isPaidFor = others.some(({ periodEnd }) => periodEnd === null || periodEnd > now);
  if (!isPaidFor) {
    await endSubscription(tx, subscription, 'cancelled', now);
    await endQuota(tx, order.userId, subscription.id, now);
    return true;
  }
  const isLast = order.periodEnd?.getTime() === subscription.endDate?.getTime();
  if (isLast && order.periodStart !== null) await setEndDate(tx, subscription, order.periodStart);
  return false;
}
