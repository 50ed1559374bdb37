import { expect } from 'chai';
import { followUpDisputes } from '../../src/billing/follow-up-disputes.ts';
import { recordProviderRefund } from '../../src/billing/record-provider-refund.ts';
import { resetQuotas } from '../../src/billing/reset-quotas.ts';
import { providerOf } from '../../src/billing/services.ts';
import { closeBookedDisputes, settleDispute } from '../../src/billing/settle-dispute.ts';
import { call, Client, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { disputeActs } from '../support/disputes.ts';

describe('a dispute', function () {
  this.timeout(60_000);
  const app = useApp();
  const {
    loseWebhooks,
    captureOf,
    dispute,
    rowOf,
    incidentsOf,
    flagOf,
    spend,
    orderNow,
    unlisted,
    truthOf,
    tells,
    later,
  } = disputeActs(app);

  afterEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  it('sets apart what is left of the order’s credits, and nothing else', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await spend(customer, 120);
    const other = await customer.buy({ pack_code: 'pack-500' });
    const id = await dispute(order, { reason: 'UNAUTHORISED' });

    expect(await rowOf(id)).to.include({ status: 'open', amount_minor: 999, reason: 'UNAUTHORISED', closed_at: null });
    expect((await rowOf(id))?.respond_by).to.be.above(app.clock.now());
    expect(await flagOf(order)).to.be.an.instanceOf(Date);
    expect(await flagOf(other)).to.equal(null);
    expect(await customer.credits()).to.include({ available_credits: 500, held_credits: 380, used_credits: 120 });
    const short = await spend(customer, 501);
    expect(short.status).to.equal(402);
    expect(short.body).to.include({ code: 'insufficient_credits', available: 500 });
    expect((await spend(customer, 500)).status).to.equal(200);
    expect((await spend(customer, 1)).status).to.equal(402);
    expect((await incidentsOf(id))[0]).to.include({ kind: 'dispute_opened', status: 'open' });
  });

  it('that is won gives the credits back and settles its incident', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ plan_code: 'pro' });
    await spend(customer, 300);
    const id = await dispute(order);
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 1700 });
    await dispute(order, { outcome: 'won' });
    expect(await rowOf(id)).to.include({ status: 'won', outcome: 'RESOLVED_SELLER_FAVOUR' });
    expect(await customer.credits()).to.include({ available_credits: 1700, held_credits: 0 });
    expect(await flagOf(order)).to.equal(null);
    expect((await incidentsOf(id))[0]).to.include({ status: 'resolved' });
    expect((await spend(customer, 1700)).status).to.equal(200);
  });

  it('that is lost is booked like a refund: the credits are taken back and the plan ends', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ plan_code: 'pro' });
    await spend(customer, 300);
    const id = await dispute(order);
    await dispute(order, { outcome: 'lost' });
    expect(await rowOf(id)).to.include({ status: 'lost', outcome: 'RESOLVED_BUYER_FAVOUR', refunded_minor: 2999 });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
    expect(await customer.subscription()).to.equal(null);
    const now = await orderNow(customer, order);
    expect(now).to.include({ status: 'refunded', refunded_amount: '29.99' });
    expect(now.refunds).to.have.length(1);
    const sql = 'SELECT credits_clawed_back, credits_unrecovered FROM refunds WHERE order_id = $1';
    const { rows } = await app.db.pool.query<Json>(sql, [order.order_id]);
    expect(rows).to.deep.equal([{ credits_clawed_back: 1700, credits_unrecovered: 300 }]);
    expect(await flagOf(order)).to.equal(null);
    expect((await incidentsOf(id))[0]).to.include({ status: 'resolved' });
  });

  it('that is lost keeps the credits until the gateway names the refund, and the daily job asks again', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const id = await dispute(order);
    await loseWebhooks();
    await dispute(order, { outcome: 'lost' });
    expect(await settleDispute(unlisted(), 'paypal', id)).to.include({ status: 'lost_unbooked', closedAt: null });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 500 });
    expect(await flagOf(order)).to.be.an.instanceOf(Date);
    expect((await incidentsOf(id))[0]).to.include({ status: 'open', occurrences: 2 });
    await followUpDisputes(app.services);
    expect(await rowOf(id)).to.include({ status: 'lost' });
    expect(await orderNow(customer, order)).to.include({ status: 'refunded' });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
    expect((await incidentsOf(id))[0]).to.include({ status: 'resolved' });
  });

  it('that is lost is closed by the refund’s own webhook, where the gateway’s order does not list it', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const id = await dispute(order);
    await loseWebhooks();
    await dispute(order, { outcome: 'lost' });
    const services = unlisted();
    expect(await settleDispute(services, 'paypal', id)).to.include({ status: 'lost_unbooked' });
    const captureId = await captureOf(order);
    await closeBookedDisputes(services, 'paypal', captureId);
    expect(await rowOf(id)).to.include({ status: 'lost_unbooked' });
    const sql = 'SELECT id FROM sandbox.paypal_refunds WHERE capture_id = $1';
    const { rows } = await app.db.pool.query<{ id: string }>(sql, [captureId]);
    const refund = await providerOf(services, 'paypal').fetchRefund(rows[0]?.id ?? '');
    await recordProviderRefund(services, 'paypal', refund);
    await closeBookedDisputes(services, 'paypal', captureId);
    expect(await rowOf(id)).to.include({ status: 'lost' });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
  });

  it('about a part of the money takes its share of the frozen credits and gives the rest back at the end', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const id = await dispute(order);
    await loseWebhooks();
    const open = await truthOf(id);
    const told = { ...open, status: 'lost' as const, outcome: 'RESOLVED_BUYER_FAVOUR', refundedMinor: 400 };
    const part = {
      refundId: `PART${id}`,
      status: 'completed' as const,
      amountMinor: 400,
      currency: 'USD',
      reference: null,
      madeAt: null,
    };
    const fetchOrder = async (providerOrderId: string) => ({
      ...(await providerOf(app.services, 'paypal').fetchOrder(providerOrderId)),
      refunds: [{ ...part, captureId: open.captureId }],
    });
    const lost = await settleDispute(tells({ ...told, updatedAt: later(open) }, { fetchOrder }), 'paypal', id);
    expect(lost).to.include({ status: 'lost' });
    expect(await orderNow(customer, order)).to.include({ status: 'partially_refunded', refunded_amount: '4.00' });
    expect(await customer.credits()).to.include({ available_credits: 300, held_credits: 0 });
  });

  it('of a yearly plan freezes the months that come while it is open', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ plan_code: 'basic', subscription_type: 'yearly' });
    await dispute(order);
    const { quota_reset_date: next } = (await customer.subscription()) ?? {};
    app.clock.turnTo(new Date(new Date(next as string).getTime() + 1000));
    await resetQuotas(app.services);
    await customer.signIn();
    // The first month's have expired, and wait: what is held is not written off.
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 1000 });
    expect((await spend(customer, 1)).status).to.equal(402);
    await dispute(order, { outcome: 'won' });
    expect(await customer.credits()).to.include({ available_credits: 500, held_credits: 0 });
  });

  it('does not keep the credits of a plan that ends alive', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ plan_code: 'pro' });
    const id = await dispute(order);
    await customer.post('/subscriptions/current/cancel', { at_period_end: false });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
    await dispute(order, { outcome: 'won' });
    expect(await rowOf(id)).to.include({ status: 'won' });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
  });

  it('that is taken up again freezes again, and one that was lost and is won after all needs a person', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const id = await dispute(order);
    const open = await truthOf(id);
    await dispute(order, { outcome: 'won' });
    const won = await truthOf(id);
    const again = { ...open, updatedAt: later(won) };
    expect(await settleDispute(tells(again), 'paypal', id)).to.include({ status: 'open', closedAt: null });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 500 });
    expect((await incidentsOf(id))[0]).to.include({ status: 'open', occurrences: 2 });
    expect(await settleDispute(tells({ ...won, updatedAt: later(again) }), 'paypal', id)).to.include({ status: 'won' });
    expect(await customer.credits()).to.include({ available_credits: 500, held_credits: 0 });

    const second = await dispute(order);
    await dispute(order, { outcome: 'lost' });
    const lost = await truthOf(second);
    const reversed = { ...lost, status: 'won' as const, outcome: 'RESOLVED_SELLER_FAVOUR', updatedAt: later(lost) };
    await settleDispute(tells(reversed), 'paypal', second);
    const kinds = (await incidentsOf(second)).map(({ kind, status }) => [kind, status]);
    expect(kinds).to.deep.include(['dispute_reversed', 'open']);
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
  });
});

describe('a dispute where credits are not to be set apart', function () {
  this.timeout(60_000);
  const app = useApp({ config: { freezeDisputed: false } });

  const { dispute, flagOf, spend } = disputeActs(app);

  it('flags the order and leaves its credits to the customer until it is lost', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await dispute(order);
    expect(await flagOf(order)).to.be.an.instanceOf(Date);
    expect(await customer.credits()).to.include({ available_credits: 500, held_credits: 0 });
    expect((await spend(customer, 200)).status).to.equal(200);
    await dispute(order, { outcome: 'lost' });
    expect(await flagOf(order)).to.equal(null);
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
    await expectBalancedBooks(app.services);
  });
});
