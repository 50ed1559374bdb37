import { expect } from 'chai';
import { playByTheModel, type Sequence, type Step } from './model/sequence.ts';
import { useStage } from './model/world.ts';

const give = (amount: number, end: 'never' | 'in 5 s' | 'in a day' = 'never'): Step => {
  return { do: 'give', at: 0, who: 0, source: 'pack', amount, end, order: 0, again: null };
};
const image = (amount: number) => ({ amount, quantity: null, feature: 'image' });
const consume = (amount: number, key: string | null = null): Step => {
  return { do: 'consume', at: 0, who: 0, what: image(amount), key, times: 1 };
};
const hold = (amount: number): Step => {
  return { do: 'open a hold', at: 0, who: 0, what: image(amount), key: null, lasts: '5 s', times: 1 };
};
const settle = (part: 'half' | 'all' | 'more'): Step => {
  return { do: 'close a hold', at: 0, hold: 0, byStranger: false, part, key: null, times: 1 };
};
const month: Step = {
  do: 'start a month',
  at: 0,
  who: 0,
  month: {
    subscription: 0,
    plan: 0,
    again: null,
    credits: 100,
    rollover: 'none',
    cap: 0,
    end: 'in 40 days',
    order: null,
  },
};
const read: Step = { do: 'read the balance', at: 0, who: 0 };
const toTheNextEnd: Step = { do: 'wait for the next end', offMs: 0 };

interface Crime {
  /** The function that is changed, and how. */
  in: string;
  from: string;
  to: string;
  steps: Step[];
}

/** Of each rule of the ledger's functions a breach, and steps that show it. */
const crimes: Record<string, Crime> = {
  'what expires soonest is drawn first': {
    in: 'credits_take',
    from: 'ORDER BY expires_at NULLS LAST, created_at',
    to: 'ORDER BY created_at',
    steps: [give(5), give(5, 'in a day'), hold(3)],
  },
  'what expires soonest is drawn first, in a gathered statement too': {
    in: 'credits_consume_many',
    from: 'ORDER BY expires_at NULLS LAST, created_at',
    to: 'ORDER BY created_at',
    steps: [give(5), give(5, 'in a day'), consume(3)],
  },
  'an expired credit is never spent': {
    in: 'credits_consume_many',
    from: '(g.expires_at IS NULL OR g.expires_at > p_now)',
    to: 'true',
    steps: [give(5, 'in 5 s'), toTheNextEnd, consume(3)],
  },
  'a credit ends at its time, not after it': {
    in: 'credits_expire_due',
    from: 'open AND remaining > held AND expires_at <= p_now',
    to: 'open AND remaining > held AND expires_at < p_now',
    steps: [give(5, 'in 5 s'), toTheNextEnd, read],
  },
  'what is held does not expire': {
    in: 'credits_expire_due',
    from: 'SET remaining = held',
    to: 'SET held = 0, remaining = 0',
    steps: [give(5, 'in 5 s'), hold(3), toTheNextEnd, read],
  },
  'a key spends once': {
    in: 'credits_consume',
    from: 'idempotency_key = p_key',
    to: 'idempotency_key = p_actor',
    steps: [give(9), consume(3, 'a'), consume(3, 'a')],
  },
  'a key belongs to one request': {
    in: 'credits_consume',
    from: "CASE WHEN t.fingerprint = p_fingerprint THEN 'replayed' ELSE 'key_reused' END",
    to: "'replayed'",
    steps: [give(9), consume(3, 'a'), consume(5, 'a')],
  },
  'a price is for each unit': {
    in: 'credits_price',
    from: 'coalesce(p_quantity, 1)',
    to: '1',
    steps: [
      { do: 'set the terms', plan: 0, prices: { image: 3, video: 20 }, percents: [] },
      month,
      {
        do: 'open a hold',
        at: 0,
        who: 0,
        what: { amount: null, quantity: 2, feature: 'video' },
        key: null,
        lasts: '5 s',
        times: 1,
      },
    ],
  },
  'a suspended account does not spend': {
    in: 'credits_consume',
    from: 'IF is_frozen',
    to: 'IF false',
    steps: [give(5), { do: 'suspend', at: 0, who: 0 }, consume(3)],
  },
  'no more is settled than was held': {
    in: 'credits_close_hold',
    from: 'p_amount > h.amount',
    to: 'p_amount > h.amount + 1',
    steps: [give(9), hold(3), settle('more')],
  },
  'a hold is closed once': {
    in: 'credits_close_hold',
    from: "IF h.status <> 'open'",
    to: 'IF false',
    steps: [give(9), hold(4), settle('half'), settle('half')],
  },
  'what a hold gives back is free again': {
    in: 'credits_release',
    from: 'SET held = held - part.amount',
    to: 'SET held = held',
    steps: [give(9), hold(4), settle('half')],
  },
  'a hold that has run out lets go, whoever comes next': {
    in: 'credits_consume_many',
    from: 'b.held = 0 OR',
    to: 'true OR',
    steps: [give(5, 'in a day'), hold(5), give(5), toTheNextEnd, consume(3)],
  },
  'a refund takes back what is held for work': {
    in: 'credits_cancel_holds',
    from: 'p.grant_id = ANY (p_grants)',
    to: 'p.grant_id <> ALL (p_grants)',
    steps: [give(9), hold(4), { do: 'claw back', at: 0, who: 0, order: 0, amount: 400 }],
  },
  'only what the plan gave counts against its quota': {
    in: 'credits_take',
    from: "g.source = 'plan'",
    to: 'true',
    steps: [month, give(5, 'in a day'), give(5, 'in a day'), consume(10)],
  },
  'a threshold is reached by what is left, not below it': {
    in: 'credits_raise_alerts',
    from: 'b.available <= b.monthly_quota',
    to: 'b.available < b.monthly_quota',
    steps: [month, consume(50), consume(20), consume(10)],
  },
  'a threshold is noticed in a gathered statement': {
    in: 'credits_consume_many',
    from: 'coalesce(b.alert_at + 1, 0)',
    to: '0',
    steps: [month, consume(50), consume(50)],
  },
};

describe('the model of the ledger', function () {
  this.timeout(60_000);
  const stage = useStage();

  for (const [rule, { in: name, from, to, steps }] of Object.entries(crimes)) {
    it(`tells when it is not so that ${rule}`, async () => {
      const { pool } = stage().processes[0].db;
      const sql = 'SELECT pg_get_functiondef($1::regproc) AS honest';
      const { honest } = (await pool.query<{ honest: string }>(sql, [name])).rows[0]!;
      expect(honest).to.contain(from);
      const sequence: Sequence = { steps };
      await playByTheModel(stage(), sequence);
      await pool.query(honest.replaceAll(from, to));
      try {
        const failure = await playByTheModel(stage(), sequence).then(() => null, String);
        expect(failure).to.match(/the model (says|has)/);
      } finally {
        await pool.query(honest);
      }
    });
  }
});
