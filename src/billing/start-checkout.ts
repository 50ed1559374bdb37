import { lockUser } from '../accounts/users.ts';
import type { Tx } from '../db/index.ts';
import { AmountMismatch, Conflict, GatewayUnavailable, IdempotencyKeyReused, PlanUnavailable } from '../kit/errors.ts';
import { toDecimal } from '../kit/money.ts';
import { findOrderRequest, keepOrderRequest } from '../orders/order-requests.ts';
import { createOrder, findOrder, lockOrder, moveOrder, type NewOrder, type Order } from '../orders/orders.ts';
import {
  createPayment,
  currentPayment,
  findPayment,
  lockPayment,
  updatePayment,
  type Payment,
} from '../payments/payments.ts';
import { ProviderRejected, ProviderUnavailable } from '../payments/provider-errors.ts';
import { findReusable } from './duplicate-payments.ts';
import { expireOrder } from './expire-orders.ts';
import { priceOf, type Purchase, type Terms } from './price-purchase.ts';
import { providerOf, type Services } from './services.ts';
import { tellWhereToPay } from './tell-where-to-pay.ts';

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

/**
 * Begins a purchase: the order and its payment are committed first, then the gateway is asked under the payment's id,
 * so that a crash in between leaves an order that the same request takes up again. A customer who begins the same once
 * more, under another key or none, is given the order that is open.
 * @throws PlanUnavailable, AmountMismatch, Conflict, PaymentPending, IdempotencyKeyReused, GatewayUnavailable
 */
export async function startCheckout(services: Services, request: CheckoutRequest): Promise<Checkout> {
  providerMustExist(services, request.provider);
  const known = await replay(request);
  if (known !== null) return openAtProvider(services, known, request.locale);

  const terms = await priceOf(request, services.clock.now());
  if (request.expectedMinor !== undefined && request.expectedMinor(terms.currency) !== terms.amountMinor) {
    throw new AmountMismatch(toDecimal(terms), terms.currency);
  }
  const refusal = providerOf(services, request.provider).refusesAmount(terms);
  if (refusal !== null) {
    throw new PlanUnavailable(`${refusal} No money moved. Choose another currency, or write to us.`);
  }
  return openAtProvider(services, await commitOrder(services, request, terms), request.locale);
}

function providerMustExist({ providers }: Services, name: string): void {
  if (!providers.has(name)) throw new Conflict(`There is no payment service named ${name}.`);
}

/** @throws IdempotencyKeyReused */
async function replay({ userId, idempotency }: CheckoutRequest, tx?: Tx): Promise<Checkout | null> {
  if (idempotency === undefined) return null;
  const known = await findOrderRequest(userId, idempotency.key, tx);
  if (known === null) return null;
  if (known.fingerprint !== idempotency.fingerprint) throw new IdempotencyKeyReused();
  const [order, payment] = [await findOrder(known.orderId, tx), await currentPayment(known.orderId, tx)];
  return order === null || payment === null ? null : { order, payment, replayed: true };
}

/** One at a time per customer: of two requests at once the second finds the order of the first. */
async function commitOrder(services: Services, request: CheckoutRequest, terms: Terms): Promise<Checkout> {
  const { db, clock } = services;
  const { userId, provider, idempotency } = request;
  const { openForMs } = providerOf(services, provider);
  const now = clock.now();
  return db.transaction(async (tx) => {
    await lockUser(tx, userId);
    const known = await replay(request, tx);
    if (known !== null) return known;
    const wanted = { ...terms, userId, openForMs };
    const { order, payment } =
      (await findReusable(tx, { ...wanted, provider }, now)) ?? (await create(tx, wanted, provider, now));
    if (idempotency !== undefined) {
      const { key: idempotencyKey, fingerprint } = idempotency;
      await keepOrderRequest(tx, { userId, idempotencyKey, fingerprint, orderId: order.id, now });
    }
    return { order, payment, replayed: false };
  });
}

async function create(
  tx: Tx,
  wanted: Omit<NewOrder, 'now'>,
  provider: string,
  now: Date,
): Promise<{ order: Order; payment: Payment }> {
  const order = await createOrder(tx, { ...wanted, now });
  const { amountMinor, currency } = wanted;
  return { order, payment: await createPayment(tx, { orderId: order.id, provider, amountMinor, currency, now }) };
}

/**
 * Opens the order at the gateway, once; whoever asks again gets the same approval page. One at a time: of two calls under
 * one request id the gateway may refuse the second.
 */
async function openAtProvider(services: Services, checkout: Checkout, locale: string): Promise<Checkout> {
  const { order } = checkout;
  return services.db.exclusively(`open:${checkout.payment.id}`, async () => {
    const payment = (await findPayment(checkout.payment.id)) ?? checkout.payment;
    if (payment.providerOrderId !== null || payment.status !== 'pending') return { ...checkout, payment };
    const age = services.clock.now().getTime() - payment.createdAt.getTime();
    if (age >= providerOf(services, payment.provider).remembersRequestsMs.order) {
      // The answer was lost, and the same request could open a second order now. Nobody has seen the first.
      await expireOrder(services, order.id);
    } else {
      await open(services, order, payment, locale);
    }
    const [now, paid] = [await findOrder(order.id), await findPayment(payment.id)];
    return { ...checkout, order: now ?? order, payment: paid ?? payment };
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
