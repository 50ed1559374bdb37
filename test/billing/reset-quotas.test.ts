import { expect } from 'chai';
import fc from 'fast-check';
import { beginMonthsOf, quotaKey, resetQuotas } from '../../src/billing/reset-quotas.ts';
import { openHold } from '../../src/credits/holds.ts';
import { newId } from '../../src/kit/ids.ts';
import { addMonths } from '../../src/subscriptions/periods.ts';
import { useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { giveCredits, spending } from '../support/credits.ts';
import { addDueSubscriptions } from '../support/due-subscriptions.ts';
import { addFreePlan } from '../support/plans.ts';

const hourMs = 3600_000;
const dayMs = 24 * hourMs;

/** What a subscription can have gone through until its months are due. */
const standing = fc.record({
  rollover: fc.constantFrom('none', 'capped', 'full'),
  cap: fc.integer({ min: 0, max: 40 }),
  credits: fc.constantFrom(0, 1, 50),
  /** Months due. */
  due: fc.integer({ min: 1, max: 4 }),
  hasAlerts: fc.boolean(),
  grants: fc.array(
    fc.record({
      of: fc.constantFrom('plan', 'pack'),
      amount: fc.integer({ min: 1, max: 30 }),
      expires: fc.constantFrom('long ago', 'with the month', 'later', 'never'),
    }),
    { maxLength: 4 },
  ),
  hold: fc.constantFrom(null, 'run out', 'running'),
  wasGivenBefore: fc.boolean(),
  /** null: it costs nothing. Else two orders, the second from the second month due on. */
  orders: fc.option(
    fc.tuple(
      fc.constantFrom('kept', 'refunded', 'refunded, time stays', 'partly refunded, time ends', 'disputed'),
      fc.constantFrom('kept', 'refunded', 'disputed'),
    ),
    { freq: 2 },
  ),
});
type Standing = typeof standing extends fc.Arbitrary<infer T> ? T : never;

describe('quota months', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });
  let plans: { alerted: string; quiet: string; priceId: string };

  before(async () => {
    const [alerted, quiet] = [await addFreePlan(app), await addFreePlan(app, { alertPercents: [] })];
    const price = await one(
      `SELECT id FROM plan_prices WHERE subscription_type = 'yearly' AND currency = 'USD' LIMIT 1`,
    );
    plans = { alerted: alerted.id, quiet: quiet.id, priceId: price.id as string };
  });
  afterEach(() => expectBalancedBooks(app.services));

  const run = (sql: string, values: unknown[] = []) => app.db.pool.query<Json>(sql, values);
  const one = async (sql: string, values: unknown[] = []) => {
    const { rows } = await run(sql, values);
    if (rows[0] === undefined) throw new Error(`nothing was found by ${sql}`);
    return rows[0];
  };
  const reset = (options = {}) => resetQuotas(app.services, options);

  /** → the ids of one who stands so; `name` of each for comparing */
  async function place(is: Standing, now: Date): Promise<{ id: string; names: Map<string, string> }> {
    const [userId, id] = [newId(), newId()];
    const then = new Date(now.getTime() - 400 * dayMs);
    const anchor = addMonths(new Date(now.getTime() - hourMs), -12);
    const due = addMonths(anchor, 13 - is.due);
    const names = new Map([[userId, 'user'], [id, 'subscription']]); // prettier-ignore
    await run(`INSERT INTO users (id, email, created_at, updated_at) VALUES ($1, $1::uuid::text || '@x.test', $2, $2)`, [userId, then]); // prettier-ignore
    const planId = is.hasAlerts ? plans.alerted : plans.quiet;
    await run('INSERT INTO credit_balances (user_id, monthly_quota, plan_id) VALUES ($1, 50, $2)', [userId, planId]);
    await giveCredits(app, userId, 3, { key: 'before', source: 'plan', now: then });
    await app.services.consumptions.consume({ ...spending(app, userId, 3), now: then });
    await run(
      `INSERT INTO subscriptions (id, user_id, plan_id, price_id, subscription_type, status, credits_monthly, rollover,
         rollover_cap, anchor_at, start_date, end_date, quota_resets_at, created_at)
       VALUES ($1, $2, $3, $4, 'yearly', 'active', $5, $6, $7, $8, $8, $9, $10, $8)`,
      [id, userId, planId, is.orders && plans.priceId, is.credits, is.rollover, is.rollover === 'capped' ? is.cap : null,
        anchor, is.orders && addMonths(anchor, 36), due],
    ); // prettier-ignore
    for (const [index, { of, amount, expires }] of is.grants.entries()) {
      const expiresAt = {
        'long ago': addMonths(due, -1),
        'with the month': due,
        later: addMonths(due, 8),
        never: null,
      }[expires];
      const subscriptionId = of === 'plan' ? id : null;
      await giveCredits(app, userId, amount, { key: `g${index}`, source: of, expiresAt, subscriptionId, now: then });
    }
    if (is.wasGivenBefore) {
      await giveCredits(app, userId, 7, { key: quotaKey(id, due), source: 'plan', subscriptionId: id, now: then });
    }
    if (is.hold !== null && is.grants.length > 0) {
      const expiresAt = new Date(now.getTime() + (is.hold === 'running' ? hourMs : -hourMs));
      const { holdId } = await openHold(app.db.pool, { ...spending(app, userId, 1), now: then, expiresAt });
      names.set(holdId, 'hold');
    }
    for (const [index, fate] of (is.orders ?? []).entries()) {
      const period = index === 0 ? [anchor, addMonths(due, 1)] : [addMonths(due, 1), addMonths(anchor, 36)];
      names.set(await addOrder({ userId, id, fate, period }), `order ${index}`);
    }
    return { id, names };
  }

  async function addOrder({
    userId,
    id,
    fate,
    period,
  }: {
    userId: string;
    id: string;
    fate: string;
    period: unknown[];
  }) {
    const [orderId, paymentId] = [newId(), newId()];
    const back = fate.startsWith('refunded') ? 100 : fate.startsWith('partly') ? 10 : 0;
    const status = { 100: 'refunded', 10: 'partially_refunded', 0: 'completed' }[back];
    await run(
      `INSERT INTO orders (id, order_no, user_id, kind, status, plan_id, price_id, subscription_type, snapshot, currency,
         amount_minor, refunded_minor, created_at, expires_at, paid_at, subscription_id, period_start, period_end, disputed_at)
       SELECT $1, $1::uuid::text, $2, 'renewal', $3, plan_id, id, 'yearly', '{}', 'USD', 100, $4, now(), now(), now(), $5, $6, $7, $8
       FROM plan_prices WHERE id = $9`,
      [orderId, userId, status, back, id, ...period, fate === 'disputed' ? app.clock.now() : null, plans.priceId],
    );
    await run(
      `INSERT INTO payments (id, order_id, provider, provider_capture_id, status, currency, amount_minor, created_at, completed_at)
       VALUES ($1, $2, 'paypal', $1::uuid::text, 'completed', 'USD', 100, now(), now())`,
      [paymentId, orderId],
    );
    if (back > 0) {
      const ends = { 'refunded, time stays': false, 'partly refunded, time ends': true }[fate] ?? null;
      await run(
        `INSERT INTO refunds (id, order_id, payment_id, provider, status, currency, amount_minor, reason, created_at,
           completed_at, ends_subscription)
         VALUES ($1, $2, $3, 'paypal', 'completed', 'USD', $4, 'x', now(), now(), $5)`,
        [newId(), orderId, paymentId, back, ends],
      );
    }
    if (fate === 'disputed') {
      await run(
        `INSERT INTO disputes (id, order_id, payment_id, provider, provider_dispute_id, currency, amount_minor, opened_at, updated_at)
         VALUES ($1, $2, $3, 'paypal', $1::uuid::text, 'USD', 100, now(), now())`,
        [newId(), orderId, paymentId],
      );
    }
    return orderId;
  }

  /** All that the books say of one, ids by their names and times of writing left out. */
  async function booksOf({ id, names }: { id: string; names: Map<string, string> }): Promise<unknown> {
    const { books } = await one(
      `SELECT jsonb_build_object(
         'due', s.quota_resets_at,
         'balance', (SELECT to_jsonb(b) FROM credit_balances b WHERE b.user_id = s.user_id),
         'grants', (SELECT jsonb_agg(to_jsonb(g) - 'id' - 'created_at' ORDER BY key) FROM credit_grants g WHERE g.user_id = s.user_id),
         'holds', (SELECT jsonb_agg(status) FROM credit_holds h WHERE h.user_id = s.user_id),
         'alerts', (SELECT jsonb_agg(to_jsonb(a) - 'id' - 'raised_at' ORDER BY period_end, percent) FROM credit_alerts a WHERE a.user_id = s.user_id),
         'entries', (SELECT jsonb_agg(to_jsonb(t) - 'id' - 'created_at' - 'grant_id' - 'drawn' ORDER BY seq) FROM credit_transactions t WHERE t.user_id = s.user_id),
         'parts', (SELECT jsonb_agg(jsonb_build_array(p.seq, g.key, p.amount) ORDER BY p.seq, g.key) FROM credit_parts p
            JOIN credit_grants g ON g.user_id = p.user_id AND g.id = p.grant_id WHERE p.user_id = s.user_id)
       )::text AS books FROM subscriptions s WHERE s.id = $1`,
      [id],
    );
    const named = [...names].reduce((text, [uuid, name]) => text.replaceAll(uuid, name), books as string);
    // The order's dispute is its holds, whose ids only their entries know.
    return JSON.parse(named.replaceAll(/"reference": "[0-9a-f-]{36}"/g, '"reference": "a hold"'));
  }

  it('are the same begun in a batch as begun one by one, whatever came before', async () => {
    const standings = fc.sample(standing, 60);
    const batch = [];
    const alone = [];
    for (const is of standings) {
      const now = app.clock.now();
      batch.push(await place(is, now));
      alone.push(await place(is, now));
    }
    for (const { id } of alone) {
      await app.db.transaction((tx) => beginMonthsOf(app.services, tx, id, app.clock.now()));
    }
    const counts = await reset();
    expect(counts).to.include({ subscriptions: batch.length, failed: 0 });
    expect(counts.late).to.equal(standings.reduce((sum, { due }) => sum + due, 0));
    for (const [index, is] of standings.entries()) {
      const [mine, theirs] = [batch[index], alone[index]];
      if (mine === undefined || theirs === undefined) throw new Error('there are as many as were placed');
      expect(await booksOf(mine), JSON.stringify(is)).to.deep.equal(await booksOf(theirs));
    }
  });

  it('that were missed for a year are made up for, each once, and it is said', async () => {
    const now = app.clock.now();
    await addDueSubscriptions(app.db, { count: 30, dueAt: addMonths(now, -5), left: 99 });
    const told: Record<string, number>[] = [];
    const counts = await reset({ batchSize: 20, tell: (so: Record<string, number>) => told.push({ ...so }) });
    expect(counts).to.deep.equal({ subscriptions: 30, months: 180, late: 150, daysLate: counts.daysLate, failed: 0 });
    expect(counts.daysLate).to.be.within(149, 154);
    expect(told).to.have.length(9);
    expect(told.at(-1)).to.deep.include({ due: 30, months: 180 });
    expect(await reset()).to.deep.equal({ subscriptions: 0, months: 0, late: 0, daysLate: 0, failed: 0 });
    const { wrong } = await one(
      `SELECT count(*) FILTER (WHERE b.available <> 100 OR b.total_earned <> 700 OR months <> 6) AS wrong
       FROM credit_balances b JOIN users u ON u.id = b.user_id AND u.email LIKE '%@due.test',
         LATERAL (SELECT count(*) AS months FROM credit_grants g WHERE g.user_id = b.user_id AND key LIKE 'quota:%') g`,
    );
    expect(wrong).to.equal(0);
  });

  it('are begun for all others, when one balance is locked for good and another one is corrupt', async () => {
    const dueAt = new Date(app.clock.now().getTime() - 1000);
    await addDueSubscriptions(app.db, { count: 200, dueAt });
    const { rows } = await run('SELECT user_id FROM subscriptions WHERE quota_resets_at = $1 ORDER BY id', [dueAt]);
    const [locked, corrupt] = [rows[50]?.user_id, rows[120]?.user_id];
    const other = await app.db.pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM credit_balances WHERE user_id = $1 FOR UPDATE', [locked]);
    await run('UPDATE credit_balances SET available = 0 WHERE user_id = $1', [corrupt]);
    try {
      expect(await reset()).to.include({ subscriptions: 198, months: 198, failed: 2 });
    } finally {
      await other.query('ROLLBACK');
      other.release();
      await run('UPDATE credit_balances SET available = 30 WHERE user_id = $1', [corrupt]);
    }
    expect(await reset()).to.include({ subscriptions: 2, failed: 0 });
  });

  it('are shared by two processes, so that each does a part and none a part of the other’s', async () => {
    const other = await app.another();
    const dueAt = new Date(app.clock.now().getTime() - 1000);
    await addDueSubscriptions(app.db, { count: 2000, dueAt });
    const counts = await Promise.all([app, other].map(({ services }) => resetQuotas(services, { batchSize: 50 })));
    const months = counts.map((each) => each.months);
    expect(months[0]).to.be.within(50, 1950);
    expect(months).to.have.ordered.members([months[0], 2000 - (months[0] ?? 0)]);
  });
});
