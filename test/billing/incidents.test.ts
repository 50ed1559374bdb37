import { expect } from 'chai';
import { askAboutPayment } from '../../src/billing/ask-gateway.ts';
import { checkBooks } from '../../src/billing/check-books.ts';
import { followUpPayments } from '../../src/billing/follow-up.ts';
import { resolveIncident } from '../../src/billing/resolve-incident.ts';
import { addStaffActor } from '../support/staff.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

describe('incidents', function () {
  this.timeout(60_000);
  const app = useApp();

  const incidentsOf = async (subjectId: string): Promise<Json[]> => {
    const sql = 'SELECT * FROM incidents WHERE subject_id = $1 ORDER BY id';
    return (await app.db.pool.query<Json>(sql, [subjectId])).rows;
  };
  const captureOf = async (order: Json): Promise<string> => {
    const sql = 'SELECT provider_capture_id AS id FROM payments WHERE order_id = $1';
    return (await app.db.pool.query<{ id: string }>(sql, [order.order_id])).rows[0]?.id ?? '';
  };

  it('say that money came which was not what was asked for, and nothing is handed over', async () => {
    const customer = await Client.register(app);
    const { body: order } = await customer.post('/payments/create-order', { plan_code: 'pro' });
    // Somebody with access to our database, or a mistake of ours: the order asks for less than PayPal was told.
    await app.db.pool.query('UPDATE payments SET amount_minor = 1 WHERE order_id = $1', [order.order_id]);
    await customer.approve(order);
    await customer.post(`/payments/orders/${order.order_id as string}/capture`);
    expect(await customer.credits()).to.include({ available_credits: 0 });
    expect((await incidentsOf(order.order_id as string))[0]).to.include({
      kind: 'capture_mismatch',
      status: 'open',
      expected: '0.01 USD',
      found: '29.99 USD',
    });
    const mails = await customer.mails();
    expect(mails.filter(({ template }) => template === 'receipt')).to.deep.equal([]);
  });

  it('say that a payment was held for 14 days, after which only staff ask', async () => {
    const customer = await Client.register(app);
    const { body: order } = await customer.post('/payments/create-order', { plan_code: 'pro' });
    const fault = { on: 'capture', fault: 'pending', times: 1, order_id: order.provider_order_id };
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: fault });
    await customer.approve(order);
    await customer.post(`/payments/orders/${order.order_id as string}/capture`);
    for (const days of [13, 2, 1, 10]) {
      app.clock.turnTo(new Date(app.clock.now().getTime() + days * 24 * 3600_000));
      await followUpPayments(app.services);
    }
    expect(
      (await incidentsOf(order.order_id as string)).map(({ kind, occurrences }) => [kind, occurrences]),
    ).to.deep.equal([['payment_unresolved', 1]]);
    await call(app, 'POST', `/sandbox/api/paypal/captures/${await captureOf(order)}/complete`);
    app.clock.turnTo(new Date(app.clock.now().getTime() + 24 * 3600_000));
    expect(await followUpPayments(app.services)).to.deep.equal({ asked: 0, unanswered: 0 });
    const staff = await addStaffActor(app);
    const { rows } = await app.db.pool.query<{ id: string }>('SELECT id FROM payments WHERE order_id = $1', [
      order.order_id,
    ]);
    const question = { id: rows[0]?.id ?? '', reason: 'the customer wrote', staff };
    expect(await askAboutPayment(app.services, question)).to.include({ outcome: 'completed' });
    await customer.signIn();
    expect(await customer.credits()).to.include({ available_credits: 2000 });
    expect((await incidentsOf(order.order_id as string))[0]).to.include({ status: 'resolved' });
    await expectBalancedBooks(app.services);
  });

  it('say that a buyer disputes a payment', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    const capture = await captureOf(order);
    await call(app, 'POST', `/sandbox/api/paypal/captures/${capture}/dispute`, { body: {} });
    await app.simulator.idle();
    const sql = `SELECT kind, status, summary FROM incidents WHERE details->>'capture' = $1`;
    const incident = await eventually(async () => (await app.db.pool.query<Json>(sql, [capture])).rows[0]);
    expect(incident).to.include({ kind: 'dispute_opened', status: 'open' });
    expect(incident.summary).to.contain(order.order_no);
  });

  it('are one row however often they are seen, and open again when they come back', async () => {
    const customer = await Client.register(app);
    const damage = (by: number) =>
      app.db.pool.query('UPDATE credit_balances SET available = available + $2 WHERE user_id = $1', [customer.id, by]);
    await damage(5);
    const run = () => checkBooks(app.services).catch((error: unknown) => String(error));
    expect(await run()).to.contain('ledger = balance');
    await run();
    const [first] = await incidentsOf(customer.id);
    expect(first).to.include({ kind: 'books_difference', occurrences: 2, expected: '5', found: '0' });

    const staff = await addStaffActor(app);
    const blank = resolveIncident(app.services, { incidentId: first?.id as string, reason: ' ', staff });
    expect(await blank.catch((error: unknown) => error)).to.include({ code: 'validation_failed' });
    await resolveIncident(app.services, { incidentId: first?.id as string, reason: 'tried by hand', staff });
    expect((await incidentsOf(customer.id))[0]).to.include({ status: 'resolved', resolution: 'tried by hand' });
    await run();
    expect((await incidentsOf(customer.id))[0]).to.include({ status: 'open', occurrences: 3, resolution: null });
    await damage(-5);
    expect(await checkBooks(app.services)).to.include({ differences: 0 });
  });
});
