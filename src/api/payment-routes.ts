import { Router, type Response } from 'express';
import { z } from 'zod';
import type { Purchase } from '../billing/price-purchase.ts';
import type { Services } from '../billing/services.ts';
import { settlePayment, type Settlement } from '../billing/settle-payment.ts';
import { startCheckout } from '../billing/start-checkout.ts';
import { NotFound, OrderNotPayable, PaymentDeclined, ValidationFailed } from '../kit/errors.ts';
import { uuid, validate } from '../kit/http/validate.ts';
import { fromDecimal, toDecimal } from '../kit/money.ts';
import { returnCodeOf, type ReturnCode } from '../orders/order-states.ts';
import { getOrderOf, listOrdersOf, type Order } from '../orders/orders.ts';
import { currentPayment, findPaymentByProviderOrder, paymentsOf } from '../payments/payments.ts';
import { refundsOf } from '../payments/refunds.ts';
import { subscriptionTypes } from '../plans/plan-terms.ts';
import { customerOf } from './authenticate.ts';
import { idempotencyOf, markReplayed } from './idempotency.ts';
import { pageRequest, toPage } from './pages.ts';
import { presentOrder } from './present.ts';

const code = z.string().regex(/^[a-z0-9][a-z0-9-]{0,49}$/, 'is not a code');
const purchase = z
  .strictObject({
    plan_id: uuid.optional(),
    plan_code: code.optional(),
    subscription_type: z.enum(subscriptionTypes).optional(),
    pack_code: code.optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code')
      .optional(),
    provider: z.string().max(50).default('paypal'),
    amount: z
      .string()
      .regex(/^\d{1,13}(\.\d+)?$/, 'must be a decimal string such as "9.99"')
      .optional(),
  })
  .superRefine(({ plan_id, plan_code, subscription_type, pack_code }, context) => {
    if ([plan_id, plan_code, pack_code].filter((named) => named !== undefined).length !== 1) {
      context.addIssue({
        code: 'custom',
        message: 'give one of plan_id, plan_code and pack_code',
        path: ['plan_code'],
      });
    }
    if (pack_code !== undefined && subscription_type !== undefined) {
      context.addIssue({ code: 'custom', message: 'a pack has no interval', path: ['subscription_type'] });
    }
  });
const callback = z.strictObject({ payment_id: z.string().min(1).max(100), payer_id: z.string().max(100).optional() });
const empty = z.strictObject({});

export function paymentRoutes(services: Services): Router {
  const router = Router();

  router.post('/create-order', async (req, res) => {
    const user = await customerOf(req);
    const { amount, provider, ...what } = validate(purchase, req.body);
    const idempotency = idempotencyOf(req);
    const { order, payment, replayed } = await startCheckout(services, {
      userId: user.id,
      purchase: toPurchase(what),
      provider: knownProvider(services, provider),
      expectedMinor: amount === undefined ? undefined : (currency) => minorOf(amount, currency),
      locale: user.locale,
      idempotency,
    });
    markReplayed(res, replayed);
    res.status(201).json({
      order_id: order.id,
      order_no: order.orderNo,
      provider: payment.provider,
      provider_order_id: payment.providerOrderId,
      ...(payment.provider === 'paypal' ? { paypal_order_id: payment.providerOrderId } : {}),
      approval_url: payment.approvalUrl,
      status: order.status,
      amount: toDecimal(order),
      currency: order.currency,
    });
  });

  router.post('/orders/:orderId/capture', async (req, res) => {
    const user = await customerOf(req);
    validate(empty, req.body);
    const order = await getOrderOf(user.id, { id: orderId(req.params.orderId) });
    const payment = await currentPayment(order.id);
    if (payment === null) throw new NotFound('There is no such order.');
    const settlement = await settlePayment(services, payment.id);
    refuseUnpaid(settlement);
    res.status(settlement.outcome === 'processing' ? 202 : 200);
    await sendOrders(res, [settlement.order], ([shown]) => shown);
  });

  router.post('/paypal/callback', async (req, res) => {
    const user = await customerOf(req);
    const { payment_id } = validate(callback, req.body);
    const payment = await findPaymentByProviderOrder('paypal', payment_id);
    if (payment === null) throw new NotFound('There is no such payment.');
    await getOrderOf(user.id, { id: payment.orderId });
    const settlement = await settlePayment(services, payment.id);
    refuseUnpaid(settlement);
    const status = settlement.outcome === 'processing' ? 'pending' : 'success';
    res.json({ status, order_id: settlement.order.id, payment_id });
  });

  router.get('/orders', async (req, res) => {
    const user = await customerOf(req);
    const { limit, after } = pageRequest(req.query, (cursor) => uuid.safeParse(cursor).success);
    const orders = await listOrdersOf(user.id, limit + 1, after);
    await sendOrders(res, orders, (shown) =>
      toPage(
        shown,
        limit,
        (order) => order.order_id,
        (order) => order,
      ),
    );
  });

  router.get('/orders/:orderId', async (req, res) => {
    const user = await customerOf(req);
    const order = await getOrderOf(user.id, { id: orderId(req.params.orderId) });
    await sendOrders(res, [order], ([shown]) => shown);
  });

  return router;
}

