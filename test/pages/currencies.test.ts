import { expect } from 'chai';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, useApp } from '../support/app.ts';
import { Visitor } from '../support/visitor.ts';

/** From the price list to the gateway, and back for the next period. */
describe('pages in several currencies', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });
  const field = (text: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? '';

  it('offer the currencies that plans are sold in, and keep the one that was chosen', async () => {
    const visitor = new Visitor(app);
    const dollars = await visitor.get('/pricing?interval=yearly');
    expect(dollars.text).to.contain('$299').and.contain('href="/pricing?interval&#x3D;yearly&amp;currency&#x3D;EUR"');
    const yen = await visitor.get('/pricing?currency=JPY');
    expect(yen.text).to.contain('¥4,500').and.contain('/checkout/pro?type&#x3D;monthly&amp;currency&#x3D;JPY');
    expect(yen.text, 'packs have their own').to.contain('$9.99 <span class="per">USD</span>');
    expect((await visitor.get('/pricing?currency=XXX')).text).to.contain('$29.99');

    const asked = await visitor.get('/checkout/pro?type=monthly&currency=JPY');
    const register = await visitor.get(asked.headers.get('location') ?? '');
    expect(register.text).to.contain('¥4,500');
  });

  it('order, bill and renew in the currency of the page', async () => {
    const email = `${newId()}@example.com`;
    const visitor = new Visitor(app);
    await visitor.register(email);
    const page = await visitor.get('/checkout/basic?type=monthly&currency=JPY');
    expect(page.text).to.contain('Pay ¥1,500 with PayPal');
    const form = {
      key: field(page.text, 'key'),
      type: field(page.text, 'type'),
      currency: field(page.text, 'currency'),
      expected: field(page.text, 'expected'),
    };
    expect(form).to.include({ currency: 'JPY', expected: '1500' });
    const sent = await visitor.post('/checkout/basic', form);
    expect(sent.status).to.equal(303);
    const token = new URL(sent.headers.get('location') ?? '').searchParams.get('token') ?? '';
    expect((await call(app, 'POST', `/sandbox/api/paypal/orders/${token}/approve`)).status).to.equal(200);
    expect((await visitor.get(`/checkout/return?token=${token}`)).text).to.contain('¥1,500');
    const renewal = await visitor.get('/checkout/basic?currency=USD');
    expect(renewal.text).to.contain('Pay ¥1,500 with PayPal');
    expect((await visitor.get('/account')).text).to.contain('Renew for ¥1,500');
    // Another plan is paid for in the currency of the one that runs.
    expect((await visitor.get('/checkout/pro?currency=USD')).text).to.contain('¥');
  });

  it('show a plan that is not sold in a currency as such, and not as free', async () => {
    await app.db.pool.query(
      `UPDATE plan_prices SET is_active = false, archived_at = now()
       WHERE currency = 'EUR' AND plan_id = (SELECT id FROM plans WHERE plan_code = 'basic')`,
    );
    const { text } = await new Visitor(app).get('/pricing?currency=EUR');
    const [, basic = ''] = /id="plan-basic"([\s\S]*?)<\/section>/.exec(text) ?? [];
    expect(basic).to.contain('Not sold in EUR').and.contain('See price in USD').and.not.contain('Start free');
    const customer = await Client.register(app);
    expect((await customer.post('/payments/create-order', { plan_code: 'basic', currency: 'EUR' })).status).to.equal(
      422,
    );
  });
});
