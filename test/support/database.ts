import { randomBytes } from 'node:crypto';
import { connectDatabase } from '../../src/db/index.ts';
import type { Database } from '../../src/db/index.ts';
import { administer, withDatabase } from './administer.ts';
import { askDesk } from './cluster.ts';

export interface TestDatabase {
  url: string;
  /** Opens pools of their own, as another process would; closed by `drop`. */
  connect(options?: { poolSize?: number }): Database;
  /** Closes what `connect` opened, ends every other connection, and removes the database. */
  drop(): Promise<void>;
}

/** A migrated database of the caller's own; `seeded` puts the catalogue of the default run into it. */
export async function createTestDatabase({ seeded = false }: { seeded?: boolean } = {}): Promise<TestDatabase> {
  const { url: admin, name: template } = await askDesk(seeded ? 'seeded' : 'migrated');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(admin, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  const url = withDatabase(admin, name);
  const opened: Database[] = [];
  return {
    url,
    connect({ poolSize = 10 } = {}) {
      const db = connectDatabase({ url, poolSize });
      opened.push(db);
      return db;
    },
    async drop() {
      await Promise.all(opened.splice(0).map((db) => db.close()));
      await administer(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/**
 * For a `describe`: a database before its first test, gone after its last.
 * @returns where to find both once the tests run
 */
export function useTestDatabase(options: { seeded?: boolean } = {}): { readonly db: Database; readonly url: string } {
  let database: TestDatabase | undefined;
  let db: Database | undefined;
  before(async () => {
    database = await createTestDatabase(options);
    db = database.connect();
  });
  after(async () => {
    await database?.drop();
  });
  const ready = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the test database is there when the tests run, not before');
    return value;
  };
  return {
    get db() {
      return ready(db);
    },
    get url() {
      return ready(database).url;
    },
  };
}
