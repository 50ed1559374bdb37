import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { build, stop } from 'esbuild';
import { resetQuotas } from '../../src/billing/reset-quotas.ts';
import { addMonths } from '../../src/subscriptions/periods.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addDueSubscriptions } from '../support/due-subscriptions.ts';
import { projectRoot } from '../support/start.ts';
import type { ResetErrand } from './reset-program.ts';

const batchSize = 20;
const batchesPerLife = 6;
/** Locking, asking, giving, advancing, and around them BEGIN and COMMIT. */
const statementsPerBatch = 7;
const monthsDue = 2;

describe('a process that is killed while it resets quotas', function () {
  // `npm run test:nightly` kills more often.
  const lives = Number(process.env.KILLS ?? 8);
  this.timeout(60_000 + lives * 5_000);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'plantain-reset-'));
  const program = path.join(directory, 'reset.cjs');
  // More than all of them can begin.
  const subscriptions = (lives * batchesPerLife * batchSize) / monthsDue + batchSize;
  let app: TestApp;

  before(async () => {
    app = await startApp({ worker: false });
    const dueAt = addMonths(app.clock.now(), 1 - monthsDue);
    await addDueSubscriptions(app.db, { count: subscriptions, dueAt });
    await build({
      entryPoints: [fileURLToPath(new URL('reset-program.ts', import.meta.url))],
      outfile: program,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
    });
    await stop();
  });
  after(async () => {
    await app.close();
    rmSync(directory, { recursive: true });
  });

  it(`${lives} times at random statements, is followed by one that goes on where it was`, async () => {
    let next = start();
    const begun: number[] = [0];
    for (let life = 1; life <= lives; life += 1) {
      const child = await next;
      if (life < lives) next = start();
      const dieAt = randomInt(1, batchesPerLife * statementsPerBatch + 1);
      expect(await child.dieAt(dieAt, life % 2 === 0)).to.equal('SIGKILL');
      await serverNoticed();
      begun.push(await monthsBegun());
    }
    console.log(`    months begun after each life: ${begun.slice(1).join(', ')}`);
    expect(begun).to.deep.equal(begun.toSorted((a, b) => a - b));
    expect(begun.at(-1)).to.be.within(1, subscriptions * monthsDue - 1);
  });

  it('leaves the rest to two others, and each month was given once', async () => {
    const before = await monthsBegun();
    const other = await app.another();
    const counts = await Promise.all([app, other].map(({ services }) => resetQuotas(services, { batchSize: 50 })));
    expect(counts.reduce((sum, { months }) => sum + months, before)).to.equal(subscriptions * monthsDue);
    const { rows } = await app.db.pool.query(
      `SELECT count(*) AS subscriptions, sum(months) AS months, min(months) AS least, max(months) AS most,
         count(*) FILTER (WHERE s.quota_resets_at <= $1) AS due
       FROM subscriptions s, LATERAL (
         SELECT count(*) AS months FROM credit_grants g WHERE g.user_id = s.user_id AND g.key LIKE 'quota:%'
       ) g`,
      [app.clock.now()],
    );
    const months = subscriptions * monthsDue;
    expect(rows).to.deep.equal([{ subscriptions, months, least: monthsDue, most: monthsDue, due: 0 }]);
    await expectBalancedBooks(app.services);
  });

  /** A process that waits for its word, and then lives until it kills itself. */
  async function start(): Promise<{ dieAt(statement: number, isSent: boolean): Promise<unknown> }> {
    const child = fork(program, [], {
      cwd: projectRoot,
      execArgv: [],
      env: { ...process.env, NODE_PATH: path.join(projectRoot, 'node_modules') },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const died = once(child, 'exit').then(([code, signal]: unknown[]) => signal ?? code);
    await Promise.race([once(child, 'message'), died]);
    return {
      dieAt(dieAt, isSent) {
        const errand = { url: app.db.url, now: app.clock.now().toISOString(), batchSize, dieAt, isSent };
        child.send(errand satisfies ResetErrand);
        const survived = once(child, 'message').then(() => {
          child.kill('SIGTERM');
          return 'it was done before it died';
        });
        return Promise.race([died, survived]);
      },
    };
  }

  /** What a dead process has left running on the server is over. */
  async function serverNoticed(): Promise<void> {
    const sql = `SELECT FROM pg_locks WHERE relation = 'subscriptions'::regclass AND pid <> pg_backend_pid()`;
    while ((await app.db.pool.query(sql)).rows.length > 0);
  }

  async function monthsBegun(): Promise<number> {
    const sql = `SELECT count(*) AS months FROM credit_grants WHERE key LIKE 'quota:%'`;
    const { rows } = await app.db.pool.query<{ months: number }>(sql);
    return rows[0]?.months ?? 0;
  }
});
