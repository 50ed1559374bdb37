import jwt from 'jsonwebtoken';
import { newId } from '../../src/kit/ids.ts';
import type { Client, Json } from '../support/app.ts';

/** What the requests speak of; there when they are sent. */
export interface World {
  customer: Client;
  other: Client;
  othersOrder: Json;
  key: string;
}

export interface BadRequest {
  what: string;
  path: string | (() => string);
  method?: string;
  /** A function where it takes what the world holds. */
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  token?: () => string;
  expected: [status: number, code: string];
  /** The field that the answer names. */
  field?: string;
}

const spend = { amount: 1, feature_type: 'image' };
const consume = (what: string, body: unknown, field: string): BadRequest => ({
  what: `consume: ${what}`,
  path: '/credits/consume',
  body,
  expected: [400, 'validation_failed'],
  field,
});
const order = (what: string, body: unknown, expected: BadRequest['expected'], field?: string): BadRequest => ({
  what: `create-order: ${what}`,
  path: '/payments/create-order',
  body,
  expected,
  ...(field === undefined ? {} : { field }),
});
const register = (what: string, body: unknown, field: string): BadRequest => ({
  what: `register: ${what}`,
  path: '/auth/register',
  body,
  expected: [400, 'validation_failed'],
  field,
});
const sign = (claims: object, secret = 'jwt '.repeat(10)) =>
  jwt.sign(claims, Buffer.from(secret), { algorithm: 'HS256' });
