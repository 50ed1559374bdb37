import { expect } from 'chai';
import { seedDemo } from '../../scripts/demo/demo.ts';
import { ExpectedFailure } from '../../src/kit/expected-failure.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runProgram, temporaryDataDir } from '../support/start.ts';

const now = new Date('2026-11-20T10:00:00Z');
const size = { users: 400, entries: 6000, seed: 7 };
const quiet = { now, say: () => undefined };

describe('npm run seed:demo', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  it('makes a business whose books balance, of the size asked for', async () => {
    const db = database.connect();
    const { entries } = await seedDemo(db, size, quiet);
    await expectBalancedBooks({ db });
    expect(entries).to.be.within(size.entries * 0.9, size.entries * 1.05);
    const { rows } = await db.pool.query<Record<string, number>>(`
      SELECT (SELECT count(*) FROM users) AS users,
        (SELECT count(*) FROM subscriptions WHERE status = 'active' AND price_id IS NOT NULL) AS active,
        (SELECT count(*) FROM subscriptions WHERE status = 'expired') AS churned,
        (SELECT count(*) FROM subscriptions WHERE status = 'active' AND subscription_type = 'lifetime') AS lifetime,
        (SELECT count(*) FROM orders WHERE kind = 'renewal') AS renewals,
        (SELECT count(*) FROM orders WHERE status IN ('failed', 'cancelled', 'expired')) AS unpaid,
        (SELECT count(*) FROM refunds) AS refunds,
        (SELECT count(*) FROM audit_log) AS actions,
        (SELECT count(*) FROM emails) AS mails,
        (SELECT count(*) FROM job_runs) AS runs`);
    expect(rows[0]?.['users']).to.equal(size.users);
    for (const [what, count] of Object.entries(rows[0] ?? {})) expect(count, what).to.be.above(0);
  });

  it('leaves nothing that is due, and nothing that lies in the future', async () => {
    const { rows } = await database.connect().pool.query<Record<string, number>>(
      `SELECT (SELECT count(*) FROM subscriptions WHERE status = 'active' AND least(end_date, quota_resets_at) <= $1) AS due,
         (SELECT count(*) FROM credit_grants WHERE open AND expires_at <= $1) AS expired,
         (SELECT count(*) FROM credit_transactions WHERE created_at > $1) AS later_entries,
         (SELECT count(*) FROM orders WHERE created_at > $1 OR paid_at > $1) AS later_orders`,
      [now],
    );
    expect(rows[0]).to.deep.equal({ due: 0, expired: 0, later_entries: 0, later_orders: 0 });
  });

  it('makes the same business of the same number', async () => {
    const other = await createTestDatabase();
    try {
      const fingerprint = `SELECT md5(string_agg(t::text, ',' ORDER BY user_id, seq)) AS sum FROM credit_transactions t`;
      await seedDemo(other.connect(), size, quiet);
      const [one, two] = await Promise.all([database, other].map((each) => each.connect().pool.query(fingerprint)));
      expect(one?.rows).to.deep.equal(two?.rows);
    } finally {
      await other.drop();
    }
  });

  it('refuses a database that has customers, and leaves it as it is', async () => {
    const db = database.connect();
    const failure = await seedDemo(db, size, quiet).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ExpectedFailure);
    expect((failure as Error).message).to.match(/new one only/);
    expect((await db.pool.query('SELECT count(*)::int AS n FROM users')).rows).to.deep.equal([{ n: size.users }]);
  });

  it('refuses numbers that make no business, and leaves nothing behind', async () => {
    const directory = temporaryDataDir();
    const other = await createTestDatabase();
    try {
      const failure = await seedDemo(other.connect(), { ...size, entries: 500 }, quiet).catch(
        (error: unknown) => error,
      );
      expect((failure as Error).message).to.match(/need at least \d+ entries/);
      const env = { DATABASE_URL: other.url, DATA_DIR: directory.dataDir };
      const wrong = runProgram('scripts/seed-demo.ts', ['--users', 'many'], env);
      expect(await wrong.ended).to.equal(1);
      expect(wrong.stderr()).to.match(/--users must be a whole number/);
      expect((await other.connect().pool.query('SELECT FROM users')).rowCount).to.equal(0);
    } finally {
      await other.drop();
      directory.remove();
    }
  });
});
