import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { newId } from '../../src/kit/ids.ts';
import { badCreditRequests } from './bad-credit-requests.ts';
import { badRequests, type World } from './bad-requests.ts';
import { addApiKey, call, Client, useApp } from '../support/app.ts';

/** Every row is one bad request; each gets its documented problem, none a 500, and nothing changes. */
describe('bad input', function () {
  this.timeout(60_000);
  const app = useApp();
  const world = {} as World;

  before(async () => {
    world.customer = await Client.register(app);
    world.other = await Client.register(app);
    world.othersOrder = (await world.other.post('/payments/create-order', { plan_code: 'pro' })).body;
    world.key = await addApiKey(app);
  });

  for (const row of [...badRequests(world), ...badCreditRequests(world)]) {
    it(`${row.what} → ${row.expected.join(' ')}`, async () => {
      const before = await snapshot();
      const token = row.token?.() ?? world.customer.token;
      const path = typeof row.path === 'string' ? row.path : row.path();
      const body: unknown = typeof row.body === 'function' ? (row.body as () => unknown)() : row.body;
      const answer = await call(app, row.method ?? 'POST', `/api/v1${path}`, {
        ...(token === '' ? {} : { token }),
        ...(body === undefined ? {} : { body }),
        ...(row.raw === undefined ? {} : { raw: row.raw }),
        ...(row.headers === undefined ? {} : { headers: row.headers }),
      });
      const [status, code] = row.expected;
      expect(answer.body, JSON.stringify(answer.body)).to.include({ status, code });
      expect(answer.status).to.equal(status);
      expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
      expect(answer.body).to.include.keys('type', 'title', 'detail', 'request_id');
      if (row.field !== undefined && status === 400) {
        expect((answer.body.errors as { path: string }[]).map((error) => error.path)).to.include(row.field);
      }
      expect(await snapshot()).to.deep.equal(before);
    });
  }

  it('a webhook with a bad signature → 401, and nothing is stored', async () => {
    const raw = JSON.stringify({ id: 'WH-1', event_type: 'PAYMENT.CAPTURE.COMPLETED', resource: {} });
    const forged = {
      'PAYPAL-TRANSMISSION-ID': newId(),
      'PAYPAL-TRANSMISSION-TIME': app.clock.now().toISOString(),
      'PAYPAL-TRANSMISSION-SIG': createHmac('sha256', 'guess').update(raw).digest('base64'),
      'PAYPAL-CERT-URL': 'https://api.paypal.com/v1/notifications/certs/CERT-1',
      'PAYPAL-AUTH-ALGO': 'SHA256withRSA',
    };
    for (const headers of [forged, {}]) {
      const answer = await call(app, 'POST', '/webhooks/paypal', { raw, headers });
      expect(answer.status).to.equal(401);
      expect(answer.body).to.include({ code: 'unauthenticated' });
    }
    const tooLarge = await call(app, 'POST', '/webhooks/paypal', { raw: 'x'.repeat(300_000) });
    expect(tooLarge.status).to.equal(413);
    const { rows: stored } = await app.db.pool.query('SELECT FROM provider_events');
    expect(stored).to.have.length(0);
  });

  async function snapshot(): Promise<unknown> {
    const { rows: counts } = await app.db.pool.query(`
      SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM orders) AS orders,
        (SELECT count(*) FROM payments) AS payments, (SELECT count(*) FROM credit_holds) AS holds, (SELECT count(*) FROM credit_transactions) AS entries,
        (SELECT count(*) FROM subscriptions) AS subscriptions, (SELECT count(*) FROM provider_events) AS events,
        (SELECT count(*) FROM refresh_tokens) AS tokens`);
    return counts;
  }
});
