import { expect } from 'chai';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, eventually, useApp, type Json, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';
import { Visitor } from '../support/visitor.ts';

const minuteMs = 60_000;

describe('buying the same twice', function () {
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

  /** Two orders for the same, both approved: the first is too old to be taken up again when the second begins. */
  async function twoOpen(what: Json, second: Json = what): Promise<{ customer: Client; orders: [Json, Json] }> {
    const customer = await Client.register(app);
    const { body: old } = await order(customer, what);
    await later(121, customer);
    const { body: young } = await order(customer, second);
    expect(young.order_id).to.not.equal(old.order_id);
    for (const each of [old, young]) await customer.approve(each);
    return { customer, orders: [old, young] };
  }

  const capture = (customer: Client, { order_id }: Json, at: TestApp = app) =>
    call(at, 'POST', `/api/v1/payments/orders/${order_id as string}/capture`, { token: customer.token });
  const orderNow = async (customer: Client, { order_id }: Json) =>
    (await customer.get(`/payments/orders/${order_id as string}`)).body;
  const paymentIdOf = async ({ order_id }: Json): Promise<string> => {
    const sql = 'SELECT id FROM payments WHERE order_id = $1';
    return (await app.db.pool.query<{ id: string }>(sql, [order_id])).rows[0]?.id ?? '';
  };
  const rowOf = async ({ order_id }: Json) =>
    (await app.db.pool.query<Json>('SELECT status, failure_code, duplicate_of FROM orders WHERE id = $1', [order_id]))
      .rows[0];
  const incidentsOf = async ({ order_id }: Json) =>
    (await app.db.pool.query<Json>('SELECT kind, details FROM incidents WHERE subject_id = $1', [order_id])).rows;
  const takenAt = async ({ provider_order_id }: Json) =>
    (await app.services.providers.get('paypal')?.fetchOrder(provider_order_id as string))?.capture?.status ?? null;

  /** The gateway takes the money although nobody here asks for it now: as when an answer was lost. */
  async function takeAtPaypal({ provider_order_id }: Json): Promise<void> {
    const providerOrderId = provider_order_id as string;
    await app.services.providers.get('paypal')?.captureOrder({ providerOrderId, requestId: newId() });
  }

  for (const what of [{ pack_code: 'pack-500' }, { plan_code: 'pro' }]) {
    it(`is charged once when both are asked for at once, twenty times in two processes: ${JSON.stringify(what)}`, async () => {
      const { customer, orders } = await twoOpen(what);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, place) =>
          capture(customer, orders[place % 2] ?? {}, place % 4 < 2 ? app : other),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([
        ...Array<number>(10).fill(200),
        ...Array<number>(10).fill(409),
      ]);
      const refused = answers.find(({ status }) => status === 409)?.body;
      expect(refused).to.include({ code: 'order_not_payable', order_status: 'cancelled' });
      expect(refused?.detail).to.contain('paid for the same already').and.to.contain('nothing was charged');
      const rows = await Promise.all(orders.map(rowOf));
      expect(rows.map((row) => row?.status).sort()).to.deep.equal(['cancelled', 'completed']);
      const [paid, closed] = rows[0]?.status === 'completed' ? orders : [orders[1], orders[0]];
      expect(await rowOf(closed)).to.include({ failure_code: 'DUPLICATE', duplicate_of: paid.order_id });
      expect(await Promise.all([paid, closed].map(takenAt))).to.deep.equal(['completed', null]);
      expect(await incidentsOf(closed)).to.deep.equal([]);
      expect(await customer.credits()).to.include({ available_credits: 'pack_code' in what ? 500 : 2000 });
    });
  }

  it('says on the page that it was paid for already and that nothing was charged', async () => {
    const visitor = new Visitor(app);
    const customer = new Client(app);
    await visitor.register(customer.email);
    await customer.signIn();
    const old = (await order(customer, { pack_code: 'pack-500' })).body;
    await later(121, customer);
    const young = (await order(customer, { pack_code: 'pack-500' })).body;
    for (const each of [old, young]) await customer.approve(each);
    expect((await visitor.get(`/checkout/return?token=${young.provider_order_id as string}`)).text).to.contain(
      'Your payment has arrived',
    );
    const { text } = await visitor.get(`/checkout/return?token=${old.provider_order_id as string}`);
    expect(text).to.contain('You have paid for this already').and.to.contain('nothing was charged');
    expect(text).to.contain(`/account/orders/${young.order_no as string}`);
    const { text: page } = await visitor.get(`/account/orders/${old.order_no as string}`);
    expect(page)
      .to.contain('You had paid for the same on')
      .and.to.contain(`/account/orders/${young.order_no as string}`);
  });

  it('gives the second payment back by itself when it was taken all the same', async () => {
    const { customer, orders } = await twoOpen({ plan_code: 'pro' });
    const [first, second] = orders;
    expect((await capture(customer, first)).status).to.equal(200);
    const before = await customer.subscription();
    await takeAtPaypal(second);
    const id = await paymentIdOf(second);
    const settled = await Promise.all(
      Array.from({ length: 20 }, (_, place) => settlePayment((place % 2 === 0 ? app : other).services, id)),
    );
    expect(new Set(settled.map(({ outcome }) => outcome))).to.deep.equal(new Set(['returned']));
    const now = await orderNow(customer, second);
    expect(now).to.include({ status: 'refunded', refunded_amount: '29.99' });
    expect(now.refunds).to.have.length(1);
    expect(await rowOf(second)).to.include({ failure_code: 'DUPLICATE', duplicate_of: first.order_id });
    expect(await customer.subscription()).to.deep.equal(before);
    expect(await customer.credits()).to.include({ available_credits: 2000 });
    const [incident, ...more] = await incidentsOf(second);
    expect(more).to.be.empty;
    expect(incident).to.deep.nested.include({ kind: 'duplicate_payment', 'details.firstOrder': first.order_id });
    expect((await capture(customer, second)).body.detail).to.contain('The money goes back in full');
    const mail = await eventually(async () => (await customer.mails()).find(({ template }) => template === 'refund'));
    expect(mail.text).to.contain('You had paid for the same already');
  });

  it('hands over a second payment that comes after the window, and puts it before staff', async () => {
    const { customer, orders } = await twoOpen({ pack_code: 'pack-500' });
    const [first, second] = orders;
    await takeAtPaypal(second);
    expect((await capture(customer, first)).status).to.equal(200);
    await later(61, customer);
    expect(await settlePayment(app.services, await paymentIdOf(second))).to.include({ outcome: 'completed' });
    expect(await rowOf(second)).to.deep.equal({
      status: 'completed',
      failure_code: null,
      duplicate_of: first.order_id,
    });
    expect(await customer.credits()).to.include({ available_credits: 1000 });
    expect(await incidentsOf(second))
      .to.have.length(1)
      .and.to.have.nested.property('[0].details.refund', 'offered');
    await eventually(async () =>
      (await customer.mails()).filter(({ template }) => template === 'receipt').length === 2 ? true : undefined,
    );
  });

  it('is no mistake when the second is begun after the first was paid', async () => {
    const customer = await Client.register(app);
    await customer.buy({ pack_code: 'pack-500' });
    await customer.buy({ pack_code: 'pack-500' });
    expect(await customer.credits()).to.include({ available_credits: 1000 });
    for (let month = 0; month < 3; month += 1) await customer.buy({ plan_code: 'basic' });
    expect((await ordersOf(customer)).map(({ status }) => status)).to.deep.equal(Array(5).fill('completed'));
    expect((await app.db.pool.query("SELECT FROM orders WHERE user_id = $1 AND duplicate_of IS NOT NULL", [customer.id])).rowCount).to.equal(0); // prettier-ignore
  });

  it('goes back as the second payment when it was closed as that and taken after it', async () => {
    const { customer, orders } = await twoOpen({ pack_code: 'pack-500' });
    const [first, second] = orders;
    await capture(customer, first);
    expect((await capture(customer, second)).status).to.equal(409);
    await takeAtPaypal(second);
    await later(61, customer);
    expect(await settlePayment(app.services, await paymentIdOf(second))).to.include({ outcome: 'returned' });
    expect(await rowOf(second)).to.deep.equal({
      status: 'refunded',
      failure_code: 'DUPLICATE',
      duplicate_of: first.order_id,
    });
    expect(await customer.credits()).to.include({ available_credits: 500 });
  });

  it('is paid when the first was given back meanwhile', async () => {
    const { customer, orders } = await twoOpen({ pack_code: 'pack-500' });
    const [first, second] = orders;
    await capture(customer, first);
    const staff = await addStaffActor(app);
    await refundOrder(app.services, { orderId: first.order_id as string, reason: 'changed their mind', staff });
    expect((await capture(customer, second)).status).to.equal(200);
    expect(await customer.credits()).to.include({ available_credits: 500 });
  });

  it('never lets a plan that was paid for too late take the place of the one that runs', async () => {
    const { customer, orders } = await twoOpen({ plan_code: 'pro' }, { plan_code: 'max' });
    const [pro, max] = orders;
    await takeAtPaypal(max);
    await capture(customer, pro);
    const before = await customer.subscription();
    await later(61, customer);
    expect(await settlePayment(app.services, await paymentIdOf(max))).to.include({ outcome: 'returned' });
    expect(await orderNow(customer, max)).to.include({ status: 'refunded' });
    expect(await rowOf(max)).to.include({ failure_code: 'PLAN_CHANGED', duplicate_of: null });
    expect(await incidentsOf(max)).to.have.nested.property('[0].kind', 'duplicate_payment');
    expect(await customer.subscription()).to.deep.equal(before);
    expect(await customer.credits()).to.include({ available_credits: 2000 });
  });

  it('never sells a plan for life twice, however long ago the first was paid', async () => {
    const { customer, orders } = await twoOpen({ plan_code: 'max', subscription_type: 'lifetime' });
    const [first, second] = orders;
    await takeAtPaypal(second);
    await capture(customer, first);
    const before = await customer.subscription();
    await later(61, customer);
    expect(await settlePayment(app.services, await paymentIdOf(second))).to.include({ outcome: 'returned' });
    expect(await rowOf(second)).to.include({ status: 'refunded', failure_code: 'DUPLICATE' });
    expect(await customer.subscription()).to.deep.equal(before);
  });

  it('leaves the refund to the job while PayPal does not answer', async () => {
    const { customer, orders } = await twoOpen({ pack_code: 'pack-500' });
    const [first, second] = orders;
    await capture(customer, first);
    await takeAtPaypal(second);
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'refund', fault: 'error_500', times: 100 } });
    expect(await settlePayment(app.services, await paymentIdOf(second))).to.include({ outcome: 'returned' });
    expect(await orderNow(customer, second)).to.include({ status: 'completed' });
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await later(10, customer);
    await call(app, 'POST', '/sandbox/api/jobs/follow-up-refunds/run');
    await eventually(async () => ((await orderNow(customer, second)).status === 'refunded' ? true : undefined));
    expect(await customer.credits()).to.include({ available_credits: 500 });
  });
});

describe('buying the same twice where nothing goes back by itself', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false, config: { duplicateRefundWindowMs: 0 } });

  it('hands over both and asks staff', async () => {
    const customer = await Client.register(app);
    const { body: first } = await customer.post('/payments/create-order', { pack_code: 'pack-500' });
    app.clock.turnTo(new Date(app.clock.now().getTime() + 121 * minuteMs));
    await customer.signIn();
    const { body: second } = await customer.post('/payments/create-order', { pack_code: 'pack-500' });
    for (const each of [first, second]) await customer.approve(each);
    const providerOrderId = second.provider_order_id as string;
    await app.services.providers.get('paypal')?.captureOrder({ providerOrderId, requestId: newId() });
    for (const { order_id } of [first, second]) await customer.post(`/payments/orders/${order_id as string}/capture`);
    expect(await customer.credits()).to.include({ available_credits: 1000 });
    const { rows } = await app.db.pool.query<Json>('SELECT kind, subject_id, details FROM incidents');
    expect(rows).to.have.length(1);
    expect(rows[0]).to.deep.nested.include({ subject_id: second.order_id, 'details.refund': 'offered' });
    await expectBalancedBooks(app.services);
  });
});
