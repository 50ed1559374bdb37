import { UniqueConstraintError } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { AmountMismatch, Conflict, GatewayUnavailable, IdempotencyKeyReused } from '../kit/errors.ts';
import { toDecimal } from '../kit/money.ts';
import { createOrder, findOrderByKey, lockOrder, moveOrder, type Order } from '../orders/orders.ts';
import {
  createPayment,
  currentPayment,
  findPayment,
  lockPayment,
  updatePayment,
  type Payment,
} from '../payments/payments.ts';
import { ProviderRejected, ProviderUnavailable } from '../payments/provider-errors.ts';
import { priceOf, type Purchase, type Terms } from './price-purchase.ts';
import { providerOf, type Services } from './services.ts';

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
 * so that a crash in between leaves an order that the same request takes up again.
 * @throws PlanUnavailable, AmountMismatch, Conflict, PaymentPending, IdempotencyKeyReused, GatewayUnavailable
 */
export async function startCheckout(services: Services, request: CheckoutRequest): Promise<Checkout> {
  providerMustExist(services, request.provider);
  const known = await replay(request);
  if (known !== null) return { ...(await openAtProvider(services, known, request.locale)), replayed: true };

  const terms = await priceOf(request, services.clock.now());
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

async function commitOrder(
  { db, clock }: Services,
  request: CheckoutRequest,
  terms: Terms,
): Promise<{ order: Order; payment: Payment } | null> {
  const { userId, provider, idempotency } = request;
  const now = clock.now();
  try {
    return await db.transaction(async (tx) => {
      const order = await createOrder(tx, {
        ...terms,
        userId,
        idempotencyKey: idempotency?.key ?? null,
        idempotencyFingerprint: idempotency?.fingerprint ?? null,
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
  const { providerOrderId, approvalUrl, payee } = opened;
  const changes = { providerOrderId, approvalUrl, payee };
  await services.db.transaction(async (tx) => {
    await updatePayment(tx, await lockPayment(tx, payment.id), changes);
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
