import { expect } from 'chai';
import { DateTime } from 'luxon';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { runDueJobs } from '../../src/jobs/runner.ts';
import { call, Client, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';

describe('a customer who changes plans', function () {
  this.timeout(120_000);
  const app = useApp({ worker: false });

  afterEach(() => expectBalancedBooks(app.services));

  /** In one go, as after a pause of ours. */
  const leap = async (customer: Client, days: number) => {
    app.clock.turnTo(DateTime.fromJSDate(app.clock.now()).plus({ days }).toJSDate());
    await runDueJobs(app.services);
    await customer.signIn();
  };

  async function withPlan(what: Json): Promise<{ customer: Client; order: Json }> {
    const customer = await Client.register(app);
    return { customer, order: await customer.buy(what) };
  }

  const preview = async (customer: Client, plan: string, type = 'monthly') =>
    (await customer.get(`/subscriptions/current/change?plan_code=${plan}&subscription_type=${type}`)).body;
  const schedule = (customer: Client, plan: string, type = 'monthly') =>
    customer.post('/subscriptions/current/change', { plan_code: plan, subscription_type: type });
  const orderOf = async (customer: Client, { order_id }: Json) =>
    (await customer.get(`/payments/orders/${order_id as string}`)).body;

  describe('upwards', () => {
    it('pays the difference, has the new plan at once, and the order keeps the calculation', async () => {
      const { customer, order: basic } = await withPlan({ plan_code: 'basic' });
      await customer.post('/credits/consume', { amount: 120, feature_type: 'image' });
      await leap(customer, 7);
      const today = DateTime.fromJSDate(app.clock.now(), { zone: 'utc' });
      const days = today.minus({ days: 7 }).plus({ months: 1 }).diff(today.minus({ days: 7 })).as('days');
      const quoted = await preview(customer, 'pro');
      expect(quoted).to.include({ effective: 'now', price: '29.99', currency: 'USD', from_plan_code: 'basic' });
      const [line] = quoted.credits as Json[];
      expect(line).to.include({ order_no: basic.order_no, worth: '9.99', days: Math.round(days) });
      expect(Number(line?.days_left)).to.equal(Number(line?.days) - 7);
      const due = (Number(quoted.price) - Number(line?.credit)).toFixed(2);
      expect(quoted.amount_due).to.equal(due);

      const wrong = await customer.post('/payments/create-order', { plan_code: 'pro', amount: '29.99' });
      expect(wrong.body).to.include({ status: 422, code: 'amount_mismatch', expected_amount: due });
      const bought = await customer.buy({ plan_code: 'pro', amount: due });
      expect(bought).to.include({ kind: 'plan_change', amount: due, status: 'completed' });
      expect(bought.change).to.deep.equal({ ...pick(quoted), credits: quoted.credits });
      expect(await customer.subscription()).to.include({ plan_code: 'pro', status: 'active' });
      expect(await customer.credits()).to.include({ available_credits: 2000, monthly_quota: 2000, quota_used: 0 });
    }); // prettier-ignore

    it('moves from monthly to yearly of the same plan', async () => {
      const { customer } = await withPlan({ plan_code: 'pro' });
      const bought = await customer.buy({ plan_code: 'pro', subscription_type: 'yearly' });
      expect(bought).to.include({ kind: 'plan_change', amount: '269.01' });
      expect(await customer.subscription()).to.include({ plan_code: 'pro', subscription_type: 'yearly' });
    });

    it('counts periods that were bought ahead in full, and what counted towards a plan counts again', async () => {
      const { customer, order } = await withPlan({ plan_code: 'basic' });
      const ahead = await customer.buy({ plan_code: 'basic' });
      const pro = await customer.buy({ plan_code: 'pro' });
      expect(pro.amount).to.equal('10.01');
      const max = await customer.buy({ plan_code: 'max' });
      // 99.99 less the whole of Pro: what was paid and what counted towards it.
      expect(max.amount).to.equal('70.00');
      expect(((max.change as Json).credits as Json[])[0]).to.include({ worth: '29.99', credit: '29.99' });
      for (const one of [order, ahead, pro]) expect(await orderOf(customer, one)).to.include({ status: 'completed' });
    });

    it('is not offered for nothing: what costs less than what is left waits for the end of the period', async () => {
      const { customer } = await withPlan({ plan_code: 'basic', subscription_type: 'yearly' });
      expect(await preview(customer, 'pro')).to.include({ effective: 'period_end', amount_due: '29.99' });
      const refused = await customer.post('/payments/create-order', { plan_code: 'pro' });
      expect(refused.body).to.include({ status: 409, code: 'conflict' });
    });

    it('what counted towards a plan cannot be given back as well, until that plan is given back', async () => {
      const { customer, order: basic } = await withPlan({ plan_code: 'basic' });
      const pro = await customer.buy({ plan_code: 'pro' });
      const staff = await addStaffActor(app);
      const refund = (order: Json) => refundOrder(app.services, { orderId: order.order_id as string, reason: 'asked', staff });
      const refused: unknown = await refund(basic).catch((error: unknown) => error);
      expect(refused).to.include({ status: 409 });
      expect(await refund(pro)).to.include({ status: 'completed', amountMinor: 2000 });
      expect(await customer.subscription()).to.equal(null);
      expect(await refund(basic)).to.include({ status: 'completed', amountMinor: 999 });
    }); // prettier-ignore

    it('takes no money when what counts towards it changed while the buyer was at PayPal', async () => {
      const { customer, order: basic } = await withPlan({ plan_code: 'basic' });
      const created = (await customer.post('/payments/create-order', { plan_code: 'pro' })).body;
      await customer.approve(created);
      const staff = await addStaffActor(app);
      await refundOrder(app.services, { orderId: basic.order_id as string, amountMinor: 500, reason: 'asked', staff });
      const captured = await customer.post(`/payments/orders/${created.order_id as string}/capture`);
      expect(captured.body).to.include({ status: 409, code: 'order_not_payable' });
      expect(await orderOf(customer, created)).to.include({ status: 'cancelled', paid_at: null });
      expect(await customer.subscription()).to.include({ plan_code: 'basic' });
    });
  });

  describe('downwards', () => {
    it('notes it, keeps the running period, reminds of the new price, and begins it when it was paid', async () => {
      const { customer } = await withPlan({ plan_code: 'pro' });
      expect(await preview(customer, 'basic')).to.include({ effective: 'period_end', amount_due: '9.99' });
      expect((await customer.post('/payments/create-order', { plan_code: 'basic' })).body).to.include({ status: 409 });
      const scheduled = (await schedule(customer, 'basic')).body;
      const { end_date: end } = scheduled;
      expect(scheduled).to.include({ plan_code: 'pro', status: 'active' });
      expect(scheduled.scheduled_change).to.deep.equal({
        plan_code: 'basic',
        plan_name: 'Basic',
        subscription_type: 'monthly',
        amount: '9.99',
        currency: 'USD',
        effective_at: end,
        paid: false,
      });
      await leap(customer, 25);
      const bought = await customer.buy({ plan_code: 'basic', amount: '9.99' });
      expect(bought).to.include({ kind: 'plan_change', status: 'completed' });
      expect(await customer.subscription()).to.include({ plan_code: 'pro', status: 'active', end_date: end });
      expect(await customer.credits()).to.include({ available_credits: 2000 });
      const again = await customer.post('/payments/create-order', { plan_code: 'pro' });
      expect(again.body).to.include({ status: 409, code: 'conflict' });
      await leap(customer, 7);
      expect(await customer.subscription()).to.include({ plan_code: 'basic', status: 'active', start_date: end });
      expect(await customer.credits()).to.include({ available_credits: 500, monthly_quota: 500 });
      const mails = await customer.mails();
      const reminders = mails.filter(({ template }) => template === 'renewal_reminder');
      expect(reminders.map(({ subject }) => subject)).to.have.length(1);
      expect(String(reminders[0]?.text)).to.include('Basic');
      expect(mails.filter(({ template }) => template === 'subscription_expired')).to.have.length(0);
      await leap(customer, 32);
      expect(await customer.subscription()).to.equal(null);
    });

    it('takes it back in time, and then nothing has changed', async () => {
      const { customer } = await withPlan({ plan_code: 'pro' });
      await schedule(customer, 'basic');
      const created = (await customer.post('/payments/create-order', { plan_code: 'basic' })).body;
      await customer.approve(created);
      const kept = await call(app, 'DELETE', '/api/v1/subscriptions/current/change', { token: customer.token });
      expect(kept.body).to.include({ plan_code: 'pro', scheduled_change: null });
      const captured = await customer.post(`/payments/orders/${created.order_id as string}/capture`);
      expect(captured.body).to.include({ status: 409 });
      expect((await customer.buy({ plan_code: 'pro' })).kind).to.equal('renewal');
    });

    it('is taken back by paying for more of the same', async () => {
      const { customer } = await withPlan({ plan_code: 'pro' });
      await schedule(customer, 'basic');
      expect((await customer.buy({ plan_code: 'pro' })).kind).to.equal('renewal');
      expect(await customer.subscription()).to.include({ scheduled_change: null });
    });

    it('lets the plan end when nothing is paid', async () => {
      const { customer } = await withPlan({ plan_code: 'pro' });
      await schedule(customer, 'basic');
      await leap(customer, 32);
      expect(await customer.subscription()).to.equal(null);
    });

    it('gives back what was paid ahead, and upgrades count it in full', async () => {
      const [refunded, upgraded] = [await withPlan({ plan_code: 'pro' }), await withPlan({ plan_code: 'pro' })];
      for (const { customer } of [refunded, upgraded]) await schedule(customer, 'basic');
      const ahead = await refunded.customer.buy({ plan_code: 'basic' });
      const staff = await addStaffActor(app);
      await refundOrder(app.services, { orderId: ahead.order_id as string, reason: 'asked', staff });
      expect((await refunded.customer.subscription())?.scheduled_change).to.include({
        plan_code: 'basic',
        paid: false,
      });
      await upgraded.customer.buy({ plan_code: 'basic' });
      expect((await upgraded.customer.buy({ plan_code: 'max' })).amount).to.equal('60.01');
      expect(await upgraded.customer.subscription()).to.include({ plan_code: 'max', scheduled_change: null });
    });
  });

  it('keeps the price that was chosen, and a new price touches no running plan', async () => {
    const { customer } = await withPlan({ plan_code: 'pro' });
    await schedule(customer, 'basic');
    const { rows } = await app.db.pool.query<{ id: string }>(
      `UPDATE plan_prices SET is_active = false, archived_at = now() WHERE is_active AND subscription_type = 'monthly'
       AND currency = 'USD' AND plan_id IN (SELECT id FROM plans WHERE plan_code IN ('basic', 'pro')) RETURNING id`,
    );
    const restore = `UPDATE plan_prices SET is_active = true, archived_at = NULL WHERE id = ANY($1)`;
    try {
      expect((await customer.post('/payments/create-order', { plan_code: 'basic' })).body).to.include({ amount: '9.99' });
      expect((await customer.post('/payments/create-order', { plan_code: 'pro' })).body).to.include({ amount: '29.99' });
    } finally {
      await app.db.pool.query(restore, [rows.map(({ id }) => id)]);
    }
  }); // prettier-ignore

  it('is told why not: the plan they have, one that does not exist, none to change, or one without end', async () => {
    const { customer } = await withPlan({ plan_code: 'max', subscription_type: 'lifetime' });
    expect((await schedule(customer, 'basic')).body).to.include({ status: 409 });
    const { customer: pro } = await withPlan({ plan_code: 'pro' });
    expect((await schedule(pro, 'pro')).body).to.include({ status: 409 });
    expect((await schedule(pro, 'nope')).body).to.include({ status: 422, code: 'plan_unavailable' });
    expect((await schedule(pro, 'max')).body).to.include({ status: 409 });
    const nobody = await Client.register(app);
    expect((await schedule(nobody, 'pro')).body).to.include({ status: 404 });
  });
});

function pick({ from_plan_code, from_subscription_type, effective, price }: Json): Json {
  return { from_plan_code, from_subscription_type, effective, price };
}
