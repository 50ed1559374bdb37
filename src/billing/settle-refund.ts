import { getUser } from '../accounts/users.ts';
import { clawBack } from '../credits/ledger.ts';
import type { Tx } from '../db/index.ts';
import { reportIncident, settleIncidents } from '../incidents/incidents.ts';
import { toDecimal } from '../kit/money.ts';
import { postMail } from '../mail/outbox.ts';
import { returnCodeOf } from '../orders/order-states.ts';
import { countTowards, lockOrder, moveOrder, type Order } from '../orders/orders.ts';
import { askedNow } from '../payments/follow-up-due.ts';
import type { ProviderRefund } from '../payments/provider.ts';
import { findRefund, lockRefund, updateRefund, type Refund } from '../payments/refunds.ts';
import { lockSubscription } from '../subscriptions/subscriptions.ts';
import { freezeIfDisputed, thaw } from './freeze-order.ts';
import { addressOf, itemOf, totalOf } from './mail-data.ts';
import { readRefundPlan, takeBackTime } from './refund-plan.ts';
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
    const known = { providerRefundId: answer.refundId, ...askedNow(refund.createdAt, now) };
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
    const resolution = 'The gateway has not made the refund.';
    await settleIncidents(tx, { kinds: ['refund_unresolved'], subjectId: refundId, resolution, now: clock.now() });
    await reportIncident(tx, {
      kind: 'refund_failed',
      subjectType: 'refund',
      subjectId: refundId,
      summary: `The gateway did not refund ${toDecimal(refund)} ${refund.currency} of ${order.orderNo}: ${issue}.`,
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
  const isWhole = order.refundedMinor + refund.amountMinor === order.amountMinor;
  // What earlier orders had counted towards it is theirs again.
  if (isWhole) await countTowards(tx, order, -1);
  // The plan before the credits: the order in which every flow locks them.
  if (order.subscriptionId !== null) await lockSubscription(tx, order.subscriptionId);
  // What a dispute has set apart is taken back first; what is then left of it is set apart again below.
  await thaw(tx, order, now);
  const plan = await readRefundPlan(tx, order, refund, now);
  await clawBack(tx, {
    userId,
    orderId: order.id,
    amount: plan.creditsTakenBack,
    description: refund.reason,
    actor: refund.requestedBy === null ? 'system' : `staff:${refund.requestedBy}`,
    now,
  });
  const { creditsTakenBack, creditsUnrecovered } = plan;
  const endsSubscription = order.subscriptionId === null ? null : (refund.endsSubscription ?? plan.isFull);
  await updateRefund(tx, refund, { creditsClawedBack: creditsTakenBack, creditsUnrecovered, endsSubscription });
  const refundedMinor = order.refundedMinor + refund.amountMinor;
  await moveOrder(tx, order, plan.isFull ? 'refunded' : 'partially_refunded', { refundedMinor });
  await takeBackTime(tx, order, plan, now);
  await freezeIfDisputed(services, tx, order.id, now);
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
      subscriptionEnded: plan.subscription === 'ends',
      why: returnCodeOf(order),
      provider: refund.provider,
      providerName: providerOf(services, refund.provider).displayName(user.locale),
    },
    to: addressOf(user),
    dedupeKey: `refund:${refund.id}`,
    now,
  });
}
