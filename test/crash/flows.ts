import { cancelCheckout } from '../../src/billing/cancel-checkout.ts';
import { deliverMail } from '../../src/billing/deliver-mail.ts';
import { handleProviderEvent } from '../../src/billing/handle-provider-event.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import { startCheckout } from '../../src/billing/start-checkout.ts';
import { Conflict } from '../../src/kit/errors.ts';
import { deliver } from '../webhooks/signed-webhooks.ts';
import type { Ends, Shop } from '../support/shop.ts';
import type { Task } from './steps.ts';

/** A customer for whom one step is about to be taken. */
export interface Scene {
  userId: string;
  email: string;
  task: Task;
  /** Whoever asked for the step asks again, as people do when no answer comes. */
  askAgain(): Promise<unknown>;
}

export interface Flow {
  name: string;
  /** Points that it has for certain: finding fewer would be no instrument. */
  least: readonly string[];
  /** @param webhooks whether those about the order will come; where the step is about one, the others are lost */
  prepare(shop: Shop, webhooks: 'come' | 'lost'): Promise<Scene>;
  /** How it has to end: `asked` again or not, and with the points that were `passed` before the process died. */
  ends(asked: boolean, passed: readonly string[]): Ends;
}

const nothing: Ends = {
  captures: 0,
  refunds: 0,
  paid: 0,
  refunded: 0,
  grants: 0,
  available: 0,
  subscriptions: 0,
  receipts: 0,
  refundMails: 0,
};
const handedOver = { ...nothing, captures: 1, paid: 1, grants: 1, available: 2000, subscriptions: 1, receipts: 1 };
const back = { refunds: 1, refunded: 1, refundMails: 1 };
const givenBack = { ...handedOver, ...back, available: 0, subscriptions: 0 };
const returned = { ...nothing, ...back, captures: 1, paid: 1 };

const lost = { webhooks: 'lost' } as const;
const create = 'POST /v2/checkout/orders';
export const capture = 'POST /v2/checkout/orders/…/capture';
export const refund = 'POST /v2/payments/captures/…/refund';
const around = (...names: string[]) => names.flatMap((name) => [`before ${name}`, `after ${name}`]);

const checkout: Flow = {
  name: 'a checkout',
  least: around('COMMIT', 'POST /v1/oauth2/token', create, 'COMMIT'),
  async prepare(shop, webhooks) {
    const customer = await shop.newcomer();
    const args = shop.requestOf(customer.userId);
    return {
      ...customer,
      task: { step: 'checkout', args },
      async askAgain() {
        const { services } = shop.app;
        await startCheckout(services, args);
        const order = await shop.approved(await shop.opened({ webhooks, by: customer }));
        await settlePayment(services, order.paymentId);
      },
    };
  },
  ends: (asked) => (asked ? handedOver : nothing),
};

const settlement: Flow = {
  name: 'a settlement',
  least: around('POST /v1/oauth2/token', capture, 'COMMIT'),
  async prepare(shop, webhooks) {
    const order = await shop.approved(await shop.opened({ webhooks }));
    const { paymentId } = order;
    const askAgain = () => settlePayment(shop.app.services, paymentId);
    return { ...order, task: { step: 'settle', args: { paymentId } }, askAgain };
  },
  ends: () => handedOver,
};

const lateSettlement: Flow = {
  name: 'a settlement of an order that was closed',
  least: around('COMMIT', refund, 'COMMIT'),
  async prepare(shop) {
    // The webhooks do come: nobody asks about an order that is closed.
    const order = await shop.capturedUnheard(await shop.opened({ webhooks: 'come' }));
    const { userId, providerOrderId, paymentId } = order;
    await cancelCheckout(shop.app.services, { userId, provider: 'paypal', providerOrderId });
    const askAgain = () => settlePayment(shop.app.services, paymentId);
    return { ...order, task: { step: 'settle', args: { paymentId } }, askAgain };
  },
  ends: () => returned,
};

