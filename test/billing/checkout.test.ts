import { expect } from 'chai';
import { expireOrders } from '../../src/billing/expire-orders.ts';
import { followUpPayments } from '../../src/billing/follow-up.ts';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

describe('checking out', function () {
  this.timeout(60_000);
  const app = useApp();

  afterEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  const order = (customer: Client, body: Json) => customer.post('/payments/create-order', body);
  const later = (minutes: number) => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + minutes * 60_000));
  };

  it('answers as the contract says', async () => {
    const customer = await Client.register(app);
    const { status, body } = await order(customer, { plan_code: 'pro', subscription_type: 'yearly', amount: '299.00' });
    expect(status).to.equal(201);
    expect(body).to.include({ provider: 'paypal', status: 'pending', amount: '299.00', currency: 'USD' });
    expect(body.order_no).to.match(/^PL-\d{6}-[0-9A-Z]{8}$/);
    expect(body.paypal_order_id).to.be.a('string').and.to.equal(body.provider_order_id);
    expect(body.approval_url).to.match(/^http:\/\/127\.0\.0\.1/);
    const listed = (await customer.get('/payments/orders')).body.data as Json[];
    expect(listed.map(({ order_id }) => order_id)).to.deep.equal([body.order_id]);
    expect(listed[0]).to.include({ kind: 'subscription', refunded_amount: '0.00', paid_at: null });
  });

  it('settles by the callback of a client app, once', async () => {
    const customer = await Client.register(app);
    const { body } = await order(customer, { pack_code: 'pack-2500' });
    await customer.approve(body);
    const callback = { payment_id: body.paypal_order_id, payer_id: 'PAYER' };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const answer = await customer.post('/payments/paypal/callback', callback);
      expect(answer.body).to.deep.equal({
        status: 'success',
        order_id: body.order_id,
        payment_id: body.paypal_order_id,
      });
    }
    expect(await customer.credits()).to.include({ available_credits: 2500, monthly_quota: 0 });
  });

  it('renews at the price that was paid, whatever the plan costs now', async () => {
    const customer = await Client.register(app);
    await customer.buy({ plan_code: 'basic' });
    const prices = await app.db.pool.query<{ id: string; plan_id: string }>(
      `UPDATE plan_prices SET is_active = false, archived_at = now()
       WHERE amount_minor = 999 AND subscription_type = 'monthly' AND is_active RETURNING id, plan_id`,
    );
    const [sold] = prices.rows;
    await app.db.pool.query(
      `INSERT INTO plan_prices (id, plan_id, subscription_type, currency, amount_minor, created_at)
       VALUES ($1, $2, 'monthly', 'USD', 1299, now())`,
      [newId(), sold?.plan_id],
    );
    expect((await order(customer, { plan_code: 'basic' })).body).to.include({ amount: '9.99' });
    const newcomer = await Client.register(app);
    expect((await order(newcomer, { plan_code: 'basic' })).body).to.include({ amount: '12.99' });
    const change = app.db.pool.query('UPDATE plan_prices SET amount_minor = 1 WHERE id = $1', [sold?.id]);
    expect(await change.catch((error: unknown) => String(error))).to.contain('never changes');
  });

  it('refuses a smaller plan while one runs, and any beside one that has no end', async () => {
    const customer = await Client.register(app);
    await customer.buy({ plan_code: 'pro' });
    const refused = await order(customer, { plan_code: 'basic' });
    expect(refused.body).to.include({ status: 409, code: 'conflict' });
    const lifetime = await Client.register(app);
    await lifetime.buy({ plan_code: 'max', subscription_type: 'lifetime' });
    expect(await lifetime.subscription()).to.include({ end_date: null, subscription_type: 'lifetime' });
    const again = await order(lifetime, { plan_code: 'max', subscription_type: 'lifetime' });
    expect(again.body).to.include({ status: 409, code: 'conflict' });
  });

  it('charges for one of two plans that are approved at once', async () => {
    const customer = await Client.register(app);
    const orders = [await order(customer, { plan_code: 'pro' }), await order(customer, { plan_code: 'max' })];
    await Promise.all(orders.map(({ body }) => customer.approve(body)));
    const paths = orders.map(({ body }) => `/payments/orders/${body.order_id as string}/capture`);
    const answers = await Promise.all(paths.map((path) => customer.post(path)));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409]);
    const paid = (await customer.get('/payments/orders')).body.data as Json[];
    expect(paid.map(({ status }) => status).sort()).to.deep.equal(['cancelled', 'completed']);
  });

  it('keeps the order open while PayPal does not answer, and the same key takes it up again', async () => {
    const customer = await Client.register(app);
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'create', fault: 'error_500', times: 50 } });
    const headers = { 'Idempotency-Key': 'again' };
    const failed = await customer.post('/payments/create-order', { plan_code: 'pro' }, headers);
    expect(failed.body).to.include({ status: 503, code: 'provider_unavailable' });
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    const again = await customer.post('/payments/create-order', { plan_code: 'pro' }, headers);
    expect(again.status).to.equal(201);
    expect(again.body.approval_url).to.be.a('string');
    expect((await customer.get('/payments/orders')).body.data).to.have.length(1);
  });

  it('finds the payment of a buyer who never came back, by asking', async () => {
    const customer = await Client.register(app);
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'webhook', fault: 'lost', times: 10 } });
    const { body } = await order(customer, { pack_code: 'pack-500' });
    await customer.approve(body);
    later(3);
    await followUpPayments(app.services);
    expect(await customer.credits()).to.include({ available_credits: 500 });
  });

  it('closes what nobody paid in time', async () => {
    const customer = await Client.register(app);
    const { body } = await order(customer, { plan_code: 'pro' });
    later(7 * 60);
    await expireOrders(app.services);
    await customer.signIn();
    const shown = await customer.get(`/payments/orders/${body.order_id as string}`);
    expect(shown.body).to.include({ status: 'expired' });
    const late = await customer.post(`/payments/orders/${body.order_id as string}/capture`);
    expect(late.body).to.include({ status: 409, code: 'order_not_payable' });
  });

  it('closes a held payment that PayPal denies, and tells the customer', async () => {
    const customer = await Client.register(app);
    const { body } = await order(customer, { plan_code: 'pro' });
    const fault = { on: 'capture', fault: 'pending', times: 1, order_id: body.provider_order_id };
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: fault });
    await customer.approve(body);
    await customer.post(`/payments/orders/${body.order_id as string}/capture`);
    expect((await order(customer, { plan_code: 'max' })).body).to.include({ status: 409, code: 'payment_pending' });
    const sql = 'SELECT provider_capture_id AS id FROM payments WHERE order_id = $1';
    const { rows } = await app.db.pool.query<{ id: string }>(sql, [body.order_id]);
    await call(app, 'POST', `/sandbox/api/paypal/captures/${rows[0]?.id ?? ''}/deny`);
    await app.simulator.idle();
    await eventually(async () => (await customer.mails()).find(({ template }) => template === 'payment_failed'));
    expect((await customer.get(`/payments/orders/${body.order_id as string}`)).body).to.include({ status: 'failed' });
    expect(await customer.credits()).to.include({ available_credits: 0 });
  });
});
