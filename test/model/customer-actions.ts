import fc from 'fast-check';
import { cancelCheckout } from '../../src/billing/cancel-checkout.ts';
import type { Answer, Json } from '../support/app.ts';
import { action, at, named, nth, who } from './action.ts';
import type { Place, World } from './world.ts';

const goods = {
  'basic monthly': { plan_code: 'basic' },
  'pro monthly': { plan_code: 'pro' },
  'basic yearly': { plan_code: 'basic', subscription_type: 'yearly' },
  'max for life': { plan_code: 'max', subscription_type: 'lifetime' },
  'a pack of 500': { pack_code: 'pack-500' },
  'a pack of 2500': { pack_code: 'pack-2500' },
} as const satisfies Record<string, Json>;
type Goods = keyof typeof goods;

/** Mostly the same few: a renewal, or a second plan beside the first, takes two of them. */
const what = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Goods>('basic monthly') },
  { weight: 2, arbitrary: fc.constant<Goods>('basic yearly') },
  { weight: 3, arbitrary: fc.constant<Goods>('a pack of 500') },
  { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(goods) as Goods[])) },
);
type Choice = 'approve' | 'decline' | 'cancel';
const choice = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Choice>('approve') },
  { weight: 1, arbitrary: fc.constantFrom<Choice>('decline', 'cancel') },
);

/** Few, so that they meet again. */
const key = fc.option(fc.constantFrom('k1', 'k2'));

