import fc from 'fast-check';
import { lockFreeBalances, startQuotaMonths } from '../../../src/credits/quota-batch.ts';
import { endQuota as endReally, startQuotaMonth, type QuotaTerms } from '../../../src/credits/quota.ts';
import { action, at, ends, named, one, who } from './act.ts';
import { endQuota, startMonth, type Month } from './giving.ts';
import type { Answer } from './spending.ts';
import { customers, type Place, type World } from './world.ts';

const chosenMonth = fc.record({
  subscription: fc.constantFrom(0, 0, 0, 1),
  plan: fc.nat(1),
  /** Only the first time under a key gives something. */
  again: fc.constantFrom(null, null, null, 'this'),
  credits: fc.constantFrom(0, 10, 50, 100, 1000),
  rollover: fc.constantFrom('none', 'none', 'capped', 'full'),
  cap: fc.constantFrom(0, 5, 30, 200),
  end: fc.constantFrom('in a day', 'in 40 days', 'at once', 'in an hour'),
  order: fc.constantFrom(null, 0, 1),
});
type Chosen = typeof chosenMonth extends fc.Arbitrary<infer Choices> ? Choices : never;

function say({ subscription, plan, again, credits, rollover, cap, end, order }: Chosen): string {
  return (
    `${again === null ? 'a' : 'the same'} month of subscription ${subscription} to plan ${plan}, ${credits} credits, ` +
    `rollover ${rollover}${rollover === 'capped' ? ` at ${cap}` : ''}, ending ${end}, paid by ` +
    (order === null ? 'no order' : `order ${order}`)
  );
}

interface Both {
  customer: number;
  month: Month;
  terms: QuotaTerms;
  real: { key: string; end: Date; orderId: string | null; now: Date };
}

function monthOf(world: World, customer: number, { again, end, cap, ...rest }: Chosen): Both {
  const month: Month = {
    ...rest,
    key: `quota:${rest.subscription}:${again ?? world.newName()}`,
    cap: rest.rollover === 'capped' ? cap : null,
    end: world.now + ends[end],
  };
  const terms: QuotaTerms = {
    userId: world.userId(customer),
    subscriptionId: world.subscriptionId(customer, month.subscription),
    planId: world.stage.planIds[month.plan] ?? world.nobody,
    creditsMonthly: month.credits,
    rollover: month.rollover,
    rolloverCap: month.cap,
  };
  const orderId = month.order === null ? null : world.orderId(customer, month.order);
  return { customer, month, terms, real: { key: month.key, end: new Date(month.end), orderId, now: world.time } };
}

async function startOne(world: World, place: Place, { terms, real }: Both): Promise<Answer> {
  return { given: await world.transaction(place, (tx) => startQuotaMonth(tx, terms, real)) };
}

/** As the reset of quotas does it: in one statement whoever is free, and the others one by one. */
async function startSet(world: World, place: Place, set: readonly Both[]): Promise<Answer[]> {
  const column = (pick: (both: Both) => string | number | null) => `{${set.map((one) => pick(one) ?? 'NULL').join()}}`;
  const users = column(({ terms }) => terms.userId);
  const columns = {
    users,
    ids: column(({ terms }) => terms.subscriptionId),
    plans: column(({ terms }) => terms.planId),
    credits: column(({ month }) => month.credits),
    rollovers: column(({ month }) => month.rollover),
    caps: column(({ month }) => month.cap),
    keys: column(({ month }) => month.key),
    ends: column(({ real }) => real.end.toISOString()),
    orders: column(({ real }) => real.orderId),
  };
  const { granted, left } = await world.transaction(place, async (tx) => {
    const busy = await lockFreeBalances(tx, users);
    return startQuotaMonths(tx, columns, { left: busy, now: world.time });
  });
  const begun = set.filter((_, nth) => !left.includes(nth + 1));
  const giving = begun.filter(({ month }) => month.credits > 0);
  if (granted !== giving.length) return set.map(() => ({ failed: `${granted} months gave, not ${giving.length}` }));
  const answerTo = async (one: Both): Promise<Answer> =>
    begun.includes(one) ? { given: giving.includes(one) } : startOne(world, place, one);
  return Promise.all(set.map(answerTo));
}

export const quotaActions = {
  'start a month': action({
    weight: 5,
    choices: fc.record({ at, who, month: chosenMonth }),
    words: ({ who: customer, month }) => `${say(month)}, begins for ${named(customer)}`,
    prepare: (world, { at: place, who: customer, month: chosen }) => {
      const both = monthOf(world, customer, chosen);
      return one(
        customer,
        (account, moment) => ({ given: startMonth(account, both.month, moment) }),
        () => startOne(world, place, both),
        { isVague: true },
      );
    },
  }),

  'start months': action({
    weight: 4,
    choices: fc.record({ at, months: fc.array(chosenMonth, { minLength: 1, maxLength: customers }) }),
    words: ({ months }) =>
      `months begin together: ${months.map((month, customer) => `${named(customer)}: ${say(month)}`).join('; ')}`,
    prepare: (world, { at: place, months }) => {
      const set = months.map((chosen, customer) => monthOf(world, customer, chosen));
      return {
        acts: set.map(({ customer, month }) => ({
          who: customer,
          isVague: true,
          play: (account, moment) => ({ given: startMonth(account, month, moment) }),
        })),
        run: () => startSet(world, place, set),
      };
    },
  }),

  'end a quota': action({
    weight: 2,
    choices: fc.record({ at, who, subscription: fc.constantFrom(0, 0, 1) }),
    words: ({ who: customer, subscription }) => `subscription ${subscription} of ${named(customer)} ends`,
    prepare: (world, { at: place, who: customer, subscription }) => {
      const [userId, now] = [world.userId(customer), world.time];
      const itsId = world.subscriptionId(customer, subscription);
      return one(
        customer,
        (account, moment) => ({ writtenOff: endQuota(account, subscription, moment) }),
        async () => ({ writtenOff: await world.transaction(place, (tx) => endReally(tx, userId, itsId, now)) }),
        { isVague: true },
      );
    },
  }),
};
