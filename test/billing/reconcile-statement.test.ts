import { expect } from 'chai';
import { reconcile } from '../../src/billing/reconcile.ts';
import { call, Client, useApp, type Json } from '../support/app.ts';

/** The other direction: what stands in the gateway's statement, and what should stand there. */
describe('reconciliation with the gateway’s statement', function () {
  this.timeout(60_000);
  const app = useApp();

  beforeEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await fault('webhook', 'lost', 1000);
    // Each test sees its own orders only.
    await sql(`UPDATE payments SET created_at = now() - interval '1 year', completed_at = now() - interval '1 year'
               WHERE status = 'completed'`);
    await sql('DELETE FROM incidents');
    await sql('TRUNCATE sandbox.paypal_orders CASCADE');
  });

  const sql = async (text: string, values: unknown[] = []): Promise<Json[]> =>
    (await app.db.pool.query<Json>(text, values)).rows;
  const fault = (on: string, name: string, times = 1) =>
    call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on, fault: name, times } });
  const incidents = () =>
    sql(`SELECT split_part(key, ':', 4) AS aspect, subject_type, expected, found, amount_minor, currency, status, occurrences
         FROM incidents WHERE kind = 'gateway_difference' ORDER BY key`);
  const bought = async () => (await Client.register(app)).buy({ pack_code: 'pack-500' });
  const captureOf = async ({ order_id }: Json) =>
    (await sql('SELECT provider_capture_id AS id FROM payments WHERE order_id = $1', [order_id]))[0]?.id as string;
  const later = (hours: number) => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + hours * 3600_000));
  };

  it('finds money of which our books know nothing, once, and says how much', async () => {
    await bought();
    await call(app, 'POST', '/sandbox/api/paypal/captures', { body: { amount: '12.50', currency: 'USD' } });
    expect(await reconcile(app.services)).to.include({ compared: 1, transactions: 2, differences: 1, unread: 0 });
    const [found, ...others] = await incidents();
    expect(others).to.deep.equal([]);
    expect(found).to.include({ aspect: 'unknown capture', subject_type: 'transaction', expected: 'nothing' });
    expect(found).to.include({ found: '12.50 USD', amount_minor: 1250, currency: 'USD', occurrences: 1 });
    await reconcile(app.services);
    expect((await incidents()).map(({ occurrences }) => occurrences)).to.deep.equal([2]);
  });

  it('misses what is paid with us and does not stand in it, but not before it can', async () => {
    const order = await bought();
    await sql(`DELETE FROM sandbox.paypal_captures`);
    expect(await reconcile(app.services)).to.include({ transactions: 0 });
    expect((await incidents()).map(({ aspect }) => aspect)).not.to.include('not in the statement');
    // What the comparison one by one says of a payment is not said twice.
    await sql('DELETE FROM incidents');
    later(4);
    await reconcile(app.services);
    expect((await incidents()).filter(({ status }) => status === 'open')).to.have.length(1);
    expect(order.status).to.equal('completed');
  });

  it('takes the last three hours for late, and agrees when they are there', async () => {
    await bought();
    await fault('statement', 'late', 2);
    expect(await reconcile(app.services)).to.include({ transactions: 0, differences: 0 });
    later(4);
    expect(await reconcile(app.services)).to.include({ transactions: 1, differences: 0 });
    expect(await incidents()).to.deep.equal([]);
  });

  it('knows a refund that was made at the gateway from one that is booked', async () => {
    const order = await bought();
    await call(app, 'POST', `/sandbox/api/paypal/captures/${await captureOf(order)}/refund`, {
      body: { amount: '4.00' },
    });
    later(2);
    await reconcile(app.services);
    const open = (await incidents()).filter(({ status }) => status === 'open');
    expect(open.map(({ amount_minor, currency }) => [amount_minor, currency])).to.deep.equal([[400, 'USD']]);
  });

  it('goes on with the comparison one by one when the gateway does not let us read it, and says so', async () => {
    await bought();
    await fault('statement', 'forbidden', 5);
    expect(await reconcile(app.services)).to.include({ compared: 1, transactions: 0, differences: 0, unread: 1 });
    expect(await incidents()).to.deep.equal([]);
  });
});
