import { expect } from 'chai';
import { cancelCheckout } from '../../src/billing/cancel-checkout.ts';
import { providerOf, type Services } from '../../src/billing/services.ts';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import { startCheckout } from '../../src/billing/start-checkout.ts';
import { ProviderUnavailable } from '../../src/payments/provider-errors.ts';
import type { PaymentProvider } from '../../src/payments/provider.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

/** Answers are lost and webhooks come late, twice or in the wrong order; money that moved is booked all the same. */
describe('money of which the news was lost', function () {
  this.timeout(60_000);
  const app = useApp();

  beforeEach(() => fault({ on: 'webhook', fault: 'lost', times: 100 }));
  afterEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  const fault = async (body: Json) => {
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body });
  };
  const paypal = () => providerOf(app.services, 'paypal');
  const withPaypal = (changes: Partial<PaymentProvider>): Services => ({
    ...app.services,
    providers: new Map([['paypal', { ...paypal(), ...changes }]]),
  });
  const silent = () => Promise.reject(new ProviderUnavailable('paypal', 'NETWORK_ETIMEDOUT'));
  const paymentOf = async ({ order_id }: Json) => {
    const sql = 'SELECT id, provider_order_id FROM payments WHERE order_id = $1';
    const { rows } = await app.db.pool.query<{ id: string; provider_order_id: string }>(sql, [order_id]);
    if (rows[0] === undefined) throw new Error('no payment');
    return rows[0];
  };
  /** PayPal takes the money, and nobody here hears of it. → the capture's id */
  const takeUnheard = async (customer: Client, order: Json) => {
    await customer.approve(order);
    const { id, provider_order_id: providerOrderId } = await paymentOf(order);
    return (await paypal().captureOrder({ providerOrderId, requestId: id })).capture?.captureId ?? '';
  };
  const order = async (customer: Client, what: Json) => (await customer.post('/payments/create-order', what)).body;
  const statusOf = async (customer: Client, { order_id }: Json) =>
    (await customer.get(`/payments/orders/${order_id as string}`)).body.status;

  it('a refund that overtakes its payment is booked after it', async () => {
    const customer = await Client.register(app);
    const bought = await order(customer, { pack_code: 'pack-500' });
    const captureId = await takeUnheard(customer, bought);
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await call(app, 'POST', `/sandbox/api/paypal/captures/${captureId}/refund`, { body: {} });
    await app.simulator.idle();
    await eventually(async () => ((await statusOf(customer, bought)) === 'refunded' ? true : undefined));
    expect(await customer.credits()).to.include({ available_credits: 0 });
  });

  it('a buyer who cancels after the money was taken gets what they paid for', async () => {
    const customer = await Client.register(app);
    const bought = await order(customer, { pack_code: 'pack-500' });
    await customer.post(`/payments/orders/${bought.order_id as string}/capture`);
    await takeUnheard(customer, bought);
    const { provider_order_id: providerOrderId } = await paymentOf(bought);
    const back = { userId: customer.id, provider: 'paypal', providerOrderId };
    expect(await cancelCheckout(withPaypal({ fetchOrder: silent, captureOrder: silent }), back)).to.include({
      status: 'pending',
    });
    expect(await cancelCheckout(app.services, back)).to.include({ status: 'completed' });
    expect(await customer.credits()).to.include({ available_credits: 500 });
  });

  it('an order that is not wanted any more is closed only when PayPal says that it was not paid', async () => {
    const customer = await Client.register(app);
    const [first, second] = [await order(customer, { plan_code: 'max' }), await order(customer, { plan_code: 'pro' })];
    await takeUnheard(customer, first);
    await customer.approve(second);
    await customer.post(`/payments/orders/${second.order_id as string}/capture`);
    const { id } = await paymentOf(first);
    const unheard = await settlePayment(withPaypal({ fetchOrder: silent }), id).catch((error: unknown) => error);
    expect(unheard).to.include({ code: 'provider_unavailable' });
    expect(await statusOf(customer, first)).to.equal('pending');
    expect(await settlePayment(app.services, id)).to.include({ outcome: 'returned' });
    expect(await statusOf(customer, first)).to.equal('refunded');
  });

  it('a renewal that is paid long after the end buys time from now on', async () => {
    const customer = await Client.register(app);
    await customer.buy({ plan_code: 'basic' });
    app.clock.turnTo(new Date(app.clock.now().getTime() + 70 * 24 * 3600_000));
    await customer.signIn();
    await customer.buy({ plan_code: 'basic' });
    const end = new Date((await customer.subscription())?.end_date as string);
    expect(end).to.be.above(app.clock.now());
    expect(await customer.credits()).to.include({ available_credits: 500 });
  });

  it('an order is opened at PayPal by one call at a time', async () => {
    const customer = await Client.register(app);
    const created: string[] = [];
    const counting: Partial<PaymentProvider> = {
      createOrder(input) {
        created.push(input.requestId);
        return paypal().createOrder(input);
      },
    };

    const request = {
      userId: customer.id,
      purchase: { packCode: 'pack-500' },
      provider: 'paypal',
      locale: 'en',
      idempotency: { key: 'one', fingerprint: 'one' },
    };
    const services = withPaypal(counting);
    const checkouts = await Promise.all([1, 2, 3].map(() => startCheckout(services, request)));
    expect(new Set(checkouts.map(({ payment }) => payment.providerOrderId)).size).to.equal(1);
    expect(created).to.have.length(1);
  });

  it('many who wait for one thing leave connections for others', async () => {
    let release: (value?: unknown) => void = () => undefined;
    const held = new Promise((resolve) => {
      release = resolve;
    });
    const crowd = Array.from({ length: 20 }, () => app.db.exclusively('one thing', () => held));
    expect(await app.db.exclusively('another', () => Promise.resolve('served'))).to.equal('served');
    release();
    await Promise.all(crowd);
  });
});
