import { expect } from 'chai';
import { rotateKeys } from '../../src/billing/rotate-keys.ts';
import type { Database } from '../../src/db/index.ts';
import { sealedColumns } from '../../src/billing/sealed-columns.ts';
import { createSealer } from '../../src/kit/crypto.ts';
import { newId } from '../../src/kit/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runProgram, temporaryDataDir } from '../support/start.ts';

const key = (name: string) => `the ${name} key is as long as it must be`;

describe('npm run rotate-keys', function () {
  this.timeout(60_000);
  const directory = temporaryDataDir();
  const { dataDir } = directory;
  let database: TestDatabase;
  let db: Database;

  beforeEach(async () => {
    database = await createTestDatabase();
    db = database.connect();
  });
  afterEach(() => database.drop());
  after(() => {
    directory.remove();
  });

  const run = (current: string, former: string[] = []) =>
    runProgram('scripts/rotate-keys.ts', [], {
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      DATA_ENCRYPTION_KEY: key(current),
      DATA_ENCRYPTION_OLD_KEYS: former.map(key).join(','),
    });

  /** → the id of the row */
  async function addEvent(sealed: string): Promise<string> {
    const id = newId();
    await db.pool.query(
      `INSERT INTO provider_events (id, provider, event_id, type, kind, body_sealed, headers, received_at)
       VALUES ($1::uuid, 'paypal', $1::uuid::text, 'X', 'unknown', $2, '{}', now())`,
      [id, sealed],
    );
    return id;
  }
  async function addPayment(sealed: string | null): Promise<void> {
    // An order, its customer and their plan would say nothing here.
    await db.pool.query('ALTER TABLE payments DROP CONSTRAINT IF EXISTS payments_order_id_fkey');
    await db.pool.query(
      `INSERT INTO payments (id, order_id, provider, currency, amount_minor, payer_sealed, created_at)
       VALUES ($1, $1, 'paypal', 'USD', 999, $2, now())`,
      [newId(), sealed],
    );
  }
  async function stored(): Promise<string[]> {
    const columns = sealedColumns.map(({ table, column }) => `SELECT ${column} AS sealed FROM ${table}`);
    const sql = `SELECT sealed FROM (${columns.join(' UNION ALL ')}) AS every WHERE sealed IS NOT NULL`;
    return (await db.pool.query<{ sealed: string }>(sql)).rows.map(({ sealed }) => sealed);
  }

  it('knows every column that is sealed', async () => {
    const { rows } = await db.pool.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
       WHERE column_name LIKE '%sealed%' AND table_schema = 'public' ORDER BY 1`,
    );
    const known = sealedColumns.map(({ table, column }) => `${table}.${column}`);
    expect(rows.map(({ name }) => name)).to.deep.equal([...known].sort());
  });

  it('seals everything with the current key, says how much, and finds nothing to do the second time', async () => {
    await addPayment(createSealer(key('first')).seal('payer'));
    await addPayment(null);
    await addEvent(createSealer(key('first')).seal('a'));
    await addEvent(createSealer(key('second')).seal('b'));
    await addEvent(createSealer(key('third')).seal('c'));

    const program = run('third', ['second', 'first']);
    expect(await program.ended, program.stderr()).to.equal(0);
    expect(program.stdout()).to.match(/payments\.payer_sealed: 1 rotated, 0 already current\n/);
    expect(program.stdout()).to.match(/provider_events\.body_sealed: 2 rotated, 1 already current\n/);
    expect(program.stdout()).to.match(/Done: 3 rotated, 1 already current\. No row needs another key than \w{8}\.\n$/);
    const sealer = createSealer(key('third'));
    expect((await stored()).map((sealed) => sealer.open(sealed)).sort()).to.deep.equal(['a', 'b', 'c', 'payer']);

    const before = await stored();
    const again = run('third');
    expect(await again.ended).to.equal(0);
    expect(again.stdout()).to.contain('Done: 0 rotated, 4 already current');
    expect(await stored()).to.deep.equal(before);
  });

  it('names the key that it lacks, leaves those rows alone, rotates the others, and goes on when it has the key', async () => {
    const lost = createSealer(key('lost'));
    await addEvent(lost.seal('a'));
    await addEvent(createSealer(key('first')).seal('b'));
    const damaged = await addEvent('no envelope');

    const program = run('second', ['first']);
    expect(await program.ended).to.equal(1);
    expect(program.stderr().trim().split('\n')).to.deep.equal([
      `1 of provider_events.body_sealed need the key ${lost.keyId}, which is not known; name it in DATA_ENCRYPTION_OLD_KEYS and run this again.`,
      `1 of provider_events.body_sealed are damaged and cannot be opened by any key: ${damaged}`,
    ]);
    expect(program.stdout()).to.contain('provider_events.body_sealed: 1 rotated, 0 already current');
    await db.pool.query('DELETE FROM provider_events WHERE id = $1', [damaged]);

    const again = run('second', ['lost']);
    expect(await again.ended, again.stderr()).to.equal(0);
    expect(again.stdout()).to.contain('Done: 1 rotated, 1 already current');
  });

  it('says what it lacks where there is no database', async () => {
    const program = runProgram('scripts/rotate-keys.ts', [], { DATA_DIR: dataDir });
    expect(await program.ended).to.equal(1);
    expect(program.stderr()).to.equal('DATABASE_URL must name the database of Plantain.\n');
  });

  it('keeps what a flow writes meanwhile', async () => {
    const sealer = createSealer(key('second'), [key('first')]);
    const [first, second] = [createSealer(key('first')), createSealer(key('second'))];
    const ids: string[] = [];
    for (const text of ['a', 'b', 'c', 'd', 'e']) ids.push(await addEvent(first.seal(text)));
    let opened = 0;
    const write = (id: string | undefined, sealed: string) =>
      db.pool.query('UPDATE provider_events SET body_sealed = $2 WHERE id = $1', [id, sealed]);
    const meddling = {
      ...sealer,
      open(sealed: string) {
        opened += 1;
        return sealer.open(sealed);
      },
    };
    /** Between reading a row and writing it, somebody else writes it: with the new key, and with the old. */
    const pool = new Proxy(db.pool, {
      get(target, property) {
        if (property !== 'query') return Reflect.get(target, property) as unknown;
        return async (sql: string, values: unknown[]) => {
          if (sql.startsWith('UPDATE') && values[0] === ids[1] && opened === 2) await write(ids[1], second.seal('B'));
          if (sql.startsWith('UPDATE') && values[0] === ids[3] && opened === 4) await write(ids[3], first.seal('D'));
          return target.query(sql, values);
        };
      },
    });
    const heard: number[] = [];
    const [, events] = await rotateKeys(
      { db: { ...db, pool }, sealer: meddling },
      { tell: ({ rotated, current }) => heard.push(rotated + current), batchSize: 2 },
    );
    expect(events).to.include({ rotated: 4, current: 1 });
    expect(heard).to.deep.equal([2, 4, 5]);
    expect((await stored()).map((sealed) => second.open(sealed)).sort()).to.deep.equal(['B', 'D', 'a', 'c', 'e']);
  });

  it('two at once do the work once', async () => {
    const first = createSealer(key('first'));
    for (let count = 0; count < 30; count += 1) await addEvent(first.seal(String(count)));
    const services = { db, sealer: createSealer(key('second'), [key('first')]) };
    const both = await Promise.all([1, 2].map(() => rotateKeys(services, { tell: () => undefined, batchSize: 7 })));
    expect(both.flat().reduce((sum, { rotated }) => sum + rotated, 0)).to.equal(30);
    const opened = (await stored()).map((sealed) => createSealer(key('second')).open(sealed));
    expect(new Set(opened).size).to.equal(30);
  });
});
