import fc from 'fast-check';
import { expireCredits } from '../../../src/billing/expire-credits.ts';
import { holdOrderCredits, releaseOrderCredits } from '../../../src/credits/dispute-holds.ts';
import { clawBack as takeBack, deductCredits, grantCredits } from '../../../src/credits/ledger.ts';
import { setFrozen } from '../../../src/credits/queries.ts';
import { expireDue } from './account.ts';
import { action, at, credits, ends, named, nothing, one, order, who, type End } from './act.ts';
import { clawBack, deduct, dispute, endDispute, give } from './giving.ts';
import type { Place, World } from './world.ts';

const end = fc.constantFrom<End>(...(Object.keys(ends) as End[]), 'never', 'in a day', 'in a day');

const actor = 'system';

/** What staff, jobs and payments do to a customer's credits. */
export const houseActions = {
  give: action({
    weight: 10,
    choices: fc.record({
      at,
      who,
      source: fc.constantFrom('pack', 'pack', 'promo', 'adjustment'),
      amount: fc.constantFrom<number>(5, 20, 20, 100, 100, 400, 1000),
      end,
      order,
      again: fc.constantFrom(null, null, null, 'one', 'two'),
    }),
    words: ({ who: customer, source, amount, end: until, order: nth, again }) =>
      `${named(customer)} is given ${amount} by ${source === 'pack' ? `order ${nth}` : source}, ending ${until}` +
      (again === null ? '' : `, under the key ${again}`),
    prepare: (world, { at: place, who: customer, source, amount, end: until, order: nth, again }) => {
      const lasts = ends[until];
      const expiresAt = lasts === null ? null : world.now + lasts;
      const byOrder = source === 'pack' ? nth : null;
      const type = source === 'adjustment' ? 'adjust' : 'earn';
      const grant = { key: again ?? world.newName(), source, amount, type } as const;
      const real = {
        ...grant,
        userId: world.userId(customer),
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
        orderId: byOrder === null ? null : world.orderId(customer, byOrder),
        now: world.time,
      };
      return one(
        customer,
        (account, moment) => ({ given: give(account, { ...grant, expiresAt, order: byOrder }, moment) }),
        async () => ({ given: await world.transaction(place, (tx) => grantCredits(tx, real)) }),
      );
    },
  }),

  deduct: action({
    weight: 2,
    choices: fc.record({ at, who, amount: credits, again: fc.constantFrom(null, null, 'one') }),
    words: ({ who: customer, amount, again }) =>
      `staff take ${amount} from ${named(customer)}${again === null ? '' : `, under the key ${again}`}`,
    prepare: (world, { at: place, who: customer, amount, again }) => {
      const taking = { key: `adjustment:${again ?? world.newName()}`, amount };
      const real = { ...taking, userId: world.userId(customer), description: 'by hand', actor, now: world.time };
      return one(
        customer,
        (account, moment) => deduct(account, taking, moment),
        async () => ({ taken: await world.transaction(place, (tx) => deductCredits(tx, real)) }),
      );
    },
  }),

  'claw back': action({
    weight: 3,
    choices: fc.record({ at, who, order, amount: fc.oneof(credits, fc.constant(1_000_000)) }),
    words: ({ who: customer, order: nth, amount }) =>
      `a refund takes ${amount} of order ${nth} back from ${named(customer)}`,
    prepare: (world, { at: place, who: customer, order: nth, amount }) => {
      const userId = world.userId(customer);
      const claim = { userId, orderId: world.orderId(customer, nth), now: world.time };
      return one(
        customer,
        (account, moment) => ({ taken: clawBack(account, nth, amount, moment) }),
        async () => ({
          // As a refund does it.
          taken: await world.transaction(place, async (tx) => {
            await releaseOrderCredits(tx, claim);
            return takeBack(tx, { ...claim, amount, description: 'refund', actor });
          }),
        }),
      );
    },
  }),

  dispute: action({
    weight: 3,
    choices: fc.record({ at, who, order }),
    words: ({ who: customer, order: nth }) => `order ${nth} of ${named(customer)} is disputed`,
    prepare: (world, { at: place, who: customer, order: nth }) => {
      const claim = { userId: world.userId(customer), orderId: world.orderId(customer, nth), now: world.time };
      return one(
        customer,
        (account, moment) => ({ held: dispute(account, nth, moment) }),
        async () => ({ held: await world.transaction(place, (tx) => holdOrderCredits(tx, claim)) }),
      );
    },
  }),

  'end a dispute': action({
    weight: 2,
    /** Of everybody's. */
    choices: fc.record({ at, nth: fc.nat(3) }),
    words: ({ nth }) => `dispute ${nth} ends`,
    prepare: (world, { at: place, nth }) => {
      const disputes = world.accounts.flatMap(({ disputed }, owner) => disputed.map((one) => ({ ...one, owner })));
      const chosen = disputes[nth % (disputes.length || 1)];
      if (chosen === undefined) return nothing;
      const { owner, order: its } = chosen;
      const claim = { userId: world.userId(owner), orderId: world.orderId(owner, its), now: world.time };
      return one(
        owner,
        (account, moment) => ({ released: endDispute(account, its, moment) }),
        async () => ({ released: await world.transaction(place, (tx) => releaseOrderCredits(tx, claim)) }),
      );
    },
  }),

  suspend: action({
    weight: 1,
    choices: fc.record({ at, who }),
    words: ({ who: customer }) => `${named(customer)} is suspended`,
    prepare: (world, choices) => freeze(world, choices, true),
  }),

  reactivate: action({
    weight: 2,
    choices: fc.record({ at, who }),
    words: ({ who: customer }) => `${named(customer)} is let in again`,
    prepare: (world, choices) => freeze(world, choices, false),
  }),

  expire: action({
    weight: 3,
    choices: fc.record({ at }),
    words: () => 'the job that expires credits runs',
    prepare: (world, { at: place }) => ({
      acts: world.userIds.map((_, customer) => ({
        who: customer,
        isSilent: true,
        play: (account, moment) => ({ expired: expireDue(account, moment) }),
      })),
      run: async () => {
        const { failed } = await expireCredits(world.services(place));
        return world.userIds.map(() => (failed > 0 ? { failed: `${failed} customers` } : {}));
      },
    }),
  }),

  'set the terms': action({
    weight: 2,
    isAlone: true,
    choices: fc.record({
      plan: fc.nat(1),
      prices: fc.constantFrom(null, { image: 1 }, { image: 3, video: 20 }, { image: 10, film: 999_999_999 }),
      percents: fc.constantFrom([20, 5, 0], [20, 5, 0], [50, 49], []),
    }),
    words: ({ plan, prices, percents }) =>
      `plan ${plan} has prices ${JSON.stringify(prices)} and alerts ${percents.join(', ')}`,
    prepare: (world, { plan, prices, percents }) => ({
      acts: [],
      run: async () => {
        await world.setTerms(plan, { prices, percents });
        return [];
      },
    }),
  }),
};

function freeze(world: World, { at: place, who: customer }: { at: Place; who: number }, frozen: boolean) {
  return one(
    customer,
    (account) => {
      account.frozen = frozen;
      return {};
    },
    async () => {
      await world.transaction(place, (tx) => setFrozen(tx, world.userId(customer), frozen));
      return {};
    },
    { isVague: true },
  );
}
