import fc from 'fast-check';
import type { Consumed, Consumption } from '../../../src/credits/consume.ts';
import { closeHold, openHold } from '../../../src/credits/holds.ts';
import { readCredits } from '../../../src/credits/queries.ts';
import { available, expireDue, sum, type Account } from './account.ts';
import {
  action,
  answerOf,
  at,
  caller,
  credits,
  key,
  named,
  nothing,
  repeated,
  saidTimes,
  times,
  who,
  type Act,
} from './act.ts';
import { close, consume, fingerprintOf, hold, refused, type Answer, type Request } from './spending.ts';
import { customers, type World } from './world.ts';

interface Wanted {
  amount: number | null;
  quantity: number | null;
  feature: string;
}

/** Mostly as without a price list; then as with one. */
const wanted: fc.Arbitrary<Wanted> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ amount: credits, quantity: fc.constant(null), feature: fc.constant('image') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      amount: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: credits }),
      quantity: fc.constantFrom(null, 1, 2, 7),
      feature: fc.constantFrom('image', 'image', 'image', 'video', 'film'),
    }),
  },
);
function say({ amount, quantity, feature }: Wanted, itsKey: string | null): string {
  const what = quantity === null ? feature : `${quantity} ${feature}`;
  const cost = amount === null ? '' : ` for ${amount}`;
  return `${what}${cost}${itsKey === null ? '' : ` under key ${itsKey}`}`;
}

function consumption(world: World, customer: number, request: Request): Consumption {
  const { amount, quantity, feature: featureType, key: idempotencyKey } = request;
  return {
    userId: world.userId(customer),
    amount,
    quantity,
    featureType,
    reference: null,
    description: null,
    actor: 'user',
    idempotencyKey,
    fingerprint: fingerprintOf(request),
    now: world.time,
  };
}

function present({ transactionId: id, amount, balanceAfter, replayed }: Consumed): Answer {
  return { spent: amount, available: balanceAfter, id, replayed };
}

function spending(customer: number, request: Request): Act {
  return { who: customer, play: knownOnly(customer, (account, ...rest) => consume(account, request, ...rest)) };
}

/** Who does not exist is told so. */
function knownOnly(customer: number, play: Act['play']): Act['play'] {
  return customer < customers ? play : () => refused('not_found');
}

const lasts = { '5 s': 5_000, 'an hour': 3_600_000, 'a day': 86_400_000 } as const;

