import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { newId } from '../../src/kit/ids.ts';
import { addApiKey, call, Client, useApp, type Json } from '../support/app.ts';

/** Every row is one bad request; each gets its documented problem, none a 500, and nothing changes. */
describe('bad input', function () {
  this.timeout(60_000);
  const app = useApp();
  let customer: Client;
  let other: Client;
  let othersOrder: Json;
  let key: string;

  before(async () => {
    customer = await Client.register(app);
    other = await Client.register(app);
    othersOrder = (await other.post('/payments/create-order', { plan_code: 'pro' })).body;
    key = await addApiKey(app);
  });

  interface Row {
    what: string;
    path: string | (() => string);
    method?: string;
    body?: unknown;
    raw?: string;
    headers?: Record<string, string>;
    token?: () => string;
    expected: [status: number, code: string];
    /** The field that the answer names. */
    field?: string;
  }

  const spend = { amount: 1, feature_type: 'image' };
  const consume = (what: string, body: unknown, field: string): Row => ({
    what: `consume: ${what}`,
    path: '/credits/consume',
    body,
    expected: [400, 'validation_failed'],
    field,
  });
  const order = (what: string, body: unknown, expected: Row['expected'], field?: string): Row => ({
    what: `create-order: ${what}`,
    path: '/payments/create-order',
    body,
    expected,
    ...(field === undefined ? {} : { field }),
  });
  const register = (what: string, body: unknown, field: string): Row => ({
    what: `register: ${what}`,
    path: '/auth/register',
    body,
    expected: [400, 'validation_failed'],
    field,
  });
  const sign = (claims: object, secret = 'jwt '.repeat(10)) => jwt.sign(claims, Buffer.from(secret), { algorithm: 'HS256' });
  const unsigned = () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: customer.id, iss: 'plantain', exp: 9e9 })}.`;
  };
  const withToken = (what: string, token: () => string): Row => ({
    what: `token: ${what}`,
    method: 'GET',
    path: '/credits',
    token,
    expected: [401, 'unauthenticated'],
  });

  const rows: Row[] = [
    consume('no amount', { feature_type: 'image' }, 'amount'),
    consume('a string', { ...spend, amount: '1' }, 'amount'),
    consume('nothing', { ...spend, amount: 0 }, 'amount'),
    consume('negative credits', { ...spend, amount: -5 }, 'amount'),
    consume('a fraction', { ...spend, amount: 1.5 }, 'amount'),
    consume('more than the limit', { ...spend, amount: 1_000_000_001 }, 'amount'),
    consume('a number beyond 2^53', { ...spend, amount: 2 ** 60 }, 'amount'),
    consume('null', { ...spend, amount: null }, 'amount'),
    consume('no feature', { amount: 1 }, 'feature_type'),
    consume('an empty feature', { amount: 1, feature_type: '  ' }, 'feature_type'),
    consume('a zero byte', { amount: 1, feature_type: 'a\u0000b' }, 'feature_type'),
    consume('too long a description', { ...spend, description: 'x'.repeat(501) }, 'description'),
    consume('an unknown field', { ...spend, price: 3 }, 'price'),
    consume('a list', [spend], ''),
    { ...consume('broken JSON', undefined, ''), raw: '{"amount": 1,' },
    { ...consume('JSON that is no object', undefined, ''), raw: '"hello"' },
    { ...consume('no body', undefined, 'amount') },
    { ...consume('a key that is not ASCII', spend, 'Idempotency-Key'), headers: { 'Idempotency-Key': 'a b' } },
    { ...consume('too long a key', spend, 'Idempotency-Key'), headers: { 'Idempotency-Key': 'k'.repeat(256) } },
    { ...consume('a body that is too large', undefined, ''), raw: `{"x":"${'x'.repeat(110_000)}"}`, expected: [413, 'payload_too_large'] },
    { ...consume('another user by token', undefined, ''), body: { ...spend, user_id: newId() }, expected: [403, 'forbidden'] },
    { ...consume('an API key without a user', spend, 'user_id'), token: () => key },
    { ...consume('an API key with a bad user', { ...spend, user_id: 'me' }, 'user_id'), token: () => key },
    order('an unknown plan', { plan_code: 'platinum' }, [422, 'plan_unavailable']),
    order('an unknown pack', { pack_code: 'pack-9' }, [422, 'plan_unavailable']),
    order('an unknown plan id', { plan_id: newId() }, [422, 'plan_unavailable']),
    order('an interval that is not offered', { plan_code: 'pro', subscription_type: 'lifetime' }, [422, 'plan_unavailable']),
    order('a plan without a price', { plan_code: 'free' }, [422, 'plan_unavailable']),
    order('an unknown interval', { plan_code: 'pro', subscription_type: 'weekly' }, [400, 'validation_failed'], 'subscription_type'),
    order('the wrong amount', { plan_code: 'pro', amount: '0.01' }, [422, 'amount_mismatch']),
    order('an amount with too many decimals', { plan_code: 'pro', amount: '29.990' }, [422, 'amount_mismatch']),
    order('an amount that is a number', { plan_code: 'pro', amount: 29.99 }, [400, 'validation_failed'], 'amount'),
    order('a negative amount', { plan_code: 'pro', amount: '-29.99' }, [400, 'validation_failed'], 'amount'),
    order('two things at once', { plan_code: 'pro', pack_code: 'pack-500' }, [400, 'validation_failed'], 'plan_code'),
    order('nothing', {}, [400, 'validation_failed'], 'plan_code'),
    order('an unknown provider', { plan_code: 'pro', provider: 'cowrie' }, [400, 'validation_failed'], 'provider'),
    order('an unknown field', { plan_code: 'pro', discount: '100%' }, [400, 'validation_failed'], 'discount'),
    { ...order('by API key', { plan_code: 'pro' }, [403, 'forbidden']), token: () => key },
    register('no e-mail', { password: 'long enough password' }, 'email'),
    register('a bad e-mail', { email: 'nobody', password: 'long enough password' }, 'email'),
    register('a short password', { email: 'a@example.com', password: 'short' }, 'password'),
    register('a password over 72 bytes', { email: 'a@example.com', password: 'é'.repeat(40) }, 'password'),
    register('a password that is a number', { email: 'a@example.com', password: 1234567890 }, 'password'),
    register('an attempt to be more', { email: 'a@example.com', password: 'long enough password', role: 'owner' }, 'role'),
    { ...register('an address that is taken', undefined, ''), body: undefined, expected: [409, 'email_taken'] },
    { what: 'login: a wrong password', path: '/auth/login', body: { email: 'x@example.com', password: 'wrong' }, expected: [401, 'invalid_credentials'] },
    { what: 'refresh: not a token', path: '/auth/refresh', body: { refresh_token: 'nonsense' }, expected: [401, 'unauthenticated'] },
    { what: 'refresh: nothing', path: '/auth/refresh', body: {}, expected: [400, 'validation_failed'], field: 'refresh_token' },
    { what: 'another customer’s order', method: 'GET', path: () => `/payments/orders/${othersOrder.order_id as string}`, expected: [404, 'not_found'] },
    { what: 'capturing another customer’s order', path: () => `/payments/orders/${othersOrder.order_id as string}/capture`, expected: [404, 'not_found'] },
    { what: 'an order id that is none', method: 'GET', path: '/payments/orders/%00', expected: [404, 'not_found'] },
    { what: 'a path that cannot be decoded', method: 'GET', path: '/payments/orders/%E0%A4%A', expected: [400, 'validation_failed'] },
    { what: 'callback: another customer’s payment', path: '/payments/paypal/callback', body: undefined, expected: [404, 'not_found'] },
    { what: 'callback: an unknown payment', path: '/payments/paypal/callback', body: { payment_id: 'NOPE' }, expected: [404, 'not_found'] },
    { what: 'a list with limit 0', method: 'GET', path: '/credits/transactions?limit=0', expected: [400, 'validation_failed'], field: 'limit' },
    { what: 'a list with limit 101', method: 'GET', path: '/credits/transactions?limit=101', expected: [400, 'validation_failed'], field: 'limit' },
    { what: 'a cursor that is none', method: 'GET', path: '/credits/transactions?cursor=zzz', expected: [400, 'validation_failed'], field: 'cursor' },
    { what: 'a cursor of another list', method: 'GET', path: `/payments/orders?cursor=${Buffer.from('12').toString('base64url')}`, expected: [400, 'validation_failed'], field: 'cursor' },
    { what: 'a bad currency', method: 'GET', path: '/plans?currency=usd', expected: [400, 'validation_failed'], field: 'currency' },
    { what: 'profile: an unknown language', method: 'PATCH', path: '/users/me', body: { locale: 'xx' }, expected: [400, 'validation_failed'], field: 'locale' },
    { what: 'profile: somebody else’s status', method: 'PATCH', path: '/users/me', body: { status: 'active' }, expected: [400, 'validation_failed'], field: 'status' },
    { what: 'cancel: without a subscription', path: '/subscriptions/current/cancel', expected: [404, 'not_found'] },
    { what: 'cancel: a string for a flag', path: '/subscriptions/current/cancel', body: { at_period_end: 'no' }, expected: [400, 'validation_failed'], field: 'at_period_end' },
    { what: 'an address that is none', method: 'GET', path: '/nothing', expected: [404, 'not_found'] },
    withToken('none', () => ''),
    withToken('nonsense', () => 'nonsense'),
    withToken('expired', () => sign({ sub: customer.id, iss: 'plantain', iat: 1, exp: 2 })),
    withToken('signed with another secret', () => sign({ sub: customer.id, iss: 'plantain', exp: 9e9 }, 'another secret of some length')),
    withToken('unsigned', unsigned),
    withToken('of another issuer', () => sign({ sub: customer.id, iss: 'elsewhere', exp: 9e9 })),
    withToken('with a changed payload', () => {
      const [head, , tail] = customer.token.split('.');
      const claims = Buffer.from(JSON.stringify({ sub: other.id, iss: 'plantain', exp: 9e9 })).toString('base64url');
      return `${head ?? ''}.${claims}.${tail ?? ''}`;
    }),
    withToken('an API key that is none', () => 'pk_abcd_nonsense'),
  ];

  /** Rows that need what `before` made. */
  const bodies: Record<string, () => unknown> = {
    'register: an address that is taken': () => ({ email: customer.email.toUpperCase(), password: 'long enough password' }),
    'callback: another customer’s payment': () => ({ payment_id: othersOrder.provider_order_id }),
  };

  for (const row of rows) {
    it(`${row.what} → ${row.expected.join(' ')}`, async () => {
      const before = await snapshot();
      const token = row.token?.() ?? customer.token;
      const path = typeof row.path === 'string' ? row.path : row.path();
      const body = bodies[row.what]?.() ?? row.body;
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
        (SELECT count(*) FROM payments) AS payments, (SELECT count(*) FROM credit_transactions) AS entries,
        (SELECT count(*) FROM subscriptions) AS subscriptions, (SELECT count(*) FROM provider_events) AS events,
        (SELECT count(*) FROM refresh_tokens) AS tokens`);
    return counts;
  }
});
