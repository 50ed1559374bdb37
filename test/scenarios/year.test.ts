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

  it('of Mona, who renews Pro each month three days before the end, and of 小红, who lets a year of Max lapse', async () => {
    const [mona, hong] = [
      await Client.register(app, { name: 'Mona' }),
      await Client.register(app, { name: '小红', locale: 'zh-CN' }),
    ];
    await mona.buy({ plan_code: 'pro' });
    await hong.buy({ plan_code: 'max', subscription_type: 'yearly' });
    await hong.buy({ pack_code: 'pack-2500' });
    const startOf = async (customer: Client) =>
      DateTime.fromISO((await customer.subscription())?.start_date as string, { zone: 'utc' });
    const [monas, hongs] = [await startOf(mona), await startOf(hong)];
    expect((await mona.subscription())?.end_date).to.equal(monas.plus({ months: 1 }).toISO());
    expect(await hong.credits()).to.include({ available_credits: 12_500 });
    const turnTo = async (time: DateTime) => {
      await turn({ set: time.toISO() });
      for (const customer of [mona, hong]) await customer.signIn();
    };

    for (let month = 1; month <= 12; month += 1) {
      await mona.post('/credits/consume', { amount: 100 + month, feature_type: 'image' });
      await hong.post('/credits/consume', { amount: 1000 * month, feature_type: 'image' });
      await turnTo(monas.plus({ months: month }).minus({ days: 3, minutes: -1 }));
      expect((await mona.buy({ plan_code: 'pro' })).kind).to.equal('renewal');
      expect(await mona.subscription()).to.include({
        status: 'active',
        end_date: monas.plus({ months: month + 1 }).toISO(),
      });
      // The month that was paid for ahead begins when it begins, not when it is paid.
      expect(await mona.credits()).to.include({ available_credits: 2000 - 100 - month, monthly_quota: 2000 });

      await turnTo(hongs.plus({ months: month, minutes: 1 }));
      expect(await mona.credits()).to.include({ available_credits: 2000, quota_used: 0 });
      await expectBalancedBooks(app.services);
      if (month === 12) break;
      // What the plan gave does not roll over; the pack pays only what the plan could not.
      const beyondQuota = Math.max(0, 1000 * month - 10_000);
      expect(await hong.credits()).to.include({ available_credits: 12_500 - beyondQuota, quota_used: 0 });
      expect((await hong.subscription())?.quota_reset_date).to.equal(hongs.plus({ months: month + 1 }).toISO());
    }

    const monasMails = await mona.mails();
    expect(count(monasMails, 'receipt')).to.equal(13);
    // Seven and three days before each end; renewed before the last day.
    expect(count(monasMails, 'renewal_reminder')).to.equal(24);
    expect(count(monasMails, 'subscription_expired')).to.equal(0);
    expect((await mona.get('/payments/orders?limit=100')).body.data).to.have.length(13);

    expect(await hong.subscription()).to.equal(null);
    // In the last month 12,000 was more than there was, and refused as a whole; what is left is the pack's.
    expect(await hong.credits()).to.include({ available_credits: 1500, monthly_quota: 0 });
    const hongsMails = await hong.mails();
    const reminders = hongsMails.filter(({ template }) => template === 'renewal_reminder');
    const daysBefore = reminders.map(({ sent_at }) =>
      Math.round(hongs.plus({ years: 1 }).diff(DateTime.fromISO(sent_at as string), 'days').days),
    );
    expect(daysBefore).to.deep.equal([1, 3, 7]);
    expect(count(hongsMails, 'subscription_expired')).to.equal(1);
    expect(hongsMails.every(({ locale }) => locale === 'zh-CN')).to.equal(true);
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
