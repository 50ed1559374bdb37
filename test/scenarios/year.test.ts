import { expect } from 'chai';
import { DateTime } from 'luxon';
import { call, Client, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

describe('a year in the life', function () {
  this.timeout(120_000);
  const app = useApp();

  const turn = async (body: Json) => {
    const answer = await call(app, 'POST', '/sandbox/api/clock', { body });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
  };
  const count = (mails: Json[], template: string) => mails.filter((mail) => mail.template === template).length;

  it('of a Pro monthly customer, who renews each month three days before the end', async () => {
    const customer = await Client.register(app, { name: 'Mona' });
    await customer.buy({ plan_code: 'pro' });
    const first = await customer.subscription();
    const anchor = DateTime.fromISO(first?.start_date as string, { zone: 'utc' });
    expect(first?.end_date).to.equal(anchor.plus({ months: 1 }).toISO());

    for (let month = 1; month <= 12; month += 1) {
      await customer.post('/credits/consume', { amount: 100 + month, feature_type: 'image' });
      await turn({ set: anchor.plus({ months: month }).minus({ days: 3, minutes: -1 }).toISO() });
      await customer.signIn();
      const renewed = await customer.buy({ plan_code: 'pro' });
      expect(renewed.kind).to.equal('renewal');
      expect(await customer.subscription()).to.include({
        status: 'active',
        end_date: anchor.plus({ months: month + 1 }).toISO(),
      });
      // The month that was paid for ahead begins when it begins, not when it is paid.
      expect(await customer.credits()).to.include({ available_credits: 2000 - 100 - month, monthly_quota: 2000 });
      await turn({ set: anchor.plus({ months: month, minutes: 1 }).toISO() });
      await customer.signIn();
      expect(await customer.credits()).to.include({ available_credits: 2000, quota_used: 0 });
      await expectBalancedBooks(app.services);
    }

    const mails = await customer.mails();
    expect(count(mails, 'receipt')).to.equal(13);
    // Seven and three days before each end; renewed before the last day.
    expect(count(mails, 'renewal_reminder')).to.equal(24);
    expect(count(mails, 'subscription_expired')).to.equal(0);
    const orders = (await customer.get('/payments/orders?limit=100')).body.data as Json[];
    expect(orders).to.have.length(13);
  });

  it('of a Max yearly customer, whose credits come every month and who lets it lapse', async () => {
    const customer = await Client.register(app, { name: '小红', locale: 'zh-CN' });
    await customer.buy({ plan_code: 'max', subscription_type: 'yearly' });
    await customer.buy({ pack_code: 'pack-2500' });
    const anchor = DateTime.fromISO((await customer.subscription())?.start_date as string, { zone: 'utc' });
    expect(await customer.credits()).to.include({ available_credits: 12_500 });

    for (let month = 1; month < 12; month += 1) {
      await customer.post('/credits/consume', { amount: 1000 * month, feature_type: 'image' });
      await turn({ set: anchor.plus({ months: month, minutes: 1 }).toISO() });
      await customer.signIn();
      // What the plan gave does not roll over; the pack pays only what the plan could not.
      const beyondQuota = Math.max(0, 1000 * month - 10_000);
      expect(await customer.credits()).to.include({ available_credits: 12_500 - beyondQuota, quota_used: 0 });
      expect((await customer.subscription())?.quota_reset_date).to.equal(anchor.plus({ months: month + 1 }).toISO());
      await expectBalancedBooks(app.services);
    }

    await turn({ set: anchor.plus({ years: 1, minutes: 1 }).toISO() });
    await customer.signIn();
    expect(await customer.subscription()).to.equal(null);
    expect(await customer.credits()).to.include({ available_credits: 1500, monthly_quota: 0 });
    const mails = await customer.mails();
    const reminders = mails.filter(({ template }) => template === 'renewal_reminder');
    const daysBefore = reminders.map(({ sent_at }) =>
      Math.round(anchor.plus({ years: 1 }).diff(DateTime.fromISO(sent_at as string), 'days').days),
    );
    expect(daysBefore).to.deep.equal([1, 3, 7]);
    expect(count(mails, 'subscription_expired')).to.equal(1);
    expect(mails.every(({ locale }) => locale === 'zh-CN')).to.equal(true);
    await expectBalancedBooks(app.services);
  });

  it('begins anew after it lapsed: paying again starts from that day', async () => {
    const customer = await Client.register(app);
    await customer.buy({ plan_code: 'basic' });
    await turn({ advance: 'P40D' });
    await customer.signIn();
    expect(await customer.subscription()).to.equal(null);
    const order = await customer.buy({ plan_code: 'basic' });
    expect(order.kind).to.equal('subscription');
    const subscription = await customer.subscription();
    const start = DateTime.fromISO(subscription?.start_date as string, { zone: 'utc' });
    expect(Math.abs(start.diff(DateTime.fromJSDate(app.clock.now())).as('minutes'))).to.be.below(1);
    expect(subscription?.end_date).to.equal(start.plus({ months: 1 }).toISO());
    expect(await customer.credits()).to.include({ available_credits: 500 });
    await expectBalancedBooks(app.services);
  });

  it('of who cancels: no reminder, the end comes, and resuming in time undoes it', async () => {
    const [leaving, staying] = [await Client.register(app), await Client.register(app)];
    for (const customer of [leaving, staying]) {
      await customer.buy({ plan_code: 'basic' });
      const cancelled = await customer.post('/subscriptions/current/cancel');
      expect(cancelled.body).to.include({ cancel_at_period_end: true, status: 'active' });
    }
    expect((await staying.post('/subscriptions/current/resume')).body).to.include({ cancel_at_period_end: false });
    await turn({ advance: 'P29D' });
    for (const customer of [leaving, staying]) await customer.signIn();
    expect(count(await leaving.mails(), 'renewal_reminder')).to.equal(0);
    expect(count(await staying.mails(), 'renewal_reminder')).to.be.above(0);
    await turn({ advance: 'P3D' });
    await leaving.signIn();
    expect(await leaving.subscription()).to.equal(null);
    expect(await leaving.credits()).to.include({ available_credits: 0 });
    await expectBalancedBooks(app.services);
  });
});
