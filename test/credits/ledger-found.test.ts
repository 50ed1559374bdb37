import { playByTheModel, type Sequence } from './model/sequence.ts';
import { useStage } from './model/world.ts';

/** Sequences in which the ledger was not as the model has it, once. */
const found: Record<string, Sequence> = {
  'what a hold that has run out gives back is there for a batch, and goes first': {
    steps: [
      { do: 'give', at: 0, who: 0, source: 'promo', amount: 20, end: 'in a day', order: 0, again: null },
      { do: 'give', at: 0, who: 0, source: 'promo', amount: 50, end: 'never', order: 0, again: null },
      {
        do: 'open a hold',
        at: 0,
        who: 0,
        what: { amount: 20, quantity: null, feature: 'image' },
        key: null,
        lasts: '5 s',
        times: 1,
      },
      { do: 'wait', span: 'a minute' },
      {
        do: 'consume many',
        at: 1,
        items: [{ who: 0, what: { amount: 5, quantity: null, feature: 'image' }, key: null }],
      },
    ],
  },
  'a month that begins again does not trim what it has given': {
    steps: ['this' as const, 'this' as const].map((again) => ({
      do: 'start a month',
      at: 0,
      who: 0,
      month: {
        subscription: 0,
        plan: 0,
        again,
        credits: 100,
        rollover: 'capped',
        cap: 30,
        end: 'in 40 days',
        order: null,
      },
    })),
  },
  'a plan that ends while a month of it begins leaves a whole month, or nothing': {
    steps: [
      {
        atOnce: [
          {
            do: 'start a month',
            at: 0,
            who: 0,
            month: {
              subscription: 1,
              plan: 1,
              again: null,
              credits: 1000,
              rollover: 'capped',
              cap: 30,
              end: 'in 40 days',
              order: 1,
            },
          },
          { do: 'end a quota', at: 1, who: 0, subscription: 1 },
        ],
      },
    ],
  },
  'a plan ends while its credits are consumed': {
    steps: [
      {
        do: 'start a month',
        at: 0,
        who: 0,
        month: {
          subscription: 0,
          plan: 0,
          again: null,
          credits: 100,
          rollover: 'full',
          cap: 0,
          end: 'in 40 days',
          order: null,
        },
      },
      {
        atOnce: [
          {
            do: 'consume',
            at: 0,
            who: 0,
            what: { amount: 3, quantity: null, feature: 'image' },
            key: null,
            times: 8,
          },
          { do: 'end a quota', at: 1, who: 0, subscription: 0 },
        ],
      },
    ],
  },
  'the price list that counts is that of the plan which the credits are of, though it came while a hold waited': {
    steps: [
      { do: 'set the terms', plan: 0, prices: { image: 10, film: 999_999_999 }, percents: [50, 49] },
      {
        atOnce: [
          {
            do: 'start a month',
            at: 0,
            who: 0,
            month: {
              subscription: 0,
              plan: 0,
              again: null,
              credits: 50,
              rollover: 'none',
              cap: 30,
              end: 'in an hour',
              order: 0,
            },
          },
          {
            do: 'open a hold',
            at: 0,
            who: 0,
            what: { amount: 3, quantity: null, feature: 'image' },
            key: null,
            lasts: '5 s',
            times: 1,
          },
          {
            do: 'consume',
            at: 1,
            who: 0,
            what: { amount: 3, quantity: null, feature: 'image' },
            key: null,
            times: 1,
          },
        ],
      },
    ],
  },
};

/** What runs at once does not go wrong each time. */
const times = 5;

describe('sequences in which the ledger parted from its model', function () {
  this.timeout(60_000);
  const stage = useStage();
  for (const [name, sequence] of Object.entries(found)) {
    it(name, async () => {
      for (let nth = 0; nth < times; nth += 1) await playByTheModel(stage(), sequence);
    });
  }
});