const unsigned = (world: World) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: world.customer.id, iss: 'plantain', exp: 9e9 })}.`;
};
const withToken = (what: string, token: () => string): BadRequest => ({
  what: `token: ${what}`,
  method: 'GET',
  path: '/credits',
  token,
  expected: [401, 'unauthenticated'],
});

export function badRequests(world: World): BadRequest[] {
  return [
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
    { ...consume('a body that is not gzip', undefined, ''), raw: '{}', headers: { 'Content-Encoding': 'gzip' } },
    { ...consume('JSON that is no object', undefined, ''), raw: '"hello"' },
    { ...consume('no body', undefined, 'amount') },
    { ...consume('a key that is not ASCII', spend, 'Idempotency-Key'), headers: { 'Idempotency-Key': 'a b' } },
    { ...consume('too long a key', spend, 'Idempotency-Key'), headers: { 'Idempotency-Key': 'k'.repeat(256) } },
    {
      ...consume('a body that is too large', undefined, ''),
      raw: `{"x":"${'x'.repeat(110_000)}"}`,
      expected: [413, 'payload_too_large'],
    },
    {
      ...consume('another user by token', undefined, ''),
      body: { ...spend, user_id: newId() },
      expected: [403, 'forbidden'],
    },
    { ...consume('an API key without a user', spend, 'user_id'), token: () => world.key },
    { ...consume('an API key with a bad user', { ...spend, user_id: 'me' }, 'user_id'), token: () => world.key },
    order('an unknown plan', { plan_code: 'platinum' }, [422, 'plan_unavailable']),
    order('an unknown pack', { pack_code: 'pack-9' }, [422, 'plan_unavailable']),
    order('an unknown plan id', { plan_id: newId() }, [422, 'plan_unavailable']),
    order('an interval that is not offered', { plan_code: 'pro', subscription_type: 'lifetime' }, [
      422,
      'plan_unavailable',
    ]),
    order('a plan without a price', { plan_code: 'free' }, [422, 'plan_unavailable']),
    order(
      'an unknown interval',
      { plan_code: 'pro', subscription_type: 'weekly' },
      [400, 'validation_failed'],
      'subscription_type',
    ),
    order('a currency it is not sold in', { plan_code: 'pro', currency: 'GBP' }, [422, 'plan_unavailable']),
    order('a pack in another currency', { pack_code: 'pack-500', currency: 'EUR' }, [422, 'plan_unavailable']),
    order('no currency', { plan_code: 'pro', currency: 'euro' }, [400, 'validation_failed'], 'currency'),
    order('the wrong amount', { plan_code: 'pro', amount: '0.01' }, [422, 'amount_mismatch']),
    order('an amount with too many decimals', { plan_code: 'pro', amount: '29.990' }, [422, 'amount_mismatch']),
    order('an amount that is a number', { plan_code: 'pro', amount: 29.99 }, [400, 'validation_failed'], 'amount'),
    order('a negative amount', { plan_code: 'pro', amount: '-29.99' }, [400, 'validation_failed'], 'amount'),
    order('two things at once', { plan_code: 'pro', pack_code: 'pack-500' }, [400, 'validation_failed'], 'plan_code'),
    order('nothing', {}, [400, 'validation_failed'], 'plan_code'),
    order('an unknown provider', { plan_code: 'pro', provider: 'cowrie' }, [400, 'validation_failed'], 'provider'),
    order('an unknown field', { plan_code: 'pro', discount: '100%' }, [400, 'validation_failed'], 'discount'),
    { ...order('by API key', { plan_code: 'pro' }, [403, 'forbidden']), token: () => world.key },
    register('no e-mail', { password: 'long enough password' }, 'email'),
    register('a bad e-mail', { email: 'nobody', password: 'long enough password' }, 'email'),
    register('a short password', { email: 'a@example.com', password: 'short' }, 'password'),
    register('a password over 72 bytes', { email: 'a@example.com', password: 'é'.repeat(40) }, 'password'),
    register('a password that is a number', { email: 'a@example.com', password: 1234567890 }, 'password'),
    register(
      'an attempt to be more',
      { email: 'a@example.com', password: 'long enough password', role: 'owner' },
      'role',
    ),
    {
      ...register('an address that is taken', undefined, ''),
      body: () => ({ email: world.customer.email.toUpperCase(), password: 'long enough password' }),
      expected: [409, 'email_taken'],
    },
    {
      what: 'login: a wrong password',
      path: '/auth/login',
      body: { email: 'x@example.com', password: 'wrong' },
      expected: [401, 'invalid_credentials'],
    },
    {
      what: 'refresh: not a token',
      path: '/auth/refresh',
      body: { refresh_token: 'nonsense' },
      expected: [401, 'unauthenticated'],
    },
    {
      what: 'refresh: nothing',
      path: '/auth/refresh',
      body: {},
      expected: [400, 'validation_failed'],
      field: 'refresh_token',
    },
    {
      what: 'another customer’s order',
      method: 'GET',
      path: () => `/payments/orders/${world.othersOrder.order_id as string}`,
      expected: [404, 'not_found'],
    },
    {
      what: 'capturing another customer’s order',
      path: () => `/payments/orders/${world.othersOrder.order_id as string}/capture`,
      expected: [404, 'not_found'],
    },
    { what: 'an order id that is none', method: 'GET', path: '/payments/orders/%00', expected: [404, 'not_found'] },
    {
      what: 'a path that cannot be decoded',
      method: 'GET',
      path: '/payments/orders/%E0%A4%A',
      expected: [400, 'validation_failed'],
    },
    {
      what: 'callback: another customer’s payment',
      path: '/payments/paypal/callback',
      body: () => ({ payment_id: world.othersOrder.provider_order_id }),
      expected: [404, 'not_found'],
    },
    {
      what: 'callback: an unknown payment',
      path: '/payments/paypal/callback',
      body: { payment_id: 'NOPE' },
      expected: [404, 'not_found'],
    },
    {
      what: 'a list with limit 0',
      method: 'GET',
      path: '/credits/transactions?limit=0',
      expected: [400, 'validation_failed'],
      field: 'limit',
    },
    {
      what: 'a list with limit 101',
      method: 'GET',
      path: '/credits/transactions?limit=101',
      expected: [400, 'validation_failed'],
      field: 'limit',
    },
    {
      what: 'a cursor that is none',
      method: 'GET',
      path: '/credits/transactions?cursor=zzz',
      expected: [400, 'validation_failed'],
      field: 'cursor',
    },
    {
      what: 'a cursor of another list',
      method: 'GET',
      path: `/payments/orders?cursor=${Buffer.from('12').toString('base64url')}`,
      expected: [400, 'validation_failed'],
      field: 'cursor',
    },
    {
      what: 'a bad currency',
      method: 'GET',
      path: '/plans?currency=usd',
      expected: [400, 'validation_failed'],
      field: 'currency',
    },
    {
      what: 'profile: an unknown language',
      method: 'PATCH',
      path: '/users/me',
      body: { locale: 'xx' },
      expected: [400, 'validation_failed'],
      field: 'locale',
    },
    {
      what: 'profile: somebody else’s status',
      method: 'PATCH',
      path: '/users/me',
      body: { status: 'active' },
      expected: [400, 'validation_failed'],
      field: 'status',
    },
    { what: 'cancel: without a subscription', path: '/subscriptions/current/cancel', expected: [404, 'not_found'] },
    {
      what: 'cancel: a string for a flag',
      path: '/subscriptions/current/cancel',
      body: { at_period_end: 'no' },
      expected: [400, 'validation_failed'],
      field: 'at_period_end',
    },
    { what: 'an address that is none', method: 'GET', path: '/nothing', expected: [404, 'not_found'] },
    withToken('none', () => ''),
    withToken('nonsense', () => 'nonsense'),
    withToken('expired', () => sign({ sub: world.customer.id, iss: 'plantain', iat: 1, exp: 2 })),
    withToken('signed with another secret', () =>
      sign({ sub: world.customer.id, iss: 'plantain', exp: 9e9 }, 'another secret of some length'),
    ),
    withToken('unsigned', () => unsigned(world)),
    withToken('of another issuer', () => sign({ sub: world.customer.id, iss: 'elsewhere', exp: 9e9 })),
    withToken('with a changed payload', () => {
      const [head, , tail] = world.customer.token.split('.');
      const claims = Buffer.from(JSON.stringify({ sub: world.other.id, iss: 'plantain', exp: 9e9 })).toString(
        'base64url',
      );
      return `${head ?? ''}.${claims}.${tail ?? ''}`;
    }),
    withToken('an API key that is none', () => 'pk_abcd_nonsense'),
  ];
}