/** What a buyer and a customer do, by the API and at PayPal. */
export const customerActions = {
  'check out': action({
    weight: 8,
    choices: fc.record({ at, who, what, key, twice: fc.boolean() }),
    words: ({ who, what, key, twice }) =>
      `customer ${who} checks out ${what}${key === null ? '' : ` under the key ${key}`}${twice ? ', twice at once' : ''}`,
    async run(world, { at, who, what, key, twice }) {
      const times = twice && key !== null ? 2 : 1;
      await Promise.all(Array.from({ length: times }, () => checkOut(world, at, world.customer(who), what, key)));
    },
  }),

  approve: action({
    weight: 8,
    choices: fc.record({ order: nth, choice }),
    words: ({ order, choice }) => `at PayPal the buyer of ${named('order', order)} clicks ${choice}`,
    run: (world, { order, choice }) => decide(world, world.order(order)?.providerOrderId, choice),
  }),

  'come back': action({
    weight: 8,
    choices: fc.record({ at, order: nth, by: fc.constantFrom('capture', 'callback') }),
    words: ({ order, by }) => `the buyer of ${named('order', order)} comes back and asks for it (${by})`,
    async run(world, { at, order: n, by }) {
      const order = world.order(n);
      if (order === undefined) return;
      const { orderId, providerOrderId, customer } = order;
      if (by === 'capture') await capture(world, at, customer, orderId);
      else if (providerOrderId !== null) {
        const body = { payment_id: providerOrderId };
        const answer = await world.api(at, customer, 'POST', '/payments/paypal/callback', body);
        if (answer.body.status === 'success') world.promised.add(orderId);
      }
    },
  }),

  leave: action({
    weight: 3,
    choices: fc.record({ at, order: nth }),
    words: ({ order }) => `the buyer of ${named('order', order)} comes back by the way out, without paying`,
    async run(world, { at, order: n }) {
      const order = world.order(n);
      if (order?.providerOrderId == null) return;
      const { customer: userId, providerOrderId } = order;
      const leaving = { userId, provider: 'paypal', providerOrderId };
      await world.attempt('leaving', () => cancelCheckout(world.app(at).services, leaving));
    },
  }),

  buy: action({
    weight: 6,
    choices: fc.record({ at, who, what }),
    words: ({ who, what }) => `customer ${who} buys ${what}`,
    async run(world, { at, who, what }) {
      const customer = world.customer(who);
      const { body } = await checkOut(world, at, customer, what, null);
      await decide(world, body.provider_order_id as string | undefined, 'approve');
      if (typeof body.order_id === 'string') await capture(world, at, customer, body.order_id);
    },
  }),

  'start the free plan': action({
    weight: 1,
    choices: fc.record({ at, who }),
    words: ({ who }) => `customer ${who} starts the free plan`,
    async run(world, { at, who }) {
      await world.api(at, world.customer(who), 'POST', '/subscriptions', { plan_code: 'free' });
    },
  }),

  'end the plan': action({
    weight: 2,
    choices: fc.record({ at, who, atPeriodEnd: fc.boolean() }),
    words: ({ who, atPeriodEnd }) => `customer ${who} cancels the plan, ${atPeriodEnd ? 'for its end' : 'at once'}`,
    async run(world, { at, who, atPeriodEnd }) {
      const body = { at_period_end: atPeriodEnd };
      const answer = await world.api(at, world.customer(who), 'POST', '/subscriptions/current/cancel', body);
      if (answer.status === 200 && !atPeriodEnd) world.gaveUp.add(answer.body.id as string);
    },
  }),

  'choose what follows': action({
    weight: 3,
    choices: fc.record({ at, who, what: fc.constantFrom<Goods>('basic monthly', 'pro monthly', 'basic yearly') }),
    words: ({ who, what }) => `customer ${who} chooses ${what} for when the plan ends`,
    async run(world, { at, who, what }) {
      await world.api(at, world.customer(who), 'POST', '/subscriptions/current/change', goods[what]);
    },
  }),

  'take the choice back': action({
    weight: 1,
    choices: fc.record({ at, who }),
    words: ({ who }) => `customer ${who} keeps the plan after all`,
    async run(world, { at, who }) {
      await world.api(at, world.customer(who), 'DELETE', '/subscriptions/current/change');
    },
  }),

  'resume the plan': action({
    weight: 1,
    choices: fc.record({ at, who }),
    words: ({ who }) => `customer ${who} takes the cancellation back`,
    async run(world, { at, who }) {
      await world.api(at, world.customer(who), 'POST', '/subscriptions/current/resume');
    },
  }),

  spend: action({
    weight: 4,
    choices: fc.record({ at, who, amount: fc.constantFrom(1, 100, 400, 2000), key }),
    words: ({ who, amount, key }) => `customer ${who} spends ${amount}${key === null ? '' : ` under the key ${key}`}`,
    async run(world, { at, who, amount, key }) {
      const customer = world.customer(who);
      const body = { amount, feature_type: 'image' };
      const answer = await world.api(at, customer, 'POST', '/credits/consume', body, key ?? undefined);
      if (answer.status !== 200) return;
      world.spent.set(answer.body.transaction_id as string, answer.body.amount as number);
    },
  }),
};

async function checkOut(world: World, at: Place, customer: string, what: Goods, key: string | null): Promise<Answer> {
  const answer = await world.api(at, customer, 'POST', '/payments/create-order', goods[what], key ?? undefined);
  if (answer.status !== 201) return answer;
  const { order_id: orderId, provider_order_id: providerOrderId } = answer.body as Record<string, string>;
  if (orderId === undefined) throw new Error('an order without an id');
  const known = world.orders.find((order) => order.orderId === orderId);
  if (known === undefined) world.orders.push({ orderId, providerOrderId: providerOrderId ?? null, customer });
  if (key !== null) {
    const first = world.orderOfKey.get(`${customer} ${key}`) ?? orderId;
    world.orderOfKey.set(`${customer} ${key}`, first);
    if (first !== orderId) world.complain(`the key ${key} answered with ${first} and then with ${orderId}`);
  }
  return answer;
}

async function decide(world: World, providerOrderId: string | null | undefined, choice: Choice): Promise<void> {
  if (providerOrderId == null) return;
  await world.attempt(`clicking ${choice}`, () => world.app(0).simulator.control[choice](providerOrderId));
}

async function capture(world: World, at: Place, customer: string, orderId: string): Promise<void> {
  const answer = await world.api(at, customer, 'POST', `/payments/orders/${orderId}/capture`);
  if (answer.status === 200) world.promised.add(orderId);
}
