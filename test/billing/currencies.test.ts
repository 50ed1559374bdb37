import { expect } from 'chai';
import { addPrice } from '../../src/billing/edit-catalog.ts';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';

describe('a plan that is sold in several currencies', function () {
  this.timeout(60_000);
  const app = useApp();
  let customer: Client;

  beforeEach(async () => {
    customer = await Client.register(app);
  });
  afterEach(() => expectBalancedBooks(app.services));

  const order = (body: Json) => customer.post('/payments/create-order', body);
  const askedOfPaypal = async ({ provider_order_id }: Json) => {
    const sql = `SELECT doc->'unit'->'amount' AS amount FROM sandbox.paypal_orders WHERE id = $1`;
    return (await app.db.pool.query<{ amount: Json }>(sql, [provider_order_id])).rows[0]?.amount;
  };

  it('costs what the list says in each, in dollars when none is named', async () => {
    for (const [currency, amount, value] of [
      [undefined, '29.99', '29.99'],
      ['EUR', '27.99', '27.99'],
      ['JPY', '4500', '4500'],
    ] as const) {
      const made = await order({ plan_code: 'pro', amount, ...(currency && { currency }) });
      expect(made.status, JSON.stringify(made.body)).to.equal(201);
      expect(made.body).to.include({ amount, currency: currency ?? 'USD' });
      expect(await askedOfPaypal(made.body)).to.deep.equal({ currency_code: currency ?? 'USD', value });
      const list = await call(app, 'GET', `/api/v1/plans?currency=${currency ?? 'USD'}`);
      const pro = (list.body.data as Json[]).find(({ plan_code }) => plan_code === 'pro');
      expect(pro).to.include({ price_monthly: amount, currency: currency ?? 'USD' });
    }
  });

  it('is refused in a currency that it is not sold in, and so is a pack', async () => {
    expect((await order({ plan_code: 'pro', currency: 'GBP' })).body).to.include({
      status: 422,
      code: 'plan_unavailable',
    });
    const pack = await order({ pack_code: 'pack-500', currency: 'EUR' });
    expect(pack.body).to.include({ status: 422, code: 'plan_unavailable' });
    expect(pack.body.detail).to.contain('USD');
    expect((await order({ pack_code: 'pack-500', currency: 'USD' })).status).to.equal(201);
    expect((await order({ plan_code: 'pro', currency: 'eur' })).body).to.include({ code: 'validation_failed' });
  });

  it('is renewed in the currency that it was bought in, and in no other', async () => {
    await customer.buy({ plan_code: 'pro', currency: 'JPY' });
    const renewal = await order({ plan_code: 'pro' });
    expect(renewal.body).to.include({ amount: '4500', currency: 'JPY' });
    const other = await order({ plan_code: 'pro', currency: 'USD' });
    expect(other.body).to.include({ status: 422, code: 'plan_unavailable' });
    expect(other.body.detail).to.contain('JPY');
    const mail = await eventually(async () => (await customer.mails()).find(({ template }) => template === 'receipt'));
    expect(mail.text).to.contain('¥4,500 JPY');
  });

  it('has no price that its gateway cannot take, and none reaches it', async () => {
    const staff = await addStaffActor(app);
    const { rows } = await app.db.pool.query<{ id: string }>(`SELECT id FROM plans WHERE plan_code = 'max'`);
    const planId = rows[0]?.id ?? '';
    const add = (currency: string, amountMinor: number) =>
      addPrice(app.services, { planId, subscriptionType: 'yearly', currency, amountMinor }, staff).catch(
        (error: unknown) => error,
      );
    for (const [currency, amountMinor, said] of [
      ['USD', 1_000_001, 'at most 10000 USD'],
      ['HUF', 999, 'whole HUF'],
      ['KWD', 1000, 'does not take KWD'],
    ] as const) {
      const refused = (await add(currency, amountMinor)) as {
        code: string;
        errors: { path: string; message: string }[];
      };
      expect(refused).to.include({ code: 'validation_failed' });
      expect(refused.errors[0]?.path).to.equal('amount');
      expect(refused.errors[0]?.message).to.contain(said);
    }
    expect(await add('HUF', 39_900_000)).to.be.a('string');

    // As it stood before the limit was known.
    await app.db.pool.query(
      `INSERT INTO plan_prices (id, plan_id, subscription_type, currency, amount_minor, created_at)
       VALUES ($1, $2, 'yearly', 'GBP', 550001, now())`,
      [newId(), planId],
    );
    const before = await app.db.pool.query('SELECT 1 FROM orders');
    const refused = await order({ plan_code: 'max', subscription_type: 'yearly', currency: 'GBP' });
    expect(refused.body).to.include({ status: 422, code: 'plan_unavailable' });
    expect(refused.body.detail).to.contain('at most 5500 GBP');
    expect((await app.db.pool.query('SELECT 1 FROM orders')).rowCount).to.equal(before.rowCount);
  });
});
