import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { QueryInterface, Sequelize } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';
import type { Database } from './index.ts';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../../', import.meta.url));

interface Step {
  up(queryInterface: QueryInterface, sequelize: typeof Sequelize): Promise<void>;
  down(queryInterface: QueryInterface, sequelize: typeof Sequelize): Promise<void>;
}

/** The same files and the same record of them (`SequelizeMeta`) as `npx sequelize-cli db:migrate`. */
function umzug(sequelize: Sequelize, folder: string, tableName: string): Umzug<QueryInterface> {
  return new Umzug<QueryInterface>({
    migrations: {
      glob: path.join(root, folder, '*.cjs'),
      resolve: ({ name, path: file, context }) => {
        const step = require(file ?? name) as Step;
        return { name, up: () => step.up(context, Sequelize), down: () => step.down(context, Sequelize) };
      },
    },
    context: sequelize.getQueryInterface(),
    storage: new SequelizeStorage({ sequelize, tableName }),
    logger: undefined,
  });
}

// Any number that nothing else in this database locks.
const migrationLock = 7_052_026;

/**
 * Brings the schema up to date. Processes that start together wait for each other.
 * @returns the names of the migrations that were run
 */
export async function migrate(db: Database): Promise<string[]> {
  return withLock(db, async () => (await umzug(db.sequelize, 'migrations', 'SequelizeMeta').up()).map(({ name }) => name));
}

/** Puts the catalogue of the default run in place, once. */
export async function seed(db: Database): Promise<void> {
  await withLock(db, () => umzug(db.sequelize, 'seeders', 'SequelizeData').up());
}

async function withLock<T>(db: Database, work: () => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    return await work();
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [migrationLock]).catch(() => undefined);
    client.release();
  }
}
