import { UniqueConstraintError } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { AmountMismatch, Conflict, GatewayUnavailable, IdempotencyKeyReused, PaymentPending } from '../kit/errors.ts';
import { toDecimal } from '../kit/money.ts';
import {
  createOrder,
  findOrderByKey,
  heldPlanOrder,
  lockOrder,
  moveOrder,
  type NewOrder,
  type Order,
} from '../orders/orders.ts';
import {
  createPayment,
  currentPayment,
  findPayment,
  lockPayment,
  updatePayment,
  type Payment,
} from '../payments/payments.ts';
import { ProviderRejected, ProviderUnavailable } from '../payments/provider-errors.ts';
import {
  findOffer,
  findPack,
  findPlan,
  findPrice,
  type Plan,
  type PlanPrice,
  type PlanReference,
} from '../plans/catalog.ts';
import type { SubscriptionType } from '../plans/plan-terms.ts';
import { liveSubscription, type Subscription } from '../subscriptions/subscriptions.ts';
import { providerOf, type Services } from './services.ts';
import { tellWhereToPay } from './tell-where-to-pay.ts';

export type Purchase =
  { plan: PlanReference; subscriptionType: SubscriptionType; currency?: string } | { packCode: string };

export interface CheckoutRequest {
  userId: string;
  purchase: Purchase;
  provider: string;
  /** What the caller believes the price to be, in minor units; checked when given. */
  expectedMinor?: ((currency: string) => number) | undefined;
  locale: string;
  idempotency?: { key: string; fingerprint: string } | undefined;
}

export interface Checkout {
  order: Order;
  payment: Payment;
  /** The idempotency key was used before with the same request: this is the first order again. */
  replayed: boolean;
}

type Terms = Pick<
  NewOrder,
  'kind' | 'planId' | 'priceId' | 'packId' | 'subscriptionType' | 'snapshot' | 'amountMinor' | 'currency'
>;

/**
 * Begins a purchase: the order and its payment are committed first, then the gateway is asked under the payment's id,
 * so that a crash in between leaves an order that the same request takes up again.
 * @throws PlanUnavailable, AmountMismatch, Conflict, PaymentPending, IdempotencyKeyReused, GatewayUnavailable
 */
export async function startCheckout(services: Services, request: CheckoutRequest): Promise<Checkout> {
  providerMustExist(services, request.provider);
  const known = await replay(request);
  if (known !== null) return { ...(await openAtProvider(services, known, request.locale)), replayed: true };

  const terms = await priceOf(request);
  if (request.expectedMinor !== undefined && request.expectedMinor(terms.currency) !== terms.amountMinor) {
    throw new AmountMismatch(toDecimal(terms), terms.currency);
  }
  const created = await commitOrder(services, request, terms);
  if (created === null) return startCheckout(services, request);
  return { ...(await openAtProvider(services, created, request.locale)), replayed: false };
}

function providerMustExist({ providers }: Services, name: string): void {
  if (!providers.has(name)) throw new Conflict(`There is no payment service named ${name}.`);
}

async function replay({ userId, idempotency }: CheckoutRequest): Promise<{ order: Order; payment: Payment } | null> {
  if (idempotency === undefined) return null;
  const order = await findOrderByKey(userId, idempotency.key);
  if (order === null) return null;
  if (order.idempotencyFingerprint !== idempotency.fingerprint) throw new IdempotencyKeyReused();
  const payment = await currentPayment(order.id);
  return payment === null ? null : { order, payment };
}

/** What is being bought and what it costs this customer: a renewal costs what it cost, whatever the price is now. */
async function priceOf({ userId, purchase }: CheckoutRequest): Promise<Terms> {
  if ('packCode' in purchase) {
    const pack = await findPack(purchase.packCode);
    const { packCode, names, credits, validityDays, amountMinor, currency } = pack;
    const snapshot = { packCode, names, credits, validityDays };
    const none = { planId: null, priceId: null, subscriptionType: null };
    return { ...none, kind: 'credit_pack', packId: pack.id, snapshot, amountMinor, currency };
  }
  const held = await heldPlanOrder(userId);
  if (held !== null) {
    throw new PaymentPending(
      `The payment service still holds the money for order ${held.orderNo}. Wait for its answer.`,
    );
  }
  const live = await liveSubscription(userId);
  const { plan, price } = await offerFor(purchase, live);
  if (live !== null) refuseSecondPlan(live, plan.id, purchase.subscriptionType);
  const isRenewal = live !== null && live.priceId !== null;
  return {
    kind: isRenewal ? 'renewal' : 'subscription',
    planId: plan.id,
    priceId: price.id,
    packId: null,
    subscriptionType: purchase.subscriptionType,
    snapshot: {
      planCode: plan.planCode,
      names: plan.names,
      creditsMonthly: isRenewal ? live.creditsMonthly : plan.creditsMonthly,
      rollover: isRenewal ? live.rollover : plan.rollover,
      rolloverCap: isRenewal ? live.rolloverCap : plan.rolloverCap,
    },
    amountMinor: price.amountMinor,
    currency: price.currency,
  };
}

