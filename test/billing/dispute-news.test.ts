import { expect } from 'chai';
import { followUpDisputes } from '../../src/billing/follow-up-disputes.ts';
import { resetQuotas } from '../../src/billing/reset-quotas.ts';
import { providerOf } from '../../src/billing/services.ts';
import { settleDispute } from '../../src/billing/settle-dispute.ts';
import { call, Client, eventually, useApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { disputeActs } from '../support/disputes.ts';

describe('news of a dispute', function () {
  this.timeout(60_000);
  const app = useApp();
  const { control, loseWebhooks, dispute, webhooksHandled, rowOf, orderNow, truthOf, tells } = disputeActs(app);

  afterEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  it('has one outcome when its webhooks come twice, late, and in the wrong order', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await control('/faults', { on: 'webhook', fault: 'delayed', times: 1 });
    await control('/faults', { on: 'webhook', fault: 'duplicate', times: 2 });
    const id = await dispute(order);
    expect(await rowOf(id)).to.equal(undefined);
    await dispute(order, { outcome: 'lost' });
    expect(await rowOf(id)).to.include({ status: 'lost' });
    app.clock.turnTo(new Date(app.clock.now().getTime() + 2 * 60_000));
    await webhooksHandled();
    const sql = `SELECT count(*) AS count FROM provider_events WHERE type = 'CUSTOMER.DISPUTE.CREATED' AND outcome LIKE $1`;
    const late = `dispute ${(await rowOf(id))?.id as string} is lost`;
    await eventually(async () =>
      (await app.db.pool.query<{ count: number }>(sql, [late])).rows[0]?.count === 1 ? true : undefined,
    );
    await customer.signIn();
    const now = await orderNow(customer, order);
    expect(now).to.include({ status: 'refunded' });
    expect(now.refunds).to.have.length(1);
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
  });

  it('keeps a change of plan for the end of the period, for nobody knows what is left of the money', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ plan_code: 'basic' });
    const preview = async () =>
      (await customer.get('/subscriptions/current/change?plan_code=pro&subscription_type=monthly')).body;
    expect(await preview()).to.include({ effective: 'now' });
    await dispute(order);
    expect(await preview()).to.include({ effective: 'period_end', amount_due: '29.99' });
    const refused = await customer.post('/payments/create-order', { plan_code: 'pro' });
    expect(refused.body).to.include({ status: 409 });
    expect(await customer.subscription()).to.include({ plan_code: 'basic', status: 'active' });
    await dispute(order, { outcome: 'won' });
    expect(await preview()).to.include({ effective: 'now' });
    expect((await customer.buy({ plan_code: 'pro' })).kind).to.equal('plan_change');
  });

  it('is not opened again by an answer that is older than what we know', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const id = await dispute(order);
    const before = await truthOf(id);
    await dispute(order, { outcome: 'won' });
    await settleDispute(tells(before), 'paypal', id);
    expect(await rowOf(id)).to.include({ status: 'won' });
    expect(await customer.credits()).to.include({ available_credits: 500, held_credits: 0 });
  });

  it('comes out the same when ten ask about it at once', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ plan_code: 'basic' });
    await loseWebhooks();
    const id = await dispute(order);
    await Promise.all(Array.from({ length: 10 }, () => settleDispute(app.services, 'paypal', id)));
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 500 });
    await dispute(order, { outcome: 'lost' });
    await Promise.all(Array.from({ length: 10 }, () => settleDispute(app.services, 'paypal', id)));
    expect(await rowOf(id)).to.include({ status: 'lost' });
    expect((await orderNow(customer, order)).refunds).to.have.length(1);
    expect(await customer.subscription()).to.equal(null);
    const unmatched = await app.db.pool.query(`SELECT FROM incidents WHERE kind = 'refund_unmatched'`);
    expect(unmatched.rowCount).to.equal(0);
  });

  it('of which every webhook was lost is found by the daily job', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await loseWebhooks();
    const id = await dispute(order);
    expect(await customer.credits()).to.include({ available_credits: 500 });
    await followUpDisputes(app.services);
    expect(await rowOf(id)).to.include({ status: 'open' });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 500 });
    await dispute(order, { outcome: 'lost' });
    await followUpDisputes(app.services);
    expect(await rowOf(id)).to.include({ status: 'lost' });
    expect(await orderNow(customer, order)).to.include({ status: 'refunded' });
  });

  it('that overtakes the news of its payment is about an order that is paid', async () => {
    const customer = await Client.register(app);
    await loseWebhooks();
    const order = (await customer.post('/payments/create-order', { pack_code: 'pack-500' })).body;
    await customer.approve(order);
    const sql = 'SELECT id, provider_order_id FROM payments WHERE order_id = $1';
    const { rows } = await app.db.pool.query<{ id: string; provider_order_id: string }>(sql, [order.order_id]);
    const { id: requestId = '', provider_order_id: providerOrderId = '' } = rows[0] ?? {};
    const { capture } = await providerOf(app.services, 'paypal').captureOrder({ providerOrderId, requestId });
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await control(`/captures/${capture?.captureId ?? ''}/dispute`);
    await webhooksHandled();
    expect(await orderNow(customer, order)).to.include({ status: 'completed' });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 500 });
  });

  it('sees a month that begins at the same moment, whichever of the two comes first', async () => {
    await loseWebhooks();
    const bought = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const customer = await Client.register(app);
        return { customer, order: await customer.buy({ plan_code: 'basic', subscription_type: 'yearly' }) };
      }),
    );
    const { quota_reset_date: next } = (await bought.at(-1)?.customer.subscription()) ?? {};
    app.clock.turnTo(new Date(new Date(next as string).getTime() + 1000));
    const ids = await Promise.all(bought.map(({ order }) => dispute(order)));
    await Promise.all([resetQuotas(app.services), ...ids.map((id) => settleDispute(app.services, 'paypal', id))]);
    for (const { customer } of bought) {
      await customer.signIn();
      expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 500 });
    }
  });
});
