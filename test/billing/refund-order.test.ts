import { expect } from 'chai';
import type { StaffActor } from '../../src/accounts/staff.ts';
import { followUpRefunds } from '../../src/billing/follow-up.ts';
import { previewRefund, refundOrder } from '../../src/billing/refund-order.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';

describe('refunding an order', function () {
  this.timeout(60_000);
  const app = useApp();
  let staff: StaffActor;

  before(async () => {
    staff = await addStaffActor(app);
  });

  afterEach(() => expectBalancedBooks(app.services));

  const refund = (order: Json, reason = 'asked for it') =>
    refundOrder(app.services, { orderId: order.order_id as string, reason, staff });
  const orderNow = async (customer: Client, order: Json) =>
    (await customer.get(`/payments/orders/${order.order_id as string}`)).body;
  const fault = (body: Json) => call(app, 'POST', '/sandbox/api/paypal/faults', { body });

  it('gives the money back, takes back what is left of the credits and ends the plan', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ plan_code: 'pro' });
    await customer.post('/credits/consume', { amount: 300, feature_type: 'image' });
    const preview = await previewRefund(app.services, order.order_id as string);
    expect(preview).to.include({ amountMinor: 2999, creditsTakenBack: 1700, creditsUnrecovered: 300, isFull: true });

    const done = await refund(order);
    expect(done).to.include({ status: 'completed', creditsClawedBack: 1700, creditsUnrecovered: 300 });
    expect(await orderNow(customer, order)).to.include({ status: 'refunded', refunded_amount: '29.99' });
    expect(await customer.credits()).to.include({ available_credits: 0, monthly_quota: 0 });
    expect(await customer.subscription()).to.equal(null);
    const mail = await eventually(async () => (await customer.mails()).find(({ template }) => template === 'refund'));
    expect(mail.text).to.contain('$29.99');

    const { rows: audit } = await app.db.pool.query<Json>('SELECT * FROM audit_log WHERE subject_id = $1', [
      order.order_id,
    ]);
    expect(audit).to.have.length(1);
    expect(audit[0]).to.include({ action: 'order.refund', reason: 'asked for it', staff_id: staff.staffId });
  });

  it('refuses a second refund, and one without a reason', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const blank = await refund(order, '   ').catch((error: unknown) => error);
    expect(blank).to.include({ code: 'validation_failed' });
    const both = await Promise.allSettled([refund(order), refund(order)]);
    expect(both.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    expect(await refund(order).catch((error: unknown) => error)).to.include({ code: 'conflict' });
    expect(await customer.credits()).to.include({ available_credits: 0 });
  });

  it('asks again under the same id while PayPal does not answer, and the money goes back once', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await fault({ on: 'refund', fault: 'timeout_before', times: 100 });
    expect(await refund(order)).to.include({ status: 'pending' });
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    app.clock.turnTo(new Date(app.clock.now().getTime() + 5 * 60_000));
    await followUpRefunds(app.services);
    await customer.signIn();
    const now = await orderNow(customer, order);
    expect(now).to.include({ status: 'refunded' });
    expect(now.refunds).to.have.length(1);
  });

  it('keeps the order as it was when PayPal refuses', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await fault({ on: 'refund', fault: 'insufficient_funds', times: 1 });
    expect(await refund(order)).to.include({ status: 'failed' });
    expect(await orderNow(customer, order)).to.include({ status: 'completed', refunded_amount: '0.00' });
    expect(await customer.credits()).to.include({ available_credits: 500 });
    expect(await refund(order)).to.include({ status: 'completed' });
  });

  it('books a refund that was made in PayPal’s own pages like one of ours', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ plan_code: 'basic' });
    const { rows } = await app.db.pool.query<{ id: string }>(
      'SELECT provider_capture_id AS id FROM payments WHERE order_id = $1',
      [order.order_id],
    );
    const made = await call(app, 'POST', `/sandbox/api/paypal/captures/${rows[0]?.id ?? ''}/refund`, { body: {} });
    expect(made.status, JSON.stringify(made.body)).to.equal(200);
    await app.simulator.idle();
    await eventually(async () => ((await orderNow(customer, order)).status === 'refunded' ? true : undefined));
    expect(await customer.subscription()).to.equal(null);
    expect(await customer.credits()).to.include({ available_credits: 0 });
  });

  it('takes each credit back once, when PayPal’s pages gave a part back and we give the rest', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const sql = 'SELECT provider_capture_id AS id FROM payments WHERE order_id = $1';
    const { rows } = await app.db.pool.query<{ id: string }>(sql, [order.order_id]);
    await call(app, 'POST', `/sandbox/api/paypal/captures/${rows[0]?.id ?? ''}/refund`, { body: { amount: '4.00' } });
    await app.simulator.idle();
    await eventually(async () =>
      (await orderNow(customer, order)).status === 'partially_refunded' ? true : undefined,
    );
    expect(await customer.credits()).to.include({ available_credits: 300 });
    expect(await refund(order)).to.include({ status: 'completed', creditsClawedBack: 300, creditsUnrecovered: 0 });
    expect(await customer.credits()).to.include({ available_credits: 0 });
  });

  it('gives back in parts, each with its share of the credits, and never more than was paid', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const part = (amountMinor: number) =>
      refundOrder(app.services, { orderId: order.order_id as string, amountMinor, reason: 'half of it', staff });
    const half = await previewRefund(app.services, order.order_id as string, { amountMinor: 500 });
    expect(half).to.include({ amountMinor: 500, creditsTakenBack: 250, isFull: false });
    expect(await part(500)).to.include({ status: 'completed', creditsClawedBack: 250 });
    expect(await orderNow(customer, order)).to.include({ status: 'partially_refunded', refunded_amount: '5.00' });
    for (const amount of [500, 0, -1, 1.5]) {
      expect(await part(amount).catch((error: unknown) => error)).to.include({ code: 'validation_failed' });
    }
    const both = await Promise.allSettled([part(300), part(300)]);
    expect(both.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    expect(await part(199)).to.include({ status: 'completed' });
    const now = await orderNow(customer, order);
    expect(now).to.include({ status: 'refunded', refunded_amount: '9.99' });
    expect(now.refunds).to.have.length(3);
    expect(await customer.credits()).to.include({ available_credits: 0 });
  });

  it('takes back a period that was bought ahead, and leaves the one that runs', async () => {
    const customer = await Client.register(app);
    await customer.buy({ plan_code: 'basic' });
    const before = await customer.subscription();
    const renewal = await customer.buy({ plan_code: 'basic' });
    await refund(renewal);
    expect(await customer.subscription()).to.include({ status: 'active', end_date: before?.end_date });
    expect(await customer.credits()).to.include({ available_credits: 500 });
  });
});