export const customerActions = {
  consume: action({
    weight: 10,
    choices: fc.record({ at, who: caller, what: wanted, key, times }),
    words: ({ at: place, who: customer, what, key: itsKey, times: often }) =>
      `${named(customer)} consumes ${say(what, itsKey)}${saidTimes(often)} (process ${place})`,
    prepare: (world, { at: place, who: customer, what, key: itsKey, times: often }) => {
      const request = { ...what, key: itsKey };
      const { consumptions } = world.process(place);
      return repeated(often, spending(customer, request), () =>
        consumptions.consume(consumption(world, customer, request)).then(present),
      );
    },
  }),

  'consume many': action({
    weight: 3,
    choices: fc.record({
      at,
      items: fc.array(fc.record({ who: caller, what: wanted, key }), { minLength: 1, maxLength: 20 }),
    }),
    words: ({ at: place, items }) =>
      `a batch: ${items.map((item) => `${named(item.who)}: ${say(item.what, item.key)}`).join('; ')} (process ${place})`,
    prepare: (world, { at: place, items }) => {
      const requests = items.map(({ who: customer, what, key: itsKey }) => ({
        customer,
        request: { ...what, key: itsKey },
      }));
      return {
        acts: requests.map(({ customer, request }) => spending(customer, request)),
        run: async () => {
          const spends = requests.map(({ customer, request }) => consumption(world, customer, request));
          const results = await world.process(place).consumptions.consumeMany(spends);
          return Promise.all(
            results.map((result) =>
              answerOf(
                result.status === 'fulfilled'
                  ? Promise.resolve(present(result.value))
                  : Promise.reject(result.reason as Error),
              ),
            ),
          );
        },
      };
    },
  }),

  'open a hold': action({
    weight: 8,
    choices: fc.record({ at, who: caller, what: wanted, key, lasts: fc.constantFrom(...keysOf(lasts)), times }),
    words: ({ at: place, who: customer, what, key: itsKey, lasts: span, times: often }) =>
      `${named(customer)} holds ${say(what, itsKey)} for ${span}${saidTimes(often)} (process ${place})`,
    prepare: (world, { at: place, who: customer, what, key: itsKey, lasts: span, times: often }) => {
      const request = { ...what, key: itsKey, lastsMs: lasts[span] };
      const expiresAt = new Date(world.now + lasts[span]);
      const real = { ...consumption(world, customer, request), expiresAt };
      const play = knownOnly(customer, (account, ...rest) => hold(account, request, ...rest));
      return repeated(often, { who: customer, play }, async () => {
        const held = await openHold(world.process(place).db.pool, real);
        const { holdId: id, amount, available: left, replayed } = held;
        return { held: amount, available: left, id, expiresAt: held.expiresAt.getTime(), replayed };
      });
    },
  }),

  'close a hold': action({
    weight: 10,
    choices: fc.record({
      at,
      /** Of everybody's, from the newest. */
      hold: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(5) }),
      /** Somebody else tries. */
      byStranger: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      part: fc.constantFrom('nothing', 'one', 'half', 'all', 'more', 'release', 'release'),
      key: fc.constantFrom(null, 'x', 'x', 'y'),
      times,
    }),
    words: ({ at: place, hold: nth, byStranger, part, key: itsKey, times: often }) => {
      const how = part === 'release' ? 'released' : `settled with ${part}`;
      const more = `${byStranger ? ' by somebody else' : ''}${itsKey === null ? '' : ` under key ${itsKey}`}`;
      return `hold ${nth} from the newest is ${how}${more}${saidTimes(often)} (process ${place})`;
    },
    prepare: (world, { at: place, hold: nth, byStranger, part, key: itsKey, times: often }) => {
      const holds = world.accounts.flatMap((account, owner) => account.holds.map((one) => ({ ...one, owner })));
      const chosen = holds.sort((a, b) => b.createdAt - a.createdAt)[nth % (holds.length || 1)];
      if (chosen === undefined) return nothing;
      const { id, amount: held, owner } = chosen;
      const customer = byStranger ? (owner + 1) % customers : owner;
      const parts = { nothing: 0, one: 1, half: Math.ceil(held / 2), all: held, more: held + 1, release: null };
      const amount = parts[part];
      const closing = { hold: id, amount, key: itsKey, fingerprint: `${id} ${amount ?? 'released'}` };
      const real = { holdId: id, amount, idempotencyKey: itsKey, fingerprint: closing.fingerprint };
      const play: Act['play'] = (account, ...rest) => close(account, closing, ...rest);
      return repeated(often, { who: customer, play }, async () => {
        const call = { ...real, userId: world.userId(customer), actor: 'user', now: world.time };
        const { transactionId: entry, amount: was, ...rest } = await closeHold(world.process(place).db.pool, call);
        return { held: was, entry, ...rest };
      });
    },
  }),

  'read the balance': action({
    weight: 2,
    choices: fc.record({ at, who }),
    words: ({ who: customer }) => `${named(customer)} reads the balance`,
    prepare: (world, { at: place, who: customer }) => ({
      // The writing off is one act and the reading another: beside others, something may come between them.
      acts: [
        { who: customer, isSilent: true, play: (account, moment) => ({ expired: expireDue(account, moment) }) },
        { who: customer, play: (account) => balanceOf(account) },
      ],
      run: async () => {
        const read = world.transaction(place, (tx) => readCredits(tx, world.userId(customer), world.time));
        return [{}, await answerOf(read.then(({ balance }) => ({ available: balance.available, held: balance.held })))];
      },
    }),
  }),
};

function balanceOf(account: Account): Answer {
  return { available: available(account), held: sum(account.grants, ({ held }) => held) };
}

function keysOf<Name extends string>(named: Record<Name, unknown>): Name[] {
  return Object.keys(named) as Name[];
}
