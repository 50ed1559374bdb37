import { expect } from 'chai';
import { findBreaches, type LawName } from './laws.ts';
import { play, type Sequence } from './sequence.ts';
import { useStage } from './stage.ts';
import type { World } from './world.ts';

/** A pack that is refunded, a plan that is renewed, credits that are spent, and an order that nobody pays. */
const story: Sequence = {
  start: '2027-03-10T12:00:00Z',
  steps: [
    { do: 'buy', at: 0, who: 0, what: 'a pack of 500' },
    { do: 'refund', at: 0, order: 0, amountMinor: null, twice: false },
    { do: 'buy', at: 1, who: 0, what: 'basic monthly' },
    { do: 'buy', at: 0, who: 0, what: 'basic monthly' },
    { do: 'spend', at: 0, who: 0, amount: 100, key: null },
    { do: 'check out', at: 0, who: 0, what: 'a pack of 2500', key: null, twice: false },
  ],
};

/** For each law something that breaks it, and may break others. */
const crimes: Record<LawName, string | ((world: World) => void)> = {
  'nothing failed that nobody foresees': (world) => world.complain('a deadlock'),
  'the books balance': 'UPDATE credit_balances SET available = available + 1',
  'everything has come to its end': `UPDATE provider_events SET handled_at = NULL`,
  'PayPal has taken what is paid with us, and nothing else': `UPDATE payments SET provider_capture_id = order_id`,
  'PayPal has given back what is refunded with us, or an incident tells': 'DELETE FROM refunds',
  'no order is paid twice': `INSERT INTO sandbox.paypal_captures (id, order_id, created_at, doc)
    SELECT 'ANOTHER', order_id, created_at, doc || '{"id": "ANOTHER"}' FROM sandbox.paypal_captures LIMIT 1`,
  'an order that is paid hands over its credits once, and no other does': `UPDATE credit_grants SET key = 'quota:' || key`,
  'a month of credits lies in time that was paid for': `UPDATE credit_grants
    SET key = 'quota:' || subscription_id || ':2027-06-10T12:00:00.000Z' WHERE subscription_id IS NOT NULL`,
  'who has a plan has paid for it, and who has paid for time has the plan': `UPDATE subscriptions
    SET end_date = end_date + interval '1 month'`,
  'a customer has at most one plan': `DROP INDEX subscriptions_one_live;
    INSERT INTO subscriptions SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).* FROM subscriptions s`,
  'an order that is handed over has one receipt, and each mail goes out once': `DELETE FROM emails WHERE template = 'receipt'`,
  'a full refund takes all credits of the order back, or says which it could not': `UPDATE refunds
    SET credits_clawed_back = credits_clawed_back - 1`,
  'what people were told is true': (world) => world.promised.add(world.order(0)?.orderId ?? ''),
  'an incident is about something that happened': `INSERT INTO incidents
    (id, key, kind, subject_type, subject_id, summary, first_seen_at, last_seen_at)
    VALUES (gen_random_uuid(), 'x', 'capture_mismatch', 'order', 'x', 'Nothing happened.', now(), now())`,
};

describe('the laws of the payments model', function () {
  this.timeout(60_000);
  const stage = useStage();

  it('hold where nothing is wrong', async () => {
    expect(await findBreaches(await play(stage(), story))).to.deep.equal([]);
  });

  for (const [law, crime] of Object.entries(crimes)) {
    it(`tell when it is not so that ${law}`, async () => {
      const world = await play(stage(), story);
      if (typeof crime === 'string') await stage().apps[0].db.pool.query(crime);
      else crime(world);
      const breaches = await findBreaches(world);
      expect(breaches.filter((breach) => breach.startsWith(`${law}: `))).not.to.be.empty;
    });
  }
});
