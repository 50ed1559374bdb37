import { expect } from 'chai';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, useApp, type Json, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { Visitor } from '../support/visitor.ts';

const minuteMs = 60_000;

describe('an order that is open', function () {
  this.timeout(60_000);
  const app = useApp();
  let other: TestApp;
  before(async () => {
    other = await app.another();
  });

  // Else the news of an approval settles an order before the test does.
  beforeEach(async () => {
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'webhook', fault: 'lost', times: 1000 } });
  });

  afterEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  const order = (customer: Client, body: Json, key = newId()) =>
    customer.post('/payments/create-order', body, { 'Idempotency-Key': key });
  const ordersOf = async (customer: Client) => (await customer.get('/payments/orders')).body.data as Json[];

  /** In both processes: their clocks are their own. */
  async function later(minutes: number, ...customers: Client[]): Promise<void> {
    const target = new Date(app.clock.now().getTime() + minutes * minuteMs);
    for (const { clock } of [app, other]) clock.turnTo(target);
    for (const customer of customers) await customer.signIn();
  }

  it('is given again under another key, which is remembered like the first', async () => {
    const customer = await Client.register(app);
    const first = await order(customer, { plan_code: 'pro' }, 'one');
    const second = await order(customer, { plan_code: 'pro' }, 'two');
    expect(second.status).to.equal(201);
    expect(second.body).to.deep.equal(first.body);
    expect(second.headers.get('Idempotency-Replayed')).to.equal(null);
    for (const key of ['one', 'two']) {
      const again = await order(customer, { plan_code: 'pro' }, key);
      expect(again.body).to.deep.equal(first.body);
      expect(again.headers.get('Idempotency-Replayed')).to.equal('true');
      const changed = await order(customer, { plan_code: 'max' }, key);
      expect(changed.body).to.include({ status: 422, code: 'idempotency_key_reused' });
    }
    expect(await ordersOf(customer)).to.have.length(1);
  });

  it('is one for twenty requests at once in two processes, with keys and without', async () => {
    const customer = await Client.register(app);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, place) =>
        call(place % 2 === 0 ? app : other, 'POST', '/api/v1/payments/create-order', {
          token: customer.token,
          body: { pack_code: 'pack-500' },
          ...(place % 4 < 2 && { headers: { 'Idempotency-Key': `tab-${place % 8}` } }),
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(20).fill(201));
    expect(new Set(answers.map(({ body }) => body.approval_url)).size).to.equal(1);
    expect(await ordersOf(customer)).to.have.length(1);
  });

  it('is the same in two tabs, by a double click and by the back button', async () => {
    const visitor = new Visitor(app);
    const email = `${newId()}@example.com`;
    await visitor.register(email);
    const load = async () => (/name="key" value="([^"]+)"/.exec((await visitor.get('/checkout/pro')).text) ?? [])[1];
    const [tab, second] = [(await load()) ?? '', (await load()) ?? ''];
    expect(tab).to.not.equal(second);
    const press = (key: string) => visitor.post('/checkout/pro', { key, type: 'monthly', expected: '2999' });
    const presses = await Promise.all([tab, tab, second, second, tab].map(press));
    expect(presses.map(({ status }) => status)).to.deep.equal(Array(5).fill(303));
    const afterBack = await press((await load()) ?? '');
    const places = new Set([...presses, afterBack].map(({ headers }) => headers.get('location')));
    expect(places.size).to.equal(1);
    expect([...places][0]).to.contain('/sandbox/paypal/');
  });

  it('is not given for another thing, another price, one that is closed, or after two hours', async () => {
    const customer = await Client.register(app);
    const first = (await order(customer, { pack_code: 'pack-500' })).body;
    const another = (await order(customer, { pack_code: 'pack-2500' })).body;
    const [monthly, yearly] = [
      (await order(customer, { plan_code: 'pro' })).body,
      (await order(customer, { plan_code: 'pro', subscription_type: 'yearly' })).body,
    ];
    expect(new Set([first, another, monthly, yearly].map(({ order_id }) => order_id)).size).to.equal(4);

    await app.db.pool.query("UPDATE credit_packs SET amount_minor = 1099 WHERE pack_code = 'pack-500'");
    const dearer = (await order(customer, { pack_code: 'pack-500' })).body;
    await app.db.pool.query("UPDATE credit_packs SET amount_minor = 999 WHERE pack_code = 'pack-500'");
    expect(dearer.order_id).to.not.equal(first.order_id);
    expect((await order(customer, { pack_code: 'pack-500' })).body.order_id).to.equal(first.order_id);

    await app.db.pool.query("UPDATE credit_packs SET credits = 501 WHERE pack_code = 'pack-500'");
    const richer = (await order(customer, { pack_code: 'pack-500' })).body;
    await app.db.pool.query("UPDATE credit_packs SET credits = 500 WHERE pack_code = 'pack-500'");
    expect(richer.order_id).to.not.equal(first.order_id);

    await app.db.pool.query("UPDATE orders SET status = 'cancelled', closed_at = now() WHERE id = $1", [
      another.order_id,
    ]);
    expect((await order(customer, { pack_code: 'pack-2500' })).body.order_id).to.not.equal(another.order_id);

    await later(121, customer);
    expect((await order(customer, { plan_code: 'pro' })).body.order_id).to.not.equal(monthly.order_id);
    const stranger = await Client.register(app);
    expect((await order(stranger, { plan_code: 'pro' })).body.order_id).to.not.equal(monthly.order_id);
  });

  it('waits for the gateway under its own id when the first request had no answer', async () => {
    const customer = await Client.register(app);
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'create', fault: 'error_500', times: 50 } });
    expect((await order(customer, { pack_code: 'pack-500' })).status).to.equal(503);
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    const again = await order(customer, { pack_code: 'pack-500' });
    expect(again.body.approval_url).to.be.a('string');
    expect(await ordersOf(customer)).to.have.length(1);
  });
});
