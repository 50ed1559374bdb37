import { expect } from 'chai';
import type { StaffActor } from '../../src/accounts/staff.ts';
import { adjustCredits } from '../../src/billing/adjust-credits.ts';
import { cancelSubscription } from '../../src/billing/cancel-subscription.ts';
import { reactivateUser, suspendUser } from '../../src/billing/suspend-user.ts';
import { newId } from '../../src/kit/ids.ts';
import { addApiKey, call, Client, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';

describe('what staff decide', function () {
  this.timeout(60_000);
  const app = useApp();
  let staff: StaffActor;

  before(async () => {
    staff = await addStaffActor(app);
  });
  afterEach(() => expectBalancedBooks(app.services));

  const auditOf = async (subjectId: string) =>
    (await app.db.pool.query<Json>('SELECT * FROM audit_log WHERE subject_id = $1 ORDER BY id', [subjectId])).rows;
  const adjust = (userId: string, amount: number, more: { reason?: string; requestId?: string } = {}) =>
    adjustCredits(app.services, { userId, amount, reason: 'goodwill', requestId: newId(), staff, ...more });

  it('credits are given and taken with a reason that stays on record', async () => {
    const customer = await Client.register(app);
    expect(await adjust(customer.id, 100)).to.deep.equal({ available: 100 });
    expect(await adjust(customer.id, -30)).to.deep.equal({ available: 70 });
    const entries = (await customer.get('/credits/transactions')).body.data as Json[];
    expect(
      entries.map(({ transaction_type, amount, description }) => [transaction_type, amount, description]),
    ).to.deep.equal([
      ['adjust', -30, 'goodwill'],
      ['adjust', 100, 'goodwill'],
    ]);
    const audit = await auditOf(customer.id);
    expect(audit.map(({ action, reason, after }) => [action, reason, after])).to.deep.equal([
      ['credits.adjust', 'goodwill', { amount: 100, available: 100 }],
      ['credits.adjust', 'goodwill', { amount: -30, available: 70 }],
    ]);
  });

  it('a form that is sent twice adjusts once', async () => {
    const customer = await Client.register(app);
    const [give, take] = [newId(), newId()];
    await Promise.all([give, give].map((requestId) => adjust(customer.id, 10, { requestId })));
    await Promise.all([take, take].map((requestId) => adjust(customer.id, -4, { requestId })));
    expect(await customer.credits()).to.include({ available_credits: 6 });
    expect(await auditOf(customer.id)).to.have.length(2);
  });

  for (const [what, amount, reason] of [
    ['nothing', 0, 'why'],
    ['a fraction', 0.5, 'why'],
    ['without a reason', 5, ' '],
    ['beyond the limit', 2_000_000_000, 'why'],
  ] as const) {
    it(`an adjustment is refused: ${what}`, async () => {
      const customer = await Client.register(app);
      const refusal = await adjust(customer.id, amount, { reason }).catch((error: unknown) => error);
      expect(refusal).to.include({ code: 'validation_failed' });
      expect(await auditOf(customer.id)).to.deep.equal([]);
    });
  }

  it('no more is taken than there is', async () => {
    const customer = await Client.register(app);
    await adjust(customer.id, 5);
    expect(await adjust(customer.id, -6).catch((error: unknown) => error)).to.include({ code: 'insufficient_credits' });
    expect(await customer.credits()).to.include({ available_credits: 5 });
  });

  it('a suspended customer is out everywhere, keeps what they have, and is let in again', async () => {
    const customer = await Client.register(app);
    await adjust(customer.id, 50);
    const decision = { userId: customer.id, reason: 'chargebacks', staff };
    await suspendUser(app.services, decision);
    const key = await addApiKey(app);
    const body = { user_id: customer.id, amount: 1, feature_type: 'image' };
    const attempts = [
      await customer.get('/credits'),
      await customer.post('/credits/consume', { amount: 1, feature_type: 'image' }),
      await call(app, 'POST', '/api/v1/credits/consume', { token: key, body }),
      await customer.post('/payments/create-order', { plan_code: 'pro' }),
      await call(app, 'POST', '/api/v1/auth/login', { body: { email: customer.email, password: customer.password } }),
    ];
    expect(attempts.map(({ status }) => status)).to.deep.equal([403, 403, 403, 403, 403]);
    const refresh = await call(app, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: customer.refreshToken } });
    expect(refresh.status).to.equal(401);

    await reactivateUser(app.services, { ...decision, reason: 'cleared up' });
    await customer.signIn();
    expect(await customer.credits()).to.include({ available_credits: 50 });
    expect((await auditOf(customer.id)).map(({ action }) => action).slice(1)).to.deep.equal([
      'user.suspend',
      'user.reactivate',
    ]);
    expect(await suspendUser(app.services, { ...decision, reason: '' }).catch((error: unknown) => error)).to.include({
      code: 'validation_failed',
    });
  });

  it('a subscription that is cancelled at once ends with its credits, and the customer is told', async () => {
    const customer = await Client.register(app);
    await customer.buy({ plan_code: 'pro' });
    await customer.buy({ pack_code: 'pack-500' });
    const by = { staff, reason: 'asked by mail' };
    const ended = await cancelSubscription(app.services, { userId: customer.id, atPeriodEnd: false, by });
    expect(ended.status).to.equal('cancelled');
    expect(await customer.subscription()).to.equal(null);
    expect(await customer.credits()).to.include({ available_credits: 500 });
    expect(await auditOf(ended.id)).to.have.length(1);
  });
});
