import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { recordAudit } from '../../src/audit/audit.ts';
import { findDifferences, proveBooks } from '../../src/billing/check-books.ts';
import type { Database } from '../../src/db/index.ts';
import { FixedClock } from '../../src/kit/clock.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { newId } from '../../src/kit/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { projectRoot } from '../support/start.ts';

const run = promisify(execFile);

interface Entry {
  id: string;
  seq: number;
  prev_hash: string;
  hash: string;
}

describe('the chain of the audit log', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let db: Database;
  const book = 'audit log = its chain';

  beforeEach(async () => {
    database = await createTestDatabase();
    db = database.connect();
    for (const action of ['order.refund', 'credits.adjust', 'user.suspend', 'user.reactivate']) await record(action);
  });
  afterEach(() => database.drop());

  const record = (action: string, wait: () => Promise<unknown> = () => Promise.resolve()) =>
    db.transaction(async (tx) => {
      await recordAudit(tx, {
        staffId: null,
        actor: 'Olive Owner',
        action,
        subjectType: 'user',
        subjectId: newId(),
        reason: 'because',
        before: { available: 1, nested: { b: 1, a: [1.5, null] } },
        after: { available: 2 },
        address: '127.0.0.1',
        now: new Date('2026-11-24T12:00:00.123Z'),
      });
      await wait();
    });
  const log = async () =>
    (await db.pool.query<Entry>('SELECT id, seq, prev_hash, hash FROM audit_log ORDER BY seq')).rows;
  /** Past every trigger, as whoever owns the database can. */
  const tamper = (sql: string) =>
    db.pool.query(`BEGIN; SET LOCAL session_replication_role = 'replica'; ${sql}; COMMIT`);
  const found = async () =>
    (await findDifferences({ db })).map(({ book: of, subject, rows }) => ({ of, subject, rows }));

  it('gives each entry a number, the hash before it and its own, and is whole', async () => {
    const entries = await log();
    expect(entries.map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4]);
    expect(entries.map(({ prev_hash }) => prev_hash)).to.deep.equal([
      '0'.repeat(64),
      ...entries.slice(0, 3).map(({ hash }) => hash),
    ]);
    expect(new Set(entries.map(({ hash }) => hash)).size).to.equal(4);
    expect(await found()).to.deep.equal([]);
  });

  it('has no gap and one order when many write at once, and some of them fail', async () => {
    const failing = () => Promise.reject(new Error('it did not come about'));
    const writers = Array.from({ length: 24 }, (_, nth) => record(`race.${nth}`, nth % 4 === 3 ? failing : undefined));
    const outcomes = await Promise.allSettled(writers);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(18);
    expect((await log()).map(({ seq }) => seq)).to.deep.equal(Array.from({ length: 22 }, (_, nth) => nth + 1));
    expect(await found()).to.deep.equal([]);
  });

  it('keeps nobody waiting who writes while another transaction is still at work', async () => {
    await record('slow', () => record('quick'));
    const { rows } = await db.pool.query<{ action: string }>('SELECT action FROM audit_log WHERE seq > 4 ORDER BY seq');
    expect(rows.map(({ action }) => action)).to.deep.equal(['quick', 'slow']);
    expect(await found()).to.deep.equal([]);
  });

  for (const sql of [
    `UPDATE audit_log SET reason = 'another'`,
    `UPDATE audit_log SET seq = NULL, prev_hash = NULL, hash = NULL`,
    'DELETE FROM audit_log',
    'TRUNCATE audit_log',
    'DELETE FROM audit_head',
    'TRUNCATE audit_head',
  ]) {
    it(`refuses ${sql}`, async () => {
      const before = await log();
      let refused: unknown;
      await db.pool.query(sql).catch((error: unknown) => {
        refused = error;
      });
      expect(refused).to.be.an('error').with.property('message').that.includes('is refused');
      expect(await log()).to.deep.equal(before);
    });
  }

  for (const column of ['actor', 'action', 'subject_type', 'subject_id', 'reason', 'address']) {
    it(`names an entry whose ${column} was changed`, async () => {
      const [, second] = await log();
      await tamper(`UPDATE audit_log SET ${column} = ${column} || '!' WHERE seq = 2`);
      expect(await found()).to.deep.equal([{ of: book, subject: second?.id, rows: [{ entry: 2, what: 'changed' }] }]);
    });
  }
  for (const change of [
    `before = '{"available": 7}'`,
    `after = NULL`,
    `created_at = created_at + interval '1 microsecond'`,
    `staff_id = NULL, id = gen_random_uuid()`,
  ]) {
    it(`names an entry that was changed by ${change}`, async () => {
      await tamper(`UPDATE audit_log SET ${change} WHERE seq = 3`);
      expect((await found()).map(({ rows }) => rows)).to.deep.equal([[{ entry: 3, what: 'changed' }]]);
    });
  }

  it('names an entry that was changed and sealed anew', async () => {
    const [, second] = await log();
    await tamper(`UPDATE audit_log SET reason = 'another' WHERE seq = 2;
      UPDATE audit_log a SET hash = audit_hash(a) WHERE seq = 2`);
    expect(await found()).to.deep.equal([{ of: book, subject: second?.id, rows: [{ entry: 2, what: 'inserted' }] }]);
  });

  it('names entries that were removed, in the middle and at the end', async () => {
    const [, , , last] = await log();
    await tamper('DELETE FROM audit_log WHERE seq IN (2, 3)');
    expect(await found()).to.deep.equal([{ of: book, subject: last?.id, rows: [{ missing: { first: 2, last: 3 } }] }]);
    await tamper('DELETE FROM audit_log WHERE seq = 4');
    expect(await found()).to.deep.equal([{ of: book, subject: 'end', rows: [{ missing: { first: 2, last: 4 } }] }]);
  });

  it('names the last entry when the head of the chain was taken away, and goes on no further', async () => {
    await tamper('DELETE FROM audit_head');
    expect((await found()).map(({ rows }) => rows)).to.deep.equal([[{ entry: 4, what: 'inserted' }]]);
    let refused: unknown;
    await record('order.refund').catch((error: unknown) => {
      refused = error;
    });
    expect(refused).to.be.an('error').with.property('message').that.includes('audit_head');
    expect(await log()).to.have.length(4);
  });

  it('names an entry that was put in', async () => {
    await tamper(`INSERT INTO audit_log (id, actor, action, subject_type, subject_id, created_at)
      VALUES (gen_random_uuid(), 'Nobody', 'x', 'y', 'z', now())`);
    expect((await found()).map(({ rows }) => rows)).to.deep.equal([[{ what: 'unsealed' }]]);
    await tamper(`UPDATE audit_log SET seq = 5, prev_hash = (SELECT hash FROM audit_head) WHERE seq IS NULL;
      UPDATE audit_log a SET hash = audit_hash(a) WHERE seq = 5`);
    expect((await found()).map(({ rows }) => rows)).to.deep.equal([[{ entry: 5, what: 'inserted' }]]);
  });

  it('takes in what was written before there was a chain, and lets go of it again', async () => {
    const migrate = (...command: string[]) =>
      run(process.execPath, ['node_modules/.bin/sequelize-cli', ...command], {
        cwd: projectRoot,
        env: { PATH: process.env.PATH, DATABASE_URL: database.url },
      });
    await migrate('db:migrate:undo:all', '--to', '20261127000100-audit-chain.cjs');
    const { rows: plain } = await db.pool.query<{ id: string }>('SELECT * FROM audit_log ORDER BY created_at, id');
    expect(plain[0]).to.not.have.property('seq');
    await migrate('db:migrate');
    expect((await log()).map(({ id }) => id)).to.deep.equal(plain.map(({ id }) => id));
    await record('order.refund');
    expect((await log()).map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(await found()).to.deep.equal([]);
  });

  it('puts what it finds before staff, and tells where it ends', async () => {
    await tamper(`UPDATE audit_log SET actor = 'Somebody else' WHERE seq = 2`);
    const services = { db, clock: new FixedClock('2026-11-24T13:00:00Z'), log: createLogger('silent') };
    const { auditHead } = await proveBooks(services);
    expect(auditHead).to.deep.equal({ seq: 4, hash: (await log())[3]?.hash });
    const { rows } = await db.pool.query<{ summary: string }>(`SELECT summary FROM incidents`);
    expect(rows.map(({ summary }) => summary)).to.have.length(1);
    expect(rows[0]?.summary).to.match(/^audit log = its chain: .* does not add up: entry 2 is changed\.$/);
  });
});
