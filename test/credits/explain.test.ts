import { expect } from 'chai';
import { adjustCredits } from '../../src/billing/adjust-credits.ts';
import { archiveLedger } from '../../src/billing/archive-ledger.ts';
import { explainCredits } from '../../src/billing/explain-credits.ts';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, useApp, type Json } from '../support/app.ts';
import { addStaffActor } from '../support/staff.ts';
import { temporaryDataDir } from '../support/start.ts';

interface Grant extends Json {
  origin: Json;
  source: string;
  granted: number;
  spent: number;
  expired: number;
  clawed_back: number;
  adjusted: number;
  held: number;
  remaining: number;
}

interface Explained {
  at: string;
  available: number;
  held: number;
  entries: number;
  grants: Grant[];
  more_grants: number;
}

describe('GET /credits/explain', function () {
  this.timeout(60_000);
  const app = useApp();
  const archive = temporaryDataDir();
  let customer: Client;

  beforeEach(async () => {
    customer = await Client.register(app);
  });
  after(() => {
    archive.remove();
  });

  const explain = async (at?: Date): Promise<Explained> => {
    const answer = await customer.get(`/credits/explain${at === undefined ? '' : `?at=${at.toISOString()}`}`);
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    return answer.body as unknown as Explained;
  };
  const spend = (amount: number, feature: string) =>
    customer.post('/credits/consume', { amount, feature_type: feature });
  const later = async (ms: number): Promise<void> => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + ms));
    await customer.signIn();
  };

  it('says where credits came from and where they went', async () => {
    const order = await customer.buy({ pack_code: 'pack-500' });
    const staff = await addStaffActor(app);
    const gift = { userId: customer.id, amount: 50, reason: 'Sorry for the outage', requestId: newId(), staff };
    await adjustCredits(app.services, gift);
    await spend(30, 'image');
    await spend(20, 'image');
    await spend(7, 'video');
    const { grants, ...sums } = await explain();
    expect(sums).to.deep.include({ available: 493, held: 0, entries: 5, more_grants: 0 });
    expect(grants.map(({ origin }) => origin)).to.deep.equal([
      { kind: 'staff', reason: 'Sorry for the outage', by: 'staff' },
      { kind: 'order', order_id: order.order_id, order_no: order.order_no, subscription_id: null },
    ]);
    const pack = grants.find(({ source }) => source === 'pack');
    expect(pack).to.deep.include({ granted: 500, spent: 57, remaining: 443, held: 0, expired: 0, clawed_back: 0 });
    expect(pack?.uses).to.have.deep.members([
      { feature_type: 'image', credits: 50, entries: 2 },
      { feature_type: 'video', credits: 7, entries: 1 },
    ]);
  });

  it('knows the balance at every instant of the past, as it was then', async () => {
    const moments: { at: Date; credits: Json }[] = [];
    const note = async (): Promise<void> => {
      const credits = (await customer.get('/credits')).body;
      moments.push({ at: app.clock.now(), credits });
      await later(1000 + Math.floor(Math.random() * 5_000_000));
    };
    await note();
    await customer.buy({ plan_code: 'pro' });
    await note();
    const order = await customer.buy({ pack_code: 'pack-500' });
    await note();
    for (const amount of [1, 400, 1700, 3]) {
      await spend(amount, amount % 2 === 0 ? 'image' : 'video');
      await note();
    }
    await app.db.pool.query(
      `SELECT credits_hold($1, $2, 40, NULL, 'video', NULL, NULL, 'user', NULL, NULL, $3::timestamptz + interval '1 day', $3)`,
      [customer.id, newId(), app.clock.now()],
    );
    await note();
    const staff = await addStaffActor(app);
    await adjustCredits(app.services, { userId: customer.id, amount: -5, reason: 'typo', requestId: newId(), staff });
    await note();
    // A month later, without any job: the plan's credits and the hold have run out by themselves.
    await later(32 * 24 * 3600 * 1000);
    await note();
    for (const { at, credits } of moments) {
      const then = await explain(at);
      expect([at, then.available, then.held]).to.deep.equal([at, credits.available_credits, credits.held_credits]);
      const open = then.grants.filter(({ remaining }) => remaining > 0);
      const shown = credits.grants as { id: string; remaining: number; held: number }[];
      expect(open.map(({ id, remaining, held }) => ({ id, remaining, held }))).to.have.deep.members(
        shown.map(({ id, remaining, held }) => ({ id, remaining, held })),
      );
      for (const grant of then.grants) {
        const { granted, spent, expired, clawed_back, adjusted, remaining } = grant;
        expect(granted).to.equal(spent + expired + clawed_back + adjusted + remaining);
      }
    }
    expect(moments.at(-1)?.credits.held_credits).to.equal(0);
    expect(order.order_no).to.be.a('string');
  });

  it('counts what has expired as expired while the job is late, and then equals what is stored', async () => {
    await customer.buy({ plan_code: 'pro' });
    await spend(10, 'image');
    await later(40 * 24 * 3600 * 1000);
    const explained = await explain();
    const stored = async () => {
      const sql = 'SELECT available, held FROM credit_balances WHERE user_id = $1';
      return (await app.db.pool.query<{ available: number; held: number }>(sql, [customer.id])).rows[0];
    };
    expect(explained.available).to.equal(0);
    expect((await stored())?.available).to.be.greaterThan(0);
    expect(explained.grants[0]).to.deep.include({ spent: 10, remaining: 0 });
    expect(explained.grants[0]?.origin.kind).to.equal('order');
    await app.db.pool.query('SELECT credits_expire_due($1, $2)', [customer.id, app.clock.now()]);
    expect(await stored()).to.deep.equal({ available: explained.available, held: explained.held });
    expect(await explain()).to.deep.include({ available: 0, grants: explained.grants });
  });

  it('orders entries by their number where clocks disagree', async () => {
    await customer.buy({ pack_code: 'pack-500' });
    await spend(1, 'image');
    await spend(2, 'image');
    const { rows } = await app.db.pool.query<{ created_at: Date }>(
      'SELECT created_at FROM credit_transactions WHERE user_id = $1 AND seq = 3',
      [customer.id],
    );
    const third = rows[0]?.created_at ?? new Date();
    const client = await app.db.pool.connect();
    await client.query(`BEGIN; SET LOCAL session_replication_role = 'replica'`);
    await client.query('UPDATE credit_transactions SET created_at = $2 WHERE user_id = $1 AND seq = 2', [
      customer.id,
      new Date(third.getTime() + 5),
    ]);
    await client.query('COMMIT');
    client.release();
    expect(await explain(third)).to.deep.include({ entries: 3, available: 497 });
  });

  it('counts archived entries with what they came to, and refuses the time before', async () => {
    const staff = await addStaffActor(app);
    const gift = { userId: customer.id, amount: 60, reason: 'Welcome', requestId: newId(), staff };
    await adjustCredits(app.services, gift);
    await spend(10, 'image');
    const then = app.clock.now();
    await later(200 * 24 * 3600 * 1000);
    await spend(5, 'image');
    const before = new Date(Date.UTC(then.getUTCFullYear(), then.getUTCMonth() + 1, 1));
    const expected = await explain();
    await archiveLedger(app.services, { before, directory: archive.dataDir });
    const left = 'SELECT count(*) AS n FROM credit_transactions WHERE user_id = $1';
    expect((await app.db.pool.query(left, [customer.id])).rows).to.deep.equal([{ n: 1 }]);
    const after = await explain();
    expect({ ...after, at: '' }).to.deep.equal({ ...expected, at: '' });
    expect(after.grants[0]?.origin).to.deep.equal({ kind: 'staff', reason: 'Welcome', by: 'staff' });
    const refused = await customer.get(`/credits/explain?at=${new Date(then.getTime() - 1000).toISOString()}`);
    expect(refused).to.deep.include({ status: 410 });
    expect(refused.body).to.include({ code: 'history_archived' });
    expect(new Date(refused.body.earliest as string).getTime()).to.be.at.most(then.getTime());
    expect(await explain(new Date(refused.body.earliest as string))).to.include({ available: 50, entries: 2 });
  });

  it('is for whoever may read the credits, and says what is wrong with a time', async () => {
    const wrong = await customer.get('/credits/explain?at=yesterday');
    expect(wrong.status).to.equal(400);
    expect((wrong.body.errors as Json[])[0]).to.include({ path: 'at' });
    const future = await customer.get(
      `/credits/explain?at=${new Date(app.clock.now().getTime() + 60_000).toISOString()}`,
    );
    expect((future.body.errors as Json[])[0]?.message).to.equal('must not be in the future');
    const other = await Client.register(app);
    expect(await customer.get(`/credits/explain?user_id=${other.id}`)).to.include({ status: 403 });
    expect(await call(app, 'GET', '/api/v1/credits/explain')).to.include({ status: 401 });
    const { rows } = await app.db.pool.query<{ n: number }>(
      'SELECT count(*) AS n FROM credit_transactions WHERE user_id = $1',
      [customer.id],
    );
    expect(rows[0]?.n).to.equal(0);
  });

  it('answers about a hundred thousand entries as about ten', async () => {
    await app.db.pool.query(
      `WITH granted AS (
         INSERT INTO credit_grants (user_id, id, key, source, amount, remaining, created_at)
         VALUES ($1, $2, 'promo:many', 'promo', 200000, 100001, $3) RETURNING id
       ), counted AS (
         UPDATE credit_balances SET available = 100001, total_earned = 200000, total_used = 99999, entries = 100000
         WHERE user_id = $1
       )
       INSERT INTO credit_transactions
         (user_id, seq, id, type, amount, balance_after, source, feature_type, actor, grant_id, created_at)
       SELECT $1, n, gen_random_uuid(), CASE WHEN n = 1 THEN 'earn' ELSE 'spend' END,
         CASE WHEN n = 1 THEN 200000 ELSE -1 END, 200001 - n, 'promo', 'image', 'user', id, $3
       FROM granted, generate_series(1, 100000) n`,
      [customer.id, newId(), app.clock.now()],
    );
    const started = performance.now();
    const { available, grants } = await explainCredits(app.services, { userId: customer.id });
    expect(performance.now() - started).to.be.lessThan(2_000);
    expect(available).to.equal(100_001);
    expect(grants[0]?.uses).to.deep.equal([{ featureType: 'image', credits: 99_999, entries: 99_999 }]);
  });
});
