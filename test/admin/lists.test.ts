import { expect } from 'chai';
import { seedDemo } from '../../scripts/demo/demo.ts';
import { readBounded, TooSlow } from '../../src/admin/adapter/bounded-read.ts';
import { resources } from '../../src/admin/resources/index.ts';
import type { ResourceSpec } from '../../src/admin/resources/spec.ts';
import { newId } from '../../src/kit/ids.ts';
import { useTestDatabase } from '../support/database.ts';
import { addStaff, startPanel, type TestPanel } from './harness.ts';
import { StaffClient, type Answer } from './staff-client.ts';

interface Listed {
  records: { id: string; params: Record<string, unknown> }[];
  meta: { total: number; isExact: boolean; before?: string; after?: string };
}

describe('lists of the panel', function () {
  this.timeout(120_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let owner: StaffClient;
  before(async () => {
    const { db } = database;
    await seedDemo(
      db,
      { users: 300, entries: 4000, seed: 3 },
      { now: new Date('2026-11-01T00:00Z'), say: () => undefined },
    );
    // A night's work is of one instant: there the tie-breaker alone says where a page ends.
    await db.pool.query(`UPDATE credit_grants SET created_at = '2026-06-01T00:00Z' WHERE created_at < '2026-09-01'`);
    await db.pool.query(`UPDATE users SET created_at = created_at + interval '3 microseconds'`);
    panel = await startPanel(db, { limited: false });
    owner = await StaffClient.signedIn(panel, (await addStaff(panel.services, 'owner')).email);
  });
  after(() => panel.close());

  const ask = (id: string, query: Record<string, string>): Promise<Answer> =>
    owner.get(`/api/resources/${id}/actions/list?${new URLSearchParams(query).toString()}`);
  const list = async (id: string, query: Record<string, string>): Promise<Listed> => {
    const { status, json, text } = await ask(id, query);
    expect(status, text).to.equal(200);
    return json as unknown as Listed;
  };

  /** Every page in turn, to the end. */
  async function walk(id: string, query: Record<string, string>, way: 'after' | 'before'): Promise<string[]> {
    const ids: string[] = [];
    let place: Record<string, string> = way === 'after' ? {} : { place: 'end' };
    for (let turns = 0; turns < 100; turns += 1) {
      const { records, meta } = await list(id, { perPage: '250', ...query, ...place });
      const shown = records.map((record) => record.id);
      if (way === 'after') ids.push(...shown);
      else ids.unshift(...shown);
      const next = meta[way];
      if (next === undefined) return ids;
      place = { [way]: next };
    }
    throw new Error('the list does not end');
  }

  for (const spec of resources as readonly ResourceSpec[]) {
    it(`turns through all of ${spec.id}, forwards and backwards, in every order`, async () => {
      const { rows } = await database.db.pool.query<{ n: number }>(`SELECT count(*) AS n FROM ${spec.id}`);
      for (const sortBy of spec.sortable) {
        for (const direction of ['asc', 'desc']) {
          const forwards = await walk(spec.id, { sortBy, direction }, 'after');
          expect(new Set(forwards).size, `${sortBy} ${direction}`).to.equal(Math.min(rows[0]?.n ?? 0, 10_000));
          expect(forwards).to.have.length(rows[0]?.n ?? 0);
          expect(await walk(spec.id, { sortBy, direction }, 'before')).to.deep.equal(forwards);
        }
      }
    });

    it(`reads ${spec.id} in every order from an index, or it is small`, async () => {
      const small = ['plans', 'plan_prices', 'credit_packs', 'api_keys', 'staff', 'job_runs'];
      if (small.includes(spec.id)) return;
      const key = spec.key ?? ['id'];
      const attributes = spec.model.getAttributes();
      for (const by of spec.sortable) {
        const [first, ...ties] = [by, ...key.filter((name) => name !== by).reverse()].map(
          (name) => attributes[name]?.field,
        );
        for (const direction of ['ASC', 'DESC']) {
          const order = [first, ...ties].map((column) => `${column} ${direction}`).join(', ');
          const client = await database.db.pool.connect();
          try {
            await client.query('SET enable_seqscan = off');
            const sql = `EXPLAIN SELECT * FROM ${spec.id} WHERE ${first} IS NOT NULL ORDER BY ${order} LIMIT 20`;
            const { rows } = await client.query<{ 'QUERY PLAN': string }>(sql);
            const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
            expect(plan, order).to.match(/Index (Only )?Scan/);
            expect(plan, order).to.not.match(/-> {2}Sort|^Sort/m);
          } finally {
            client.release(true);
          }
        }
      }
    });
  }

  it('puts empty dates where PostgreSQL does, and turns over them', async () => {
    const { records } = await list('subscriptions', { sortBy: 'endDate', direction: 'desc', perPage: '500' });
    const ends = records.map(({ params }) => params['endDate'] as string | null);
    const filled = ends.filter((end) => end !== null);
    expect(ends.indexOf(filled[0] ?? null)).to.equal(ends.length - filled.length);
    expect(filled).to.deep.equal([...filled].sort().reverse());
  });

  it('stays where it is when rows come in front of it', async () => {
    const first = await list('users', { perPage: '10' });
    await database.db.pool.query(
      `INSERT INTO users (id, email, created_at, updated_at)
       VALUES (gen_random_uuid(), 'new@example.com', now() + interval '1 day', now())`,
    );
    const second = await list('users', { perPage: '10', after: first.meta.after ?? '' });
    const back = await list('users', { perPage: '10', before: second.meta.before ?? '' });
    expect(back.records.map(({ id }) => id)).to.deep.equal(first.records.map(({ id }) => id));
  });

  it('counts few rows, and estimates many', async () => {
    const { rows } = await database.db.pool.query<{ n: number }>('SELECT count(*) AS n FROM credit_transactions');
    const few = await list('credit_transactions', {});
    expect(few.meta).to.include({ total: rows[0]?.n, isExact: true });
    await database.db.pool.query(
      `INSERT INTO job_runs (id, job, scheduled_for, started_at)
       SELECT gen_random_uuid(), 'many', now() + n * interval '1 second', now() FROM generate_series(1, 12000) n`,
    );
    await database.db.pool.query('ANALYZE job_runs');
    const many = await list('job_runs', {});
    expect(many.meta.isExact).to.equal(false);
    expect(many.meta.total).to.be.within(11_000, 16_000);
    // A page that shows all there is counts itself.
    expect((await list('job_runs', { 'filters.job': 'check-books', perPage: '100' })).meta.isExact).to.equal(true);
    await database.db.pool.query(`DELETE FROM job_runs WHERE job = 'many'`);
  });

  it('refuses a place that is none of this list', async () => {
    const { meta } = await list('users', { perPage: '10' });
    for (const [id, after] of [
      ['users', 'nonsense'],
      ['credit_grants', meta.after ?? ''],
      ['users', Buffer.from('{"part":9,"at":"x","key":[]}').toString('base64url')],
      ['users', Buffer.from(`{"part":0,"at":"');--","key":["${newId()}"]}`).toString('base64url')],
    ] as const) {
      const { status, json } = await ask(id, { after });
      expect(status, after).to.equal(400);
      expect(json['detail']).to.match(/first page/);
    }
  });

  it('finds a customer by a part of the address, and an order by how its number begins', async () => {
    const { records } = await list('orders', { perPage: '1' });
    const orderNo = String(records[0]?.params['orderNo']);
    const found = await list('orders', { 'filters.orderNo': orderNo.slice(0, -2) });
    expect(found.records.map(({ params }) => params['orderNo'])).to.include(orderNo);
    expect((await list('orders', { 'filters.orderNo': orderNo.slice(2) })).records).to.be.empty;
    expect((await list('users', { 'filters.email': '.17@EXAMPLE' })).records).to.have.length(1);
  });

  it('ends a question that takes too long, and says how to ask', async () => {
    const { sequelize } = database.db;
    const slow = readBounded(sequelize, (transaction) => sequelize.query('SELECT pg_sleep(5)', { transaction }), 50);
    const error = await slow.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(TooSlow);
    expect(error).to.include({ status: 503, code: 'too_slow' });
    expect((error as Error).message).to.match(/Narrow the filter/);
    const write = readBounded(sequelize, (transaction) => sequelize.query('DELETE FROM emails', { transaction }));
    expect(await write.catch((reason: unknown) => String(reason))).to.match(/read-only/);
  });
});
