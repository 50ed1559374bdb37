import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Sequelize, type QueryInterface } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';
import type { Database } from './index.ts';
import { prepareQueue } from './queue.ts';

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

/**
 * Brings the schema up to date. Processes that start together wait for each other.
 * @returns the names of the migrations that were run
 */
export async function migrate(db: Database): Promise<string[]> {
  return db.exclusively('migrate', async () => {
    const done = await umzug(db.sequelize, 'migrations', 'SequelizeMeta').up();
    await prepareQueue(db.pool);
    return done.map(({ name }) => name);
  });
}

/** Puts the catalogue of the default run in place, once. */
export async function seed(db: Database): Promise<void> {
  await db.exclusively('migrate', () => umzug(db.sequelize, 'seeders', 'SequelizeData').up());
}
