import { expect } from 'chai';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import { checkBooks } from '../../src/billing/check-books.ts';
import { reconcile } from '../../src/billing/reconcile.ts';
import { providerOf, type Services } from '../../src/billing/services.ts';
import { ProviderUnavailable } from '../../src/payments/provider-errors.ts';
import type { PaymentProvider } from '../../src/payments/provider.ts';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, useApp, type Json } from '../support/app.ts';
import { runProgram } from '../support/start.ts';

describe('reconciliation with the gateway', function () {
  this.timeout(60_000);
  const app = useApp();

  beforeEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'webhook', fault: 'lost', times: 1000 } });
    // Out of sight: each test sees its own orders only.
    await sql(`UPDATE payments SET created_at = now() - interval '1 year'`);
    await sql('DELETE FROM incidents');
    await sql('TRUNCATE sandbox.paypal_orders CASCADE');
    // What earlier tests bent is straight again.
    await sql('DELETE FROM refunds');
    await sql('UPDATE payments p SET amount_minor = o.amount_minor FROM orders o WHERE o.id = p.order_id');
  });

  const sql = async (text: string, values: unknown[] = []): Promise<Json[]> =>
    (await app.db.pool.query<Json>(text, values)).rows;
  /** Of the comparison one by one; what the statement adds has a file of its own. */
  const run = async (options?: { days: number }, services: Services = app.services) => {
    const { compared, differences, settled, left } = await reconcile(services, options);
    return { compared, differences, settled, left };
  };
  const incidents = () =>
    sql(`SELECT split_part(key, ':', 4) AS aspect, subject_id, expected, found, amount_minor || ' ' || currency AS amount, status, occurrences, resolution
         FROM incidents WHERE kind = 'gateway_difference' ORDER BY key`);
  const paymentOf = async ({ order_id }: Json) => {
    const [payment] = await sql('SELECT * FROM payments WHERE order_id = $1', [order_id]);
    if (payment === undefined) throw new Error('no payment');
    return payment as { id: string; provider_capture_id: string; provider_order_id: string };
  };
  const bought = async (what: Json = { pack_code: 'pack-500' }) => {
    const customer = await Client.register(app);
    const order = await customer.buy(what);
    return { customer, order, payment: await paymentOf(order) };
  };
  const refundAtGateway = async (captureId: string, body: Json = {}) =>
    (await call(app, 'POST', `/sandbox/api/paypal/captures/${captureId}/refund`, { body })).body;
  const later = (ms: number) => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + ms));
  };
  const withPaypal = (changes: Partial<PaymentProvider>): Services => ({
    ...app.services,
    providers: new Map([['paypal', { ...providerOf(app.services, 'paypal'), ...changes }]]),
  });
  const nothing = { compared: 0, differences: 0, settled: 0, left: 0 };
  const one = { ...nothing, compared: 1, differences: 1 };

  it('says of a clean run how much of what it compared', async () => {
    const [{ payment }] = await Promise.all([bought(), bought({ plan_code: 'pro' }), bought({ plan_code: 'basic' })]);
    const customer = await Client.register(app);
    await customer.post('/payments/create-order', { pack_code: 'pack-500' });
    const made = await refundAtGateway(payment.provider_capture_id);
    await addRefund(payment, { amountMinor: 999, providerRefundId: made.id as string });
    const counts = { ...nothing, compared: 4, refunds: 1, transactions: 4, others: 0, unread: 0 };
    expect(await reconcile(app.services)).to.deep.equal(counts);
    expect((await call(app, 'POST', '/sandbox/api/jobs/reconcile/run')).body).to.deep.equal(counts);
    expect(await incidents()).to.deep.equal([]);
  });

  it('agrees about a refund of ours, and about a part of one', async () => {
    const { order, payment } = await bought();
    const [row] = await sql('SELECT currency FROM orders WHERE id = $1', [order.order_id]);
    const refund = await providerOf(app.services, 'paypal').refundCapture({
      requestId: newId(),
      captureId: payment.provider_capture_id,
      amountMinor: 400,
      currency: row?.currency as string,
      note: null,
    });
    await addRefund(payment, { amountMinor: 400, providerRefundId: refund.refundId });
    expect(await run()).to.deep.equal({ ...nothing, compared: 1 });
  });

  it('finds a payment that was given back at the gateway and of which the news was lost, until it is booked', async () => {
    const { payment } = await bought();
    const made = await refundAtGateway(payment.provider_capture_id);
    expect(await run()).to.deep.equal(one);
    await run();
    expect(await incidents()).to.deep.equal([
      {
        aspect: 'refund not booked',
        subject_id: payment.id,
        expected: '0.00 USD',
        found: '9.99 USD',
        amount: '999 USD',
        status: 'open',
        occurrences: 2,
        resolution: null,
      },
    ]);
    expect(await sql('SELECT id FROM refunds WHERE payment_id = $1', [payment.id])).to.deep.equal([]);

    await addRefund(payment, { amountMinor: 999, providerRefundId: made.id as string });
    expect(await run()).to.deep.equal({ ...nothing, compared: 1, settled: 1 });
    expect((await incidents())[0]).to.include({
      status: 'resolved',
      resolution: 'The gateway and our books agree again.',
    });
  });

  it('finds money that was taken back without a refund that the gateway lists', async () => {
    const { payment } = await bought();
    await call(app, 'POST', `/sandbox/api/paypal/captures/${payment.provider_capture_id}/reverse`, { body: {} });
    const silent = withPaypal({
      fetchOrder: async (id) => ({ ...(await providerOf(app.services, 'paypal').fetchOrder(id)), refunds: null }),
    });
    expect(await run({ days: 35 }, silent)).to.deep.equal(one);
    expect((await incidents())[0]).to.include({ aspect: 'refund not booked', found: '9.99 USD' });
  });

  it('finds a refund of ours that the gateway does not know, and one of another amount', async () => {
    const { payment } = await bought();
    await addRefund(payment, { amountMinor: 300, providerRefundId: '2GG279541U471931P' });
    expect(await run()).to.deep.equal(one);
    expect((await incidents())[0]).to.include({
      aspect: 'refund not made',
      expected: '3.00 USD',
      found: '0.00 USD (unknown)',
    });

    const made = await refundAtGateway(payment.provider_capture_id, { amount: '2.50' });
    await sql('UPDATE refunds SET provider_refund_id = $2 WHERE payment_id = $1', [payment.id, made.id]);
    expect(await run()).to.deep.equal({ ...one, settled: 1 });
    expect((await incidents()).map(({ aspect, status }) => [aspect, status])).to.deep.equal([
      ['refund amount', 'open'],
      ['refund not made', 'resolved'],
    ]);
  });

  it('takes a refund whose answer is still missing for the one at the gateway', async () => {
    const { payment } = await bought();
    const requestId = await addRefund(payment, { amountMinor: 250, providerRefundId: null, status: 'pending' });
    const captureId = payment.provider_capture_id;
    const ours = { requestId, captureId, amountMinor: 250, currency: 'USD', note: null };
    await providerOf(app.services, 'paypal').refundCapture(ours);
    expect(await run()).to.deep.equal({ ...nothing, compared: 1 });
    await refundAtGateway(payment.provider_capture_id, { amount: '2.50' });
    expect(await run()).to.deep.equal(one);
  });

  it('finds money that was taken and not booked, but leaves the last hour to the follow-up, and settles it', async () => {
    const customer = await Client.register(app);
    const { body: order } = await customer.post('/payments/create-order', { pack_code: 'pack-500' });
    await customer.approve(order);
    const { id, provider_order_id: providerOrderId } = await paymentOf(order);
    await providerOf(app.services, 'paypal').captureOrder({ providerOrderId, requestId: id });
    expect(await run()).to.deep.equal({ ...nothing, compared: 1 });
    later(2 * 3600_000);
    expect(await run()).to.deep.equal(one);
    expect((await incidents())[0]).to.include({
      aspect: 'captured, not paid',
      expected: 'pending',
      found: '9.99 USD',
    });
    await settlePayment(app.services, id);
    expect(await run()).to.deep.equal({ ...nothing, compared: 1, settled: 1 });
  });

  it('finds what is paid with us and was never taken', async () => {
    const { payment } = await bought();
    await sql('DELETE FROM sandbox.paypal_captures WHERE id = $1', [payment.provider_capture_id]);
    expect(await run()).to.deep.equal(one);
    expect((await incidents())[0]).to.include({
      aspect: 'paid, not captured',
      expected: '9.99 USD',
      found: 'nothing',
    });
  });

  it('finds another amount, and another capture, each by itself', async () => {
    const { payment } = await bought();
    await sql(`UPDATE payments SET amount_minor = 1, provider_capture_id = 'ELSEWHERE' WHERE id = $1`, [payment.id]);
    expect(await run()).to.deep.equal({ ...one, differences: 2 });
    expect((await incidents()).map(({ aspect, expected, found }) => [aspect, expected, found])).to.deep.equal([
      ['amount', '0.01 USD', '9.99 USD'],
      ['another capture', 'ELSEWHERE', payment.provider_capture_id],
    ]);
  });

  it('looks as far back as it is told, and at what is open however old it is', async () => {
    const { payment } = await bought();
    await refundAtGateway(payment.provider_capture_id);
    await sql(`UPDATE payments SET created_at = created_at - interval '40 days' WHERE id = $1`, [payment.id]);
    expect(await run()).to.deep.equal(nothing);
    expect(await run({ days: 45 })).to.deep.equal(one);
    expect(await run()).to.deep.equal(one);
  });

  it('gives up when the gateway is down, and begins the next time with what was left', async () => {
    for (let count = 0; count < 12; count += 1) await bought();
    const asked = new Set<string>();
    const fetchOrder = (id: string) => {
      asked.add(id);
      return Promise.reject(new ProviderUnavailable('paypal', 'NETWORK_ETIMEDOUT'));
    };
    expect(await run({ days: 35 }, withPaypal({ fetchOrder }))).to.deep.equal({ ...nothing, left: 12 });
    expect(asked.size).to.be.within(5, 7);

    const then: string[] = [];
    const counted = withPaypal({
      fetchOrder: (id) => {
        then.push(id);
        return providerOf(app.services, 'paypal').fetchOrder(id);
      },
    });
    expect(await run({ days: 35 }, counted)).to.deep.equal({ ...nothing, compared: 12 });
    // Three at once: neighbours may overtake each other.
    expect(then.slice(0, 10 - asked.size).filter((id) => asked.has(id))).to.deep.equal([]);
  });

  it('is run by hand with npm run reconcile, which fails when something differs', async () => {
    const { payment } = await bought();
    // The program reads the clock that the sandbox has stored; this test turned its own.
    await sql('UPDATE payments SET created_at = now() WHERE id = $1', [payment.id]);
    const env = { DATABASE_URL: app.db.url, PAYPAL_BASE_URL: `${app.url}/sandbox/paypal` };
    await sql(`UPDATE sandbox.paypal_captures SET created_at = now() - interval '1 hour'`);
    const clean = runProgram('scripts/reconcile.ts', ['--days', '7'], env);
    expect(await clean.ended, clean.stdout() + clean.stderr()).to.equal(0);
    expect(clean.stdout().split('\n')).to.deep.equal([
      'Payments compared with the gateway one by one: 1, and their refunds: 0.',
      "Lines read in the gateway's statement: 1, of which neither payment nor refund: 0.",
      `Books held against each other: ${(await checkBooks(app.services)).books}.`,
      'Differences with the gateway: 0; in the books: 0; settled since: 0.',
      '',
    ]);
    await refundAtGateway(payment.provider_capture_id);
    const differing = runProgram('scripts/reconcile.ts', ['--days', '7'], env);
    expect(await differing.ended).to.equal(1);
    expect(differing.stdout()).to.contain('Differences with the gateway: 1; in the books: 0; settled since: 0.\n');
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'statement', fault: 'forbidden' } });
    const blind = runProgram('scripts/reconcile.ts', ['--days', '7'], env);
    expect(await blind.ended).to.equal(1);
    expect(blind.stderr()).to.match(/^The statement could not be read/);
    const wrong = runProgram('scripts/reconcile.ts', ['--days', 'all'], env);
    expect(await wrong.ended).to.equal(1);
    expect(wrong.stderr()).to.match(/^Usage: npm run reconcile -- /);
  });

  /** A row of ours, as if staff had asked for it. */
  async function addRefund(
    payment: { id: string },
    {
      amountMinor,
      providerRefundId,
      status = 'completed',
    }: { amountMinor: number; providerRefundId: string | null; status?: string },
  ): Promise<string> {
    const id = newId();
    await sql(
      `INSERT INTO refunds (id, order_id, payment_id, provider, provider_refund_id, status, currency, amount_minor,
         reason, created_at, completed_at)
       SELECT $2, order_id, id, provider, $3, $4, currency, $5, 'test', $6,
         CASE WHEN $4 = 'completed' THEN $6::timestamptz END
       FROM payments WHERE id = $1`,
      [payment.id, id, providerRefundId, status, amountMinor, app.clock.now()],
    );
    return id;
  }
});
