import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { build, stop } from 'esbuild';
import { startApp, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { customerWith, giveCredits } from '../support/credits.ts';
import type { Errand, Line } from './spender-program.ts';
import { perform, type Command, type Told } from './spender.ts';

/** A call, and the answer, if one came before the process died. */
interface Call {
  command: Command;
  told: Told[] | undefined;
}

/** What became of the calls of one kind. */
interface Tally {
  answered: number;
  /** No answer came, and it had been done. */
  done: number;
  /** No answer came, and nothing of it had been done, or of a batch only a part. */
  open: number;
}

/**
 * A process is killed in the middle of single calls, batches, holds and settlements, all at once, so that each of its
 * deaths is one for each of them. Whoever got an answer must find it in the ledger; whoever got none asks again.
 */
describe('a process that is killed while it spends', function () {
  // `npm run test:nightly` kills more often.
  const lives = Number(process.env.KILLS ?? 8);
  this.timeout(60_000 + lives * 5_000);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'plantain-spender-'));
  const program = path.join(directory, 'spender.cjs');
  const calls: Call[] = [];
  const tallies = new Map<Command['kind'], Tally>();
  const userIds: string[] = [];
  let app: TestApp;

  before(async () => {
    app = await startApp({ worker: false });
    for (let count = 0; count < 8; count += 1) {
      // Small grants, so that some calls take several.
      const { id } = await customerWith(app, ...Array<number>(10).fill(50));
      await giveCredits(app, id, 1_000_000);
      userIds.push(id);
    }
    // Started as one file, a process costs a third of what it costs to read and translate each of ours.
    await build({
      entryPoints: [fileURLToPath(new URL('spender-program.ts', import.meta.url))],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['pg-native', 'pg-hstore'],
      logLevel: 'error',
    });
    await stop();
  });
  after(async () => {
    await app.close();
    rmSync(directory, { recursive: true });
    for (const [kind, { answered, done, open }] of tallies) {
      console.log(`    ${kind}: ${answered} answered, ${done} done but not answered, ${open} neither`);
    }
  });

  it(`${lives} times at random moments, has lost no answer, and asked again does nothing twice`, async () => {
    let next = start(0);
    for (let life = 1; life <= lives; life += 1) {
      const spender = await next;
      if (life < lives) next = start(life);
      const made = await spender.live(randomInt(30, 150));
      calls.push(...made);
      await Promise.all(made.map(askAgain));
    }
    for (const [kind, { answered, done, open }] of tallies) {
      expect(answered, `${kind} answered`).to.be.above(0);
      expect(done + open, `${kind} cut off`).to.be.above(0);
    }
  });

  it('leaves exact books, in which every call is there once', async () => {
    await expectBalancedBooks(app.services);
    const sql = `SELECT user_id, total_used, held FROM credit_balances WHERE user_id = ANY ($1) ORDER BY user_id`;
    const { rows } = await app.db.pool.query(sql, [userIds]);
    const expected = userIds.toSorted().map((userId) => ({ user_id: userId, ...totalsOf(userId) }));
    expect(rows).to.deep.equal(expected);
  });

  /** By the same key, to a process that lives: whoever was told something is told it again. */
  async function askAgain({ command, told }: Call): Promise<void> {
    const again = await perform(
      { consumptions: app.services.consumptions, pool: app.db.pool },
      command,
      app.clock.now(),
    );
    const tally = tallies.get(command.kind) ?? { answered: 0, done: 0, open: 0 };
    tallies.set(command.kind, tally);
    if (told !== undefined) {
      expect(again.told, JSON.stringify(command)).to.deep.equal(told);
      expect(again.replayed, JSON.stringify(command)).to.not.include(false);
      tally.answered += 1;
    } else if (again.replayed.includes(false)) {
      tally.open += 1;
    } else {
      tally.done += 1;
    }
  }

  /** What all calls come to when each was done once. */
  function totalsOf(userId: string): { total_used: number; held: number } {
    const spends = new Map<string, number>();
    let held = 0;
    for (const { command } of calls) {
      if (command.kind === 'batch') {
        for (const item of command.items) if (item.userId === userId) spends.set(item.key, item.amount);
      } else if (command.userId === userId) {
        if (command.kind === 'consume') spends.set(command.key, command.amount);
        if (command.kind === 'hold') held += command.amount;
        if (command.kind === 'close') {
          held -= 5;
          spends.set(`close ${command.key}`, command.amount ?? 0);
        }
      }
    }
    return { total_used: [...spends.values()].reduce((sum, amount) => sum + amount, 0), held };
  }

  /** A process that is connected and waits for its word. */
  async function start(life: number): Promise<{ live(ms: number): Promise<Call[]> }> {
    const file = path.join(directory, `${life}.txt`);
    const output = openSync(file, 'w');
    const child = fork(program, [], { execArgv: [], stdio: ['ignore', output, 'inherit', 'ipc'] });
    closeSync(output);
    const died = once(child, 'exit').then(([code, signal]: unknown[]) => String(signal ?? code));
    child.send({ url: app.db.url, life: String(life), userIds, now: app.clock.now().toISOString() } satisfies Errand);
    const early = died.then((how) => {
      throw new Error(`the process ended by itself: ${how}`);
    });
    early.catch(() => undefined);
    await Promise.race([once(child, 'message'), early]);
    return {
      async live(ms) {
        child.send('go');
        await Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), early]);
        child.kill('SIGKILL');
        expect(await died).to.equal('SIGKILL');
        return readCalls(readFileSync(file, 'utf8'));
      },
    };
  }
});

function readCalls(written: string): Call[] {
  const calls = new Map<number, Call>();
  for (const text of written.split('\n').filter((line) => line !== '')) {
    const line = JSON.parse(text) as Line;
    if ('command' in line) calls.set(line.call, { command: line.command, told: undefined });
    else Object.assign(calls.get(line.call) ?? {}, { told: line.told });
  }
  return [...calls.values()];
}
