import type { BadRequest, World } from './bad-requests.ts';

const holding = { amount: 1, feature_type: 'video', expires_in_seconds: 60 };
const invalid = (what: string, path: string, body: unknown, field: string): BadRequest => ({
  what,
  path,
  body,
  expected: [400, 'validation_failed'],
  field,
});
const hold = (what: string, body: unknown, field: string) => invalid(`hold: ${what}`, '/credits/holds', body, field);
const settle = (what: string, body: unknown, field: string) =>
  invalid(`settle: ${what}`, '/credits/holds/0192f0c1-0000-7000-8000-000000000000/settle', body, field);
const quantity = (what: string, body: unknown, field: string) =>
  invalid(`consume: ${what}`, '/credits/consume', body, field);

export function badCreditRequests(world: World): BadRequest[] {
  const batch = (what: string, body: unknown, field: string): BadRequest => ({
    ...invalid(`batch: ${what}`, '/credits/consume/batch', body, field),
    token: () => world.key,
  });
  return [
    quantity('no units', { quantity: 0, feature_type: 'image' }, 'quantity'),
    quantity('half a unit', { quantity: 0.5, feature_type: 'image' }, 'quantity'),
    quantity('more units than the limit', { quantity: 1_000_000_001, feature_type: 'image' }, 'quantity'),
    quantity('units without a price list', { quantity: 1, feature_type: 'image' }, 'amount'),
    batch('nothing', undefined, 'items'),
    batch('no items', { items: [] }, 'items'),
    batch('too many items', { items: Array(501).fill({}) }, 'items'),
    batch('items that are no list', { items: { 0: {} } }, 'items'),
    batch('a bare list', [{}], ''),
    batch('an unknown field', { items: [{}], atomic: true }, 'atomic'),
    { ...batch('broken JSON', undefined, ''), raw: '{"items": [' },
    {
      ...batch('more than 1 MB', undefined, ''),
      raw: `{"items":["${'x'.repeat(1_048_576)}"]}`,
      expected: [413, 'payload_too_large'],
    },
    hold('no amount', { feature_type: 'video', expires_in_seconds: 60 }, 'amount'),
    hold('nothing to hold', { ...holding, amount: 0 }, 'amount'),
    hold('more than the limit', { ...holding, amount: 1_000_000_001 }, 'amount'),
    hold('no feature', { amount: 1, expires_in_seconds: 60 }, 'feature_type'),
    hold('no end', { amount: 1, feature_type: 'video' }, 'expires_in_seconds'),
    hold('an end at once', { ...holding, expires_in_seconds: 0 }, 'expires_in_seconds'),
    hold('more than a day', { ...holding, expires_in_seconds: 86_401 }, 'expires_in_seconds'),
    hold('half a second', { ...holding, expires_in_seconds: 0.5 }, 'expires_in_seconds'),
    hold('an unknown field', { ...holding, expires_at: '2030-01-01' }, 'expires_at'),
    { ...hold('a bad key', holding, 'Idempotency-Key'), headers: { 'Idempotency-Key': 'a b' } },
    { ...hold('more than there is', holding, ''), expected: [402, 'insufficient_credits'] },
    settle('no amount', {}, 'amount'),
    settle('a negative amount', { amount: -1 }, 'amount'),
    settle('a string', { amount: '1' }, 'amount'),
    settle('an unknown field', { amount: 1, feature_type: 'video' }, 'feature_type'),
    { ...settle('a hold that does not exist', { amount: 1 }, ''), expected: [404, 'not_found'] },
    { ...settle('another user by token', { amount: 1, user_id: 'x' }, ''), expected: [403, 'forbidden'] },
    {
      ...invalid('release: a hold that is none', '/credits/holds/1/release', {}, ''),
      expected: [404, 'not_found'],
    },
    invalid('release: an amount', '/credits/holds/1/release', { amount: 1 }, 'amount'),
    {
      ...invalid('holds: an unknown status', '/credits/holds?status=lost', undefined, 'status'),
      method: 'GET',
    },
    {
      ...invalid(
        'holds: a cursor of another list',
        `/credits/holds?cursor=${Buffer.from('12').toString('base64url')}`,
        undefined,
        'cursor',
      ),
      method: 'GET',
    },
  ];
}
