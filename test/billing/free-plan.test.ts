import { expect } from 'chai';
import { call, Client, useApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

describe('the free plan', function () {
  this.timeout(60_000);
  const app = useApp();

  const start = (customer: Client, plan_code = 'free') => customer.post('/subscriptions', { plan_code });
  const turn = (advance: string) => call(app, 'POST', '/sandbox/api/clock', { body: { advance } });

  afterEach(() => expectBalancedBooks(app.services));

  it('is there for the asking, with credits every month and no end', async () => {
    const customer = await Client.register(app);
    expect(await customer.subscription()).to.equal(null);
    expect((await start(customer)).body).to.include({ plan_code: 'free', status: 'active', end_date: null });
    await customer.post('/credits/consume', { amount: 20, feature_type: 'image' });
    expect(await customer.credits()).to.include({ available_credits: 30, monthly_quota: 50, quota_used: 20 });
    await turn('P32D');
    await customer.signIn();
    expect(await customer.credits()).to.include({ available_credits: 50, quota_used: 0 });
  });

  it('gives no second quota to who leaves and comes back', async () => {
    const customer = await Client.register(app);
    await start(customer);
    await customer.post('/credits/consume', { amount: 50, feature_type: 'image' });
    await customer.post('/subscriptions/current/cancel', { at_period_end: false });
    expect(await customer.subscription()).to.equal(null);
    await start(customer);
    expect(await customer.credits()).to.include({ available_credits: 0, monthly_quota: 50 });
  });

  it('makes way for a plan that is paid', async () => {
    const customer = await Client.register(app);
    await start(customer);
    await customer.buy({ plan_code: 'pro' });
    expect(await customer.subscription()).to.include({ plan_code: 'pro' });
    expect(await customer.credits()).to.include({ available_credits: 2000, monthly_quota: 2000 });
    expect((await start(customer)).body).to.include({ status: 409, code: 'conflict' });
  });

  it('is not to be had under the name of one that costs money', async () => {
    const customer = await Client.register(app);
    expect((await start(customer, 'pro')).body).to.include({ status: 422, code: 'plan_unavailable' });
  });
});