const cancellation: Flow = {
  name: 'a cancelled checkout of which the money was taken',
  least: around('GET /v2/checkout/orders/…', capture, 'COMMIT'),
  async prepare(shop, webhooks) {
    const order = await shop.opened({ webhooks });
    await settlePayment(shop.app.services, order.paymentId);
    await shop.capturedUnheard(order);
    const args = { userId: order.userId, provider: 'paypal', providerOrderId: order.providerOrderId };
    return { ...order, task: { step: 'cancel', args }, askAgain: () => cancelCheckout(shop.app.services, args) };
  },
  ends: () => handedOver,
};

const refunding: Flow = {
  name: 'a refund',
  least: around('COMMIT', 'POST /v1/oauth2/token', refund, 'COMMIT'),
  async prepare(shop, webhooks) {
    const order = await shop.paid(await shop.opened({ webhooks }));
    const args = { orderId: order.orderId, reason: 'unhappy', staff: shop.staff };
    return {
      ...order,
      task: { step: 'refund', args },
      askAgain: () =>
        refundOrder(shop.app.services, args).catch((error: unknown) => {
          // It was promised before: nothing is left to refund.
          if (!(error instanceof Conflict)) throw error;
        }),
    };
  },
  ends: (asked, passed) => (asked || passed.includes('after COMMIT') ? givenBack : handedOver),
};

const webhook: Flow = {
  name: 'a webhook that is taken in',
  least: around('COMMIT'),
  async prepare(shop) {
    const order = await shop.capturedUnheard(await shop.opened(lost));
    const sent = await shop.webhookOf(order, 'PAYMENT.CAPTURE.COMPLETED');
    const task: Task = { step: 'receive', args: { body: sent.body.toString(), headers: sent.headers } };
    return { ...order, task, askAgain: () => deliver(shop.app, sent) };
  },
  ends: () => handedOver,
};

const payment: Flow = {
  name: 'a payment that a webhook tells of',
  least: around('UPDATE provider_events', capture, 'COMMIT', 'UPDATE provider_events'),
  async prepare(shop) {
    const order = await shop.approved(await shop.opened(lost));
    const eventRowId = await shop.taken(await shop.webhookOf(order, 'CHECKOUT.ORDER.APPROVED'));
    const askAgain = () => handleProviderEvent(shop.app.services, eventRowId);
    return { ...order, task: { step: 'handle', args: { eventRowId } }, askAgain };
  },
  ends: () => handedOver,
};

const refundElsewhere: Flow = {
  name: 'a refund at the gateway that a webhook tells of',
  least: around('UPDATE provider_events', 'GET /v2/payments/refunds/…', 'COMMIT', 'COMMIT', 'UPDATE provider_events'),
  async prepare(shop) {
    const order = await shop.paid(await shop.opened(lost));
    await shop.app.simulator.control.refundCapture(await shop.captureOf(order));
    const eventRowId = await shop.taken(await shop.webhookOf(order, 'PAYMENT.CAPTURE.REFUNDED'));
    const askAgain = () => handleProviderEvent(shop.app.services, eventRowId);
    return { ...order, task: { step: 'handle', args: { eventRowId } }, askAgain };
  },
  ends: () => givenBack,
};

const mail: Flow = {
  name: 'a receipt',
  least: around('UPDATE emails', 'INSERT INTO sandbox.mails', 'UPDATE emails'),
  async prepare(shop, webhooks) {
    const order = await shop.paid(await shop.opened({ webhooks }));
    const emailId = await shop.receiptOf(order);
    const askAgain = () => deliverMail(shop.app.services, emailId);
    return { ...order, task: { step: 'deliver', args: { emailId } }, askAgain };
  },
  ends: () => handedOver,
};

export const flows: readonly Flow[] = [
  checkout,
  settlement,
  lateSettlement,
  cancellation,
  refunding,
  webhook,
  payment,
  refundElsewhere,
  mail,
];
