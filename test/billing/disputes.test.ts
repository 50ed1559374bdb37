import { expect } from 'chai';
import { followUpDisputes } from '../../src/billing/follow-up-disputes.ts';
import { previewRefund, refundOrder } from '../../src/billing/refund-order.ts';
import { resetQuotas } from '../../src/billing/reset-quotas.ts';
import { providerOf, type Services } from '../../src/billing/services.ts';
import { settleDispute } from '../../src/billing/settle-dispute.ts';
import type { PaymentProvider, ProviderDispute } from '../../src/payments/provider.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';

describe('a dispute', function () {
  this.timeout(60_000);
  const app = useApp();

  afterEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  const control = async (path: string, body: Json = {}) => {
    const answer = await call(app, 'POST', `/sandbox/api/paypal${path}`, { body });
    expect(answer.status, JSON.stringify(answer.body)).to.be.below(300);
    return answer.body;
  };
  const loseWebhooks = () => control('/faults', { on: 'webhook', fault: 'lost', times: 100 });
  const captureOf = async ({ order_id }: Json): Promise<string> => {
    const sql = 'SELECT provider_capture_id AS id FROM payments WHERE order_id = $1';
    return (await app.db.pool.query<{ id: string }>(sql, [order_id])).rows[0]?.id ?? '';
  };
  /** What PayPal does, and we have heard of it as far as it tells. → the dispute's id at PayPal */
  const dispute = async (order: Json, body: Json = {}): Promise<string> => {
    const { id } = await control(`/captures/${await captureOf(order)}/dispute`, body);
    await webhooksHandled();
    return id as string;
  };
  const webhooksHandled = async () => {
    await app.simulator.idle();
    await eventually(async () => {
      const sql = 'SELECT count(*) AS open FROM provider_events WHERE handled_at IS NULL';
      const { rows } = await app.db.pool.query<{ open: number }>(sql);
      return rows[0]?.open === 0 ? true : undefined;
    });
  };
  const rowOf = async (disputeId: string): Promise<Json | undefined> =>
    (await app.db.pool.query<Json>('SELECT * FROM disputes WHERE provider_dispute_id = $1', [disputeId])).rows[0];
  const incidentsOf = async (disputeId: string): Promise<Json[]> => {
    const sql = `SELECT i.* FROM incidents i JOIN disputes d ON d.id::text = i.subject_id
      WHERE d.provider_dispute_id = $1 ORDER BY i.id`;
    return (await app.db.pool.query<Json>(sql, [disputeId])).rows;
  };
  const flagOf = async ({ order_id }: Json) => {
    const { rows } = await app.db.pool.query<Json>('SELECT disputed_at FROM orders WHERE id = $1', [order_id]);
    return rows[0]?.disputed_at;
  };
  const spend = (customer: Client, amount: number) =>
    customer.post('/credits/consume', { amount, feature_type: 'image' });
  const orderNow = async (customer: Client, order: Json) =>
    (await customer.get(`/payments/orders/${order.order_id as string}`)).body;
  const withPaypal = (changes: Partial<PaymentProvider>): Services => ({
    ...app.services,
    providers: new Map([['paypal', { ...providerOf(app.services, 'paypal'), ...changes }]]),
  });
  const truthOf = (disputeId: string) => providerOf(app.services, 'paypal').fetchDispute(disputeId);
  const tells = (told: ProviderDispute, changes: Partial<PaymentProvider> = {}) =>
    withPaypal({ fetchDispute: () => Promise.resolve(told), ...changes });
  const later = ({ updatedAt }: ProviderDispute) => new Date(updatedAt.getTime() + 1000);

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
    const silent = withPaypal({
      fetchOrder: async (providerOrderId) => ({
        ...(await providerOf(app.services, 'paypal').fetchOrder(providerOrderId)),
        refunds: [],
      }),
    });
    expect(await settleDispute(silent, 'paypal', id)).to.include({ status: 'lost_unbooked', closedAt: null });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 500 });
    expect(await flagOf(order)).to.be.an.instanceOf(Date);
    expect((await incidentsOf(id))[0]).to.include({ status: 'open', occurrences: 2 });
    await followUpDisputes(app.services);
    expect(await rowOf(id)).to.include({ status: 'lost' });
    expect(await orderNow(customer, order)).to.include({ status: 'refunded' });
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
    expect((await incidentsOf(id))[0]).to.include({ status: 'resolved' });
  });

  it('about a part of the money takes its share of the frozen credits and gives the rest back at the end', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const id = await dispute(order);
    await loseWebhooks();
    const open = await truthOf(id);
    const told = { ...open, status: 'lost' as const, outcome: 'RESOLVED_BUYER_FAVOUR', refundedMinor: 400 };
    const part = { refundId: `PART${id}`, status: 'completed' as const, amountMinor: 400, currency: 'USD' };
    const fetchOrder = async (providerOrderId: string) => ({
      ...(await providerOf(app.services, 'paypal').fetchOrder(providerOrderId)),
      refunds: [{ ...part, captureId: open.captureId }],
    });
    const lost = await settleDispute(tells({ ...told, updatedAt: later(open) }, { fetchOrder }), 'paypal', id);
    expect(lost).to.include({ status: 'lost' });
    expect(await orderNow(customer, order)).to.include({ status: 'partially_refunded', refunded_amount: '4.00' });
    expect(await customer.credits()).to.include({ available_credits: 300, held_credits: 0 });
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

  it('sees a month that begins at the same moment, whichever of the two comes first', async () => {
    await loseWebhooks();
    const bought = await Promise.all(
      Array.from({ length: 6 }, async () => {
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

  it('keeps staff from refunding the order, and says why', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await dispute(order);
    const staff = await addStaffActor(app);
    const orderId = order.order_id as string;
    for (const attempt of [
      previewRefund(app.services, orderId),
      refundOrder(app.services, { orderId, reason: 'asked', staff }),
    ]) {
      const refusal = await attempt.catch((error: unknown) => error);
      expect(refusal).to.include({ code: 'conflict' });
      expect(String(refusal)).to.contain('disputes');
    }
    await dispute(order, { outcome: 'won' });
    expect(await refundOrder(app.services, { orderId, reason: 'asked', staff })).to.include({ status: 'completed' });
  });

  it('is written to owners and finance, each in their language, and to nobody else', async () => {
    const roles = ['owner', 'finance', 'support', 'viewer', 'owner'] as const;
    const team = await Promise.all(roles.map((role) => addStaffActor(app, role)));
    const ids = team.map(({ staffId }) => staffId);
    await app.db.pool.query(`UPDATE staff SET locale = 'zh-CN' WHERE id = $1`, [ids[1]]);
    await app.db.pool.query(`UPDATE staff SET status = 'disabled' WHERE id = $1`, [ids[4]]);
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await control('/faults', { on: 'webhook', fault: 'duplicate', times: 1 });
    const id = await dispute(order, { reason: 'UNAUTHORISED' });
    const sql =
      'SELECT staff.id, count(emails.id) AS mails FROM staff LEFT JOIN emails ON to_address = email GROUP BY 1';
    const { rows } = await app.db.pool.query<{ id: string; mails: number }>(sql);
    const counts = new Map(rows.map((row) => [row.id, row.mails]));
    expect(ids.map((staffId) => counts.get(staffId))).to.deep.equal([1, 1, 0, 0, 0]);

    const mailTo = async (staffId: string | undefined) => {
      const found = await app.db.pool.query<{ email: string }>('SELECT email FROM staff WHERE id = $1', [staffId]);
      const path = `/sandbox/api/mail?to=${encodeURIComponent(found.rows[0]?.email ?? '')}`;
      return eventually(async () => ((await call(app, 'GET', path)).body as unknown as Json[])[0]);
    };
    const english = await mailTo(ids[0]);
    const panel = `${app.url}/admin/resources/disputes/records/${(await rowOf(id))?.id as string}/show`;
    for (const part of [order.order_no as string, '$9.99', 'UNAUTHORISED', 'Answer before', panel]) {
      expect(english.text).to.contain(part);
    }
    expect((await mailTo(ids[1])).text)
      .to.contain('争议')
      .and.to.contain('答复期限');
  });
});

describe('a dispute where credits are not to be set apart', function () {
  this.timeout(60_000);
  const app = useApp({ config: { freezeDisputed: false } });

  it('flags the order and leaves its credits to the customer until it is lost', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const sql = `SELECT provider_capture_id AS capture, disputed_at FROM payments p JOIN orders o ON o.id = p.order_id
      WHERE o.id = $1`;
    const read = async () => (await app.db.pool.query<Json>(sql, [order.order_id])).rows[0] ?? {};
    const path = `/sandbox/api/paypal/captures/${(await read()).capture as string}/dispute`;
    await call(app, 'POST', path, { body: {} });
    await eventually(async () => ((await read()).disputed_at === null ? undefined : true));
    expect(await customer.credits()).to.include({ available_credits: 500, held_credits: 0 });
    const spent = await customer.post('/credits/consume', { amount: 200, feature_type: 'image' });
    expect(spent.status).to.equal(200);
    await call(app, 'POST', path, { body: { outcome: 'lost' } });
    await eventually(async () => ((await read()).disputed_at === null ? true : undefined));
    expect(await customer.credits()).to.include({ available_credits: 0, held_credits: 0 });
    await expectBalancedBooks(app.services);
  });
});