async function offerFor(
  { plan: reference, subscriptionType, currency }: Exclude<Purchase, { packCode: string }>,
  live: Subscription | null,
): Promise<{ plan: Plan; price: PlanPrice }> {
  const sold = live?.priceId == null ? null : await findPrice(live.priceId);
  const plan = sold === null ? null : await findPlan(sold.planId);
  const isSame =
    plan !== null && ('planId' in reference ? plan.id === reference.planId : plan.planCode === reference.planCode);
  if (sold !== null && isSame && sold.subscriptionType === subscriptionType) return { plan, price: sold };
  return findOffer(reference, subscriptionType, currency);
}

/** One live subscription a customer: the same plan at the same interval is a renewal, anything else has to wait. */
function refuseSecondPlan(live: Subscription, planId: string, type: SubscriptionType): void {
  if (live.priceId === null) return;
  if (live.subscriptionType === 'lifetime') {
    throw new Conflict('You have a lifetime plan: there is nothing to renew or to buy.');
  }
  if (live.planId !== planId || live.subscriptionType !== type) {
    const end = live.endDate?.toISOString().slice(0, 10) ?? '';
    throw new Conflict(`You have another plan until ${end}. You can change plans when it ends.`);
  }
}

async function commitOrder(
  services: Services,
  request: CheckoutRequest,
  terms: Terms,
): Promise<{ order: Order; payment: Payment } | null> {
  const { db, clock } = services;
  const { userId, provider, idempotency } = request;
  const { openForMs } = providerOf(services, provider);
  const now = clock.now();
  try {
    return await db.transaction(async (tx) => {
      const order = await createOrder(tx, {
        ...terms,
        userId,
        idempotencyKey: idempotency?.key ?? null,
        idempotencyFingerprint: idempotency?.fingerprint ?? null,
        openForMs,
        now,
      });
      const { amountMinor, currency } = terms;
      const payment = await createPayment(tx, { orderId: order.id, provider, amountMinor, currency, now });
      return { order, payment };
    });
  } catch (error) {
    // The same key came twice at once, and the other request was first.
    if (error instanceof UniqueConstraintError && idempotency !== undefined) return null;
    throw error;
  }
}

/**
 * Opens the order at the gateway, once; whoever asks again gets the same approval page. One at a time: of two calls under
 * one request id the gateway may refuse the second.
 */
async function openAtProvider(
  services: Services,
  { order, payment: found }: { order: Order; payment: Payment },
  locale: string,
): Promise<{ order: Order; payment: Payment }> {
  return services.db.exclusively(`open:${found.id}`, async () => {
    const payment = (await findPayment(found.id)) ?? found;
    if (payment.providerOrderId !== null || payment.status !== 'pending') return { order, payment };
    await open(services, order, payment, locale);
    return { order, payment: (await findPayment(payment.id)) ?? payment };
  });
}

async function open(services: Services, order: Order, payment: Payment, locale: string): Promise<void> {
  const provider = providerOf(services, payment.provider);
  const publicUrl = services.settings.publicUrl();
  const opened = await provider
    .createOrder({
      requestId: payment.id,
      reference: order.id,
      invoiceId: order.orderNo,
      amountMinor: payment.amountMinor,
      currency: payment.currency,
      description: describe(order),
      locale,
      returnUrl: `${publicUrl}/checkout/return`,
      cancelUrl: `${publicUrl}/checkout/cancel`,
    })
    .catch(async (error: unknown) => {
      if (error instanceof ProviderRejected) await closeRefused(services, payment, error.issue);
      if (error instanceof ProviderRejected || error instanceof ProviderUnavailable) {
        services.log.warn({ err: error, order: order.id }, 'the gateway did not open an order');
        throw new GatewayUnavailable(error);
      }
      throw error;
    });
  const { providerOrderId, approvalUrl, payee, transfer } = opened;
  const changes = { providerOrderId, approvalUrl, payee };
  await services.db.transaction(async (tx) => {
    await updatePayment(tx, await lockPayment(tx, payment.id), changes);
    if (transfer !== undefined) await tellWhereToPay(services, tx, order, transfer);
  });
}

function describe({ orderNo, snapshot }: Order): string {
  return `${snapshot.names.en} (${orderNo})`;
}

async function closeRefused({ db, clock }: Services, payment: Payment, issue: string): Promise<void> {
  await db.transaction(async (tx: Tx) => {
    const order = await lockOrder(tx, payment.orderId);
    if (order.status !== 'pending') return;
    await updatePayment(tx, await lockPayment(tx, payment.id), { status: 'failed', failureCode: issue });
    await moveOrder(tx, order, 'failed', { failureCode: issue, closedAt: clock.now() });
  });
}
