import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { projectRoot } from '../support/start.ts';

const run = promisify(execFile);

async function tables(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

describe('migrations by sequelize-cli', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  const cli = (command: string) =>
    run(process.execPath, ['node_modules/.bin/sequelize-cli', command], {
      cwd: projectRoot,
      env: { PATH: process.env.PATH, DATABASE_URL: database.url },
    });

  it('know what the application has migrated, undo all of it and do it again', async () => {
    const migrated = await tables(database.url);
    expect(migrated).to.include.members(['users', 'orders', 'credit_transactions', 'SequelizeMeta']);
    expect((await cli('db:migrate')).stdout).to.contain('already up to date');

    await cli('db:migrate:undo:all');
    expect(await tables(database.url)).to.deep.equal(['SequelizeMeta']);

    await cli('db:migrate');
    expect(await tables(database.url)).to.deep.equal(migrated);
  });
});
