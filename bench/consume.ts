import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { createAccessTokens } from '../src/accounts/access-tokens.ts';
import { startEmbeddedPostgres } from '../src/db/embedded.ts';
import { connectDatabase, type Database } from '../src/db/index.ts';
import { migrate } from '../src/db/migrate.ts';
import { systemClock } from '../src/kit/clock.ts';
import { newId, newSecret } from '../src/kit/ids.ts';

/**
 * `POST /credits/consume` beside a bare Express handler that verifies the same token, in turn (A B A B …) in one run:
 * machines drift, ratios do not. The database is as PostgreSQL ships it: fsync and synchronous_commit are on.
 */
const users = 10_000;
const connections = 32;
const rounds = 3;
const seconds = 5;

interface Figures {
  requestsPerSecond: number;
  p50: number;
  p99: number;
  failed: number;
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'plantain-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  const children: ChildProcess[] = [];
  try {
    const db = connectDatabase({ url: postgres.url });
    await migrate(db);
    const secret = newSecret();
    const tokens = await addCustomers(db, secret);
    const baseline = await start(children, 'baseline.ts', [secret]);
    const plantain = await start(children, 'server.ts', [postgres.url, secret]);
    const measured: { baseline: Figures[]; plantain: Figures[] } = { baseline: [], plantain: [] };
    await drive(plantain, tokens, 2);
    await drive(baseline, tokens, 2);
    for (let round = 0; round < rounds; round += 1) {
      measured.baseline.push(await drive(baseline, tokens, seconds));
      measured.plantain.push(await drive(plantain, tokens, seconds));
    }
    report(measured.baseline, measured.plantain);
    await db.close();
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** → an access token each; set-based, so that a hundred thousand take seconds. */
async function addCustomers({ pool }: Database, secret: string): Promise<string[]> {
  const ids = Array.from({ length: users }, newId);
  const credits = 1_000_000;
  await pool.query(
    `INSERT INTO users (id, email, locale, created_at, updated_at)
     SELECT id, id || '@bench.test', 'en', now(), now() FROM unnest($1::uuid[]) AS id`,
    [ids],
  );
  await pool.query(
    `INSERT INTO credit_balances (user_id, available, total_earned, entries)
     SELECT id, $2, $2, 1 FROM unnest($1::uuid[]) AS id`,
    [ids, credits],
  );
  await pool.query(
    `INSERT INTO credit_grants (user_id, id, key, source, amount, remaining, created_at)
     SELECT id, id, 'bench', 'promo', $2, $2, now() FROM unnest($1::uuid[]) AS id`,
    [ids, credits],
  );
  await pool.query(
    `INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, actor, drawn, created_at)
     SELECT id, 1, id, 'earn', $2, $2, 'promo', 'system',
       jsonb_build_array(jsonb_build_object('grant', id, 'amount', $2::bigint)), now()
     FROM unnest($1::uuid[]) AS id`,
    [ids, credits],
  );
  await pool.query('VACUUM ANALYZE');
  const accessTokens = createAccessTokens(secret, systemClock, 3600);
  return ids.map((id) => accessTokens.issue(id));
}

async function start(children: ChildProcess[], file: string, args: string[]): Promise<string> {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(program, args, { execArgv: ['--import', 'tsx'] });
  children.push(child);
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return `http://127.0.0.1:${message.port}`;
}

async function drive(url: string, tokens: readonly string[], duration: number): Promise<Figures> {
  let next = 0;
  const result = await autocannon({
    url,
    connections,
    duration,
    requests: [
      {
        method: 'POST',
        path: '/api/v1/credits/consume',
        setupRequest: (request) => {
          next = (next + 7919) % tokens.length;
          return {
            ...request,
            headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens[next] ?? ''}` },
            body: '{"amount":1,"feature_type":"image"}',
          };
        },
      },
    ],
  });
  return {
    requestsPerSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    failed: result.non2xx + result.errors,
  };
}

function report(baseline: readonly Figures[], plantain: readonly Figures[]): void {
  const [e, a] = [median(baseline), median(plantain)];
  const row = (name: string, { requestsPerSecond, p50, p99, failed }: Figures) =>
    [name.padEnd(34), Math.round(requestsPerSecond), p50, p99, failed].join('\t');
  console.log(`Node ${process.version}, ${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown processor'}`);
  console.log(`${users} users, ${connections} connections, median of ${rounds} rounds of ${seconds} s, in turn`);
  console.log(`${''.padEnd(34)}\treq/s\tp50 ms\tp99 ms\tfailed`);
  console.log(row('bare Express, same token (E)', e));
  console.log(row('POST /credits/consume', a));
  console.log(`requests/s ÷ E: ${(a.requestsPerSecond / e.requestsPerSecond).toFixed(2)}`);
  console.log(`p99 ÷ E’s p99: ${(a.p99 / e.p99).toFixed(2)}`);
}

function median(figures: readonly Figures[]): Figures {
  const middle = (pick: (figure: Figures) => number) =>
    figures.map(pick).sort((x, y) => x - y)[Math.floor(figures.length / 2)] ?? 0;
  return {
    requestsPerSecond: middle((figure) => figure.requestsPerSecond),
    p50: middle((figure) => figure.p50),
    p99: middle((figure) => figure.p99),
    failed: figures.reduce((sum, figure) => sum + figure.failed, 0),
  };
}

await main();