async function sendOrders(
  res: Response,
  orders: readonly Order[],
  shape: (shown: ReturnType<typeof presentOrder>[]) => unknown,
): Promise<void> {
  const ids = orders.map(({ id }) => id);
  const [payments, refunds] = await Promise.all([paymentsOf(ids), refundsOf(ids)]);
  res.json(shape(orders.map((order) => presentOrder(order, payments, refunds))));
}

function toPurchase(
  what: Pick<z.infer<typeof purchase>, 'plan_id' | 'plan_code' | 'pack_code' | 'subscription_type' | 'currency'>,
): Purchase {
  const { plan_id, plan_code, pack_code, subscription_type = 'monthly' } = what;
  const currency = what.currency === undefined ? {} : { currency: what.currency };
  if (pack_code !== undefined) return { packCode: pack_code, ...currency };
  const plan = plan_id === undefined ? { planCode: plan_code ?? '' } : { planId: plan_id };
  return { plan, subscriptionType: subscription_type, ...currency };
}

/** @throws ValidationFailed */
function knownProvider({ providers }: Services, name: string): string {
  if (providers.has(name)) return name;
  throw new ValidationFailed([{ path: 'provider', message: `must be one of ${[...providers.keys()].join(', ')}` }]);
}

/** NaN, which no price equals, for an amount that the currency cannot have. */
function minorOf(amount: string, currency: string): number {
  try {
    return fromDecimal(amount, currency);
  } catch {
    return Number.NaN;
  }
}

/** A path that is no id names nothing. @throws NotFound */
function orderId(value: string): string {
  const parsed = uuid.safeParse(value);
  if (!parsed.success) throw new NotFound('There is no such order.');
  return parsed.data;
}

/** @throws OrderNotPayable, PaymentDeclined */
function refuseUnpaid({ outcome, order, payment }: Settlement): void {
  switch (outcome) {
    case 'completed':
    case 'processing':
      return;
    case 'declined':
      throw new PaymentDeclined(payment.approvalUrl);
    case 'not_approved':
      throw new OrderNotPayable('The buyer has not approved the payment yet. Send them to approval_url.', {
        approval_url: payment.approvalUrl,
        order_status: order.status,
      });
    case 'returned':
    case 'closed':
      throw new OrderNotPayable(whyUnpaid(order), { order_status: order.status });
  }
}

const returned: Readonly<Record<ReturnCode, string>> = {
  PAID_LATE: 'This order was closed before it was paid. The money goes back in full.',
  DUPLICATE: 'Another order had paid for the same already. The money goes back in full.',
  PLAN_CHANGED: 'Another plan had been paid for already. The money goes back in full.',
};

function whyUnpaid(order: Order): string {
  const code = returnCodeOf(order);
  if (code !== null) return returned[code];
  if (order.failureCode === 'DUPLICATE') {
    return 'Another order paid for the same already. This one was closed and nothing was charged.';
  }
  return `This order is ${order.status} and cannot be paid any more. Start a new one.`;
}
