import { expect } from 'chai';
import { call, Client, eventually, useApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

describe('buying by API', () => {
  const app = useApp();

  it('goes from the price list to a spent credit', async () => {
    const customer = await Client.register(app, { name: 'Ada' });
    const plans = (await customer.get('/plans')).body.data as {
      plan_code: string;
      price_monthly: string;
      credits_monthly: number;
    }[];
    const pro = plans.find(({ plan_code }) => plan_code === 'pro');
    expect(pro).to.include({ price_monthly: '29.99', credits_monthly: 2000 });

    const order = await customer.buy({ plan_code: 'pro', amount: '29.99' });
    expect(order).to.include({ status: 'completed', amount: '29.99', currency: 'USD', plan_code: 'pro' });
    expect(await customer.subscription()).to.include({
      plan_code: 'pro',
      status: 'active',
      subscription_type: 'monthly',
    });
    expect(await customer.credits()).to.include({ available_credits: 2000, monthly_quota: 2000, quota_used: 0 });

    const spent = await customer.post('/credits/consume', { amount: 5, feature_type: 'image' });
    expect(spent.body).to.include({ amount: 5, balance_after: 1995 });
    expect(await customer.credits()).to.include({ available_credits: 1995, used_credits: 5, quota_used: 5 });

    const receipt = await eventually(async () =>
      (await customer.mails()).find(({ template }) => template === 'receipt'),
    );
    expect(receipt.subject).to.contain('$29.99');
    await expectBalancedBooks(app.services);
  });

  it('settles once however many ask at once: page, API and webhook', async () => {
    const customer = await Client.register(app);
    const created = await customer.post('/payments/create-order', { plan_code: 'basic' });
    await customer.approve(created.body);
    const path = `/payments/orders/${created.body.order_id as string}/capture`;
    const answers = await Promise.all(Array.from({ length: 10 }, () => customer.post(path)));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(10).fill(200));
    await app.simulator.idle();

    const entries = (await customer.get('/credits/transactions')).body.data as unknown[];
    expect(entries).to.have.length(1);
    await eventually(async () =>
      (await customer.mails()).some(({ template }) => template === 'receipt') ? true : undefined,
    );
    expect((await customer.mails()).filter(({ template }) => template === 'receipt')).to.have.length(1);
    await expectBalancedBooks(app.services);
  });

  it('settles by the webhook alone when the buyer never comes back', async () => {
    const customer = await Client.register(app);
    const created = await customer.post('/payments/create-order', { pack_code: 'pack-500' });
    await customer.approve(created.body);
    await app.simulator.idle();
    await eventually(async () => ((await customer.credits()).available_credits === 500 ? true : undefined));
    await expectBalancedBooks(app.services);
  });

  it('says when the buyer has not approved, and lets a declined buyer try again', async () => {
    const customer = await Client.register(app);
    const created = await customer.post('/payments/create-order', { plan_code: 'pro' });
    const path = `/payments/orders/${created.body.order_id as string}/capture`;
    const early = await customer.post(path);
    expect(early.status).to.equal(409);
    expect(early.body).to.include({ code: 'order_not_payable', approval_url: created.body.approval_url });

    await customer.approve(created.body, 'decline');
    const declined = await customer.post(path);
    expect(declined.status).to.equal(402);
    expect(declined.body).to.include({ code: 'payment_declined' });
    expect(declined.body.approval_url).to.be.a('string');

    await customer.approve(created.body);
    expect((await customer.post(path)).body).to.include({ status: 'completed' });
    await expectBalancedBooks(app.services);
  });

  it('answers the same order to the same Idempotency-Key, and refuses the key for another request', async () => {
    const customer = await Client.register(app);
    const headers = { 'Idempotency-Key': 'order-1' };
    const [first, second] = await Promise.all([
      customer.post('/payments/create-order', { plan_code: 'pro' }, headers),
      customer.post('/payments/create-order', { plan_code: 'pro' }, headers),
    ]);
    expect(first.body.order_id).to.equal(second.body.order_id);
    expect(
      [first, second].map((answer) => answer.headers.get('Idempotency-Replayed')).filter((value) => value !== null),
    ).to.deep.equal(['true']);
    const other = await customer.post('/payments/create-order', { plan_code: 'basic' }, headers);
    expect(other.status).to.equal(422);
    expect(other.body.code).to.equal('idempotency_key_reused');
  });

  it('captures once when the answer to the capture is lost', async () => {
    const customer = await Client.register(app);
    const created = await customer.post('/payments/create-order', { plan_code: 'pro' });
    await customer.approve(created.body);
    await call(app, 'POST', '/sandbox/api/paypal/faults', {
      body: { on: 'capture', fault: 'timeout_after', times: 1 },
    });
    const captured = await customer.post(`/payments/orders/${created.body.order_id as string}/capture`);
    expect(captured.body).to.include({ status: 'completed' });
    expect(await customer.credits()).to.include({ available_credits: 2000 });
    await expectBalancedBooks(app.services);
  });

  it('waits while PayPal holds the money, and says so', async () => {
    const customer = await Client.register(app);
    const created = await customer.post('/payments/create-order', { plan_code: 'pro' });
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'capture', fault: 'pending', times: 1 } });
    await customer.approve(created.body);
    const path = `/payments/orders/${created.body.order_id as string}/capture`;
    const held = await customer.post(path);
    expect(held.status).to.equal(202);
    expect(held.body).to.include({ status: 'processing' });
    expect(await customer.credits()).to.include({ available_credits: 0 });
    expect(
      await eventually(async () => (await customer.mails()).find(({ template }) => template === 'payment_pending')),
    ).to.be.an('object');

    const shown = (await customer.get(`/payments/orders/${created.body.order_id as string}`)).body;
    const payment = await app.db.pool.query<{ provider_capture_id: string }>(
      'SELECT provider_capture_id FROM payments WHERE order_id = $1',
      [shown.order_id],
    );
    await call(app, 'POST', `/sandbox/api/paypal/captures/${payment.rows[0]?.provider_capture_id ?? ''}/complete`);
    await app.simulator.idle();
    await eventually(async () => ((await customer.credits()).available_credits === 2000 ? true : undefined));
    await expectBalancedBooks(app.services);
  });
});
