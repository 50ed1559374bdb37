import { expect } from 'chai';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fillLedger } from '../../bench/parts/ledger-data.ts';
import { archiveLedger, type ArchiveOptions } from '../../src/billing/archive-ledger.ts';
import { proveArchive } from '../../src/billing/check-archive.ts';
import { proveBooks } from '../../src/billing/check-books.ts';
import type { Database } from '../../src/db/index.ts';
import { FixedClock } from '../../src/kit/clock.ts';
import { newId } from '../../src/kit/ids.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runProgram, temporaryDataDir } from '../support/start.ts';

const dayMs = 24 * 3600 * 1000;

/** Four months after the last entries of sixty customers, all but an open hold can go. */
describe('the archive of the ledger', function () {
  this.timeout(60_000);
  const clock = new FixedClock(new Date(Date.now() + 125 * dayMs));
  const latest = new Date(clock.now().getTime() - 90 * dayMs);
  const before = new Date(Date.UTC(latest.getUTCFullYear(), latest.getUTCMonth(), 1));
  let database: TestDatabase;
  let db: Database;
  let files: ReturnType<typeof temporaryDataDir>;
  let services: { db: Database; clock: FixedClock; log: ReturnType<typeof createLogger> };
  let entries = 0;

  beforeEach(async () => {
    database = await createTestDatabase();
    db = database.connect();
    services = { db, clock, log: createLogger('silent') };
    files = temporaryDataDir();
    ({ entries } = await fillLedger(db.pool, { users: 60, entries: 60 * 14 }));
  });
  afterEach(async () => {
    await database.drop();
    files.remove();
  });

  const archive = (more: Partial<ArchiveOptions> = {}) =>
    archiveLedger(services, { before, directory: files.dataDir, ...more });
  const number = async (sql: string): Promise<number> => (await db.pool.query<{ n: number }>(sql)).rows[0]?.n ?? 0;
  const left = () => number('SELECT count(*) AS n FROM credit_transactions');

  async function expectProved(): Promise<void> {
    expect((await proveBooks(services)).differences).to.deep.equal([]);
  }

  it('moves whole months into files, and the books balance before and after', async () => {
    await expectProved();
    const done = await archive();
    await expectProved();
    expect((await proveArchive(services, files.dataDir)).differences).to.deep.equal([]);
    // What is behind an open hold stays, and so does the hold.
    const stays = await left();
    expect(done).to.deep.include({ entries: entries - stays, resumed: 0 });
    const open = `SELECT count(*) AS n FROM credit_transactions t JOIN credit_holds h ON h.id = t.id AND h.status = 'open'`;
    expect(stays).to.equal(await number(open));
    expect(stays).to.be.greaterThan(0);
    const names = readdirSync(files.dataDir).sort();
    expect(names).to.have.lengthOf(done.months * 2);
    expect(names.every((name) => /^credit-transactions-\d{4}-\d{2}\.(ndjson\.gz|json)$/.test(name))).to.equal(true);
    const manifest = JSON.parse(readFileSync(path.join(files.dataDir, names[0] ?? ''), 'utf8')) as { rows: number };
    expect(manifest.rows).to.be.greaterThan(0);
    expect(await archive()).to.deep.equal({ months: 0, entries: 0, resumed: 0 });
  });

  it('lets credits be spent, held and proved afterwards as before', async () => {
    await archive();
    const spend = `SELECT outcome FROM credits_consume($1, $2, 3, NULL, 'image', NULL, NULL, 'user', 'a-new-key', 'f', $3)`;
    const user = await db.pool.query<{ user_id: string }>(
      'SELECT user_id FROM credit_carried WHERE user_id NOT IN (SELECT user_id FROM credit_transactions) LIMIT 1',
    );
    const { rows } = await db.pool.query<{ outcome: string }>(spend, [user.rows[0]?.user_id, newId(), new Date()]);
    expect(rows[0]?.outcome).to.equal('spent');
    await db.pool.query(`SELECT credits_expire_due(user_id, now() + interval '2 days') FROM credit_balances`);
    await expectProved();
    expect(await number(`SELECT count(*) AS n FROM credit_holds WHERE status = 'expired'`)).to.equal(1);
  });

  it('goes on where it was cut off, whether before or among the removals', async () => {
    const cut = archive({
      tell: () => {
        throw new Error('killed');
      },
    });
    expect(await cut.catch((error: unknown) => (error as Error).message)).to.equal('killed');
    expect(await left()).to.equal(entries);
    await expectProved();

    await db.pool.query(`
      CREATE SEQUENCE batches;
      CREATE FUNCTION fail_later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('batches') > 3 THEN RAISE EXCEPTION 'killed'; END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER fail_later AFTER INSERT ON credit_carried FOR EACH STATEMENT EXECUTE FUNCTION fail_later()`);
    expect(await archive({ removedAtOnce: 20 }).catch((error: unknown) => (error as Error).message)).to.equal('killed');
    expect(await left()).to.be.within(entries - 150, entries - 3);
    await expectProved();
    const early = proveArchive(services, files.dataDir);
    expect(await early.catch((error: unknown) => (error as Error).message)).to.match(/run npm run archive again/);

    await db.pool.query('DROP TRIGGER fail_later ON credit_carried');
    const done = await archive({ removedAtOnce: 33 });
    expect(done.resumed).to.be.greaterThan(0);
    await expectProved();
    expect((await proveArchive(services, files.dataDir)).differences).to.deep.equal([]);
  });

  it('keeps everything whose key may still be repeated, and says so', async () => {
    const refused = async (month: Date) => {
      const error = await archive({ before: month }).catch((reason: unknown) => reason);
      return (error as { errors?: { message: string }[] }).errors?.[0]?.message;
    };
    expect(await refused(new Date(Date.UTC(clock.now().getUTCFullYear(), clock.now().getUTCMonth(), 1)))).to.match(
      /or earlier: requests can be repeated under their key for 90 days/,
    );
    expect(await refused(new Date(before.getTime() + dayMs))).to.equal('must be a month, such as 2026-01');
    expect(await left()).to.equal(entries);
  });

  it('removes nothing that is not what its file says', async () => {
    const tampered = archive({
      tell: (line) => {
        if (line.includes('written to')) return;
        throw new Error('should not come to an end');
      },
    });
    // The file is read before each batch is removed: an entry that was changed meanwhile stays.
    await db.pool.query(`
      CREATE FUNCTION tamper() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        SET LOCAL session_replication_role = 'replica';
        UPDATE credit_transactions SET description = 'changed' WHERE seq = 1;
        RETURN NULL;
      END $$;
      CREATE TRIGGER tamper AFTER INSERT ON ledger_archives FOR EACH STATEMENT EXECUTE FUNCTION tamper()`);
    expect(await tampered.catch((error: unknown) => (error as Error).message)).to.match(
      /are not what the archive says/,
    );
    expect(await left()).to.equal(entries);
  });

  it('gives way to no other removal, and to no change', async () => {
    const refusal = async (sql: string): Promise<string> => {
      const client = await db.pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(`SET LOCAL plantain.archive_before = '${before.toISOString()}'`);
        return await client.query(sql).then(
          () => 'done',
          (error: unknown) => (error as Error).message,
        );
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    };
    expect(await refusal('UPDATE credit_transactions SET amount = 1')).to.match(/UPDATE is refused/);
    expect(await refusal('DELETE FROM credit_transactions')).to.equal('done');
    expect(await refusal(`SET LOCAL plantain.archive_before = '2020-01-01'; DELETE FROM credit_transactions`)).to.match(
      /DELETE is refused/,
    );
    const plain = db.pool.query('DELETE FROM credit_transactions').catch((error: unknown) => (error as Error).message);
    expect(await plain).to.match(/append-only: DELETE is refused/);
  });

  it('is read again by the proof, which names the file or the entry that is wrong', async () => {
    await archive();
    const file = path.join(files.dataDir, readdirSync(files.dataDir).filter((name) => name.endsWith('.gz'))[1] ?? '');
    const whole = readFileSync(file);
    const lines = gunzipSync(whole).toString('utf8').split('\n');
    const changed = lines
      .map((line, at) => (at === 3 ? line.replace('"balance_after":', '"balance_after":9') : line))
      .join('\n');
    writeFileSync(file, gzipSync(changed));
    const user = JSON.parse(lines[3] ?? '{}') as { user_id: string; seq: number };
    const { differences, books } = await proveArchive(services, files.dataDir);
    expect(differences.map(({ book }) => book)).to.include.members([
      'archived files',
      'archived entries = carried forward',
    ]);
    const entry = differences.find(({ subject }) => subject === user.user_id)?.rows?.[0]?.entry;
    expect(entry).to.equal(user.seq);
    expect(books.every(({ differences: count }) => count > 0)).to.equal(true);
    const about = `SELECT count(*) AS n FROM incidents WHERE kind = 'books_difference' AND subject_id = '${user.user_id}'`;
    expect(await number(about)).to.equal(1);

    rmSync(file);
    const missing = await proveArchive(services, files.dataDir);
    const problem = missing.differences.find(({ book }) => book === 'archived files')?.rows?.[0]?.found;
    expect(problem).to.match(/^not readable: ENOENT/);
    writeFileSync(file, whole);
    expect((await proveArchive(services, files.dataDir)).differences).to.deep.equal([]);
  });

  it('is run with npm run archive, and proved with npm run prove', async () => {
    // The programs live in the time of the machine: what is archived must be old by that.
    await db.pool.query(`
      BEGIN; SET LOCAL session_replication_role = 'replica';
      UPDATE credit_transactions SET created_at = created_at - interval '200 days'; COMMIT`);
    const env = { DATABASE_URL: database.url, DATA_DIR: files.dataDir };
    const run = async (file: string, args: string[]) => {
      const program = runProgram(file, args, env);
      return { code: await program.ended, out: program.stdout(), error: program.stderr() };
    };
    const month = new Date(Date.now() - 100 * dayMs).toISOString().slice(0, 7);
    const archived = await run('scripts/archive.ts', ['--before', month]);
    expect(archived, archived.error).to.include({ code: 0 });
    expect(archived.out).to.match(
      /^\d{4}-\d{2}: \d+ entries written to .*\n[^]*Done: \d+ entries of \d months are in /,
    );
    const proved = await run('scripts/prove.ts', ['--with-archive']);
    expect(proved, proved.error).to.include({ code: 0 });
    expect(proved.out).to.match(/archived files +\d+ +0 /);

    await db.pool.query('UPDATE credit_balances SET total_used = total_used + 1 WHERE entries > 15');
    const differing = await run('scripts/prove.ts', []);
    expect(differing.code).to.equal(1);
    expect(differing.out).to.match(/total used = what was spent +\d+ +[1-9]/);
    const wrong = await run('scripts/archive.ts', ['--before', 'yesterday']);
    expect(wrong.code).to.equal(1);
    expect(wrong.error).to.match(/^Usage: npm run archive -- --before/);
    const near = await run('scripts/archive.ts', ['--before', new Date().toISOString().slice(0, 7)]);
    expect(near.code).to.equal(1);
    expect(near.error).to.match(/^--before must be \d{4}-\d{2} or earlier/);
  });
});
