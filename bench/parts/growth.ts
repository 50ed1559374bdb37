import type { ChildProcess } from 'node:child_process';
import { connectDatabase } from '../../src/db/index.ts';
import { migrate } from '../../src/db/migrate.ts';
import { newSecret } from '../../src/kit/ids.ts';
import { drive } from '../load.ts';
import { inTurn, median, type Row } from '../report.ts';
import { startProgram, tokensFor } from '../stage.ts';
import { fillLedger } from './ledger-data.ts';

const users = 100_000;

/** Consuming from a ledger that has grown, beside one that is small, with the same customers in both. */
export async function measureGrowth(
  { url, say }: { url: string; say: (line: string) => void },
  { small = 1_000_000, large = 20_000_000, rounds = 3, seconds = 8 } = {},
): Promise<Row[]> {
  const children: ChildProcess[] = [];
  const loads: (() => Promise<number>)[] = [];
  const databases = [
    { name: 'growth_small', entries: small },
    { name: 'growth_large', entries: large },
  ];
  const admin = connectDatabase({ url });
  try {
    for (const { name, entries } of databases) {
      await admin.pool.query(`CREATE DATABASE ${name}`);
      const place = new URL(url);
      place.pathname = `/${name}`;
      const tokens = await fill(place.href, entries, say);
      const { port, child } = await startProgram('server.ts', [place.href, tokens.secret]);
      children.push(child);
      loads.push(() => load(port, tokens.tokens, seconds));
    }
    const [onSmall, onLarge] = loads;
    if (onSmall === undefined || onLarge === undefined) throw new Error('there are two ledgers');
    await onSmall();
    await onLarge();
    const results = await inTurn(rounds, { small: onSmall, large: onLarge });
    const [few, many] = [median(results.small), median(results.large)];
    return [
      {
        what: `consume with ${millions(large)} ledger rows, ${users.toLocaleString('en')} users`,
        measuredAs: `requests/s ÷ with ${millions(small)} rows`,
        ratio: many / few,
        limit: { atLeast: 0.85 },
        figures: `${many.toFixed(0)}/s; ${few.toFixed(0)}/s`,
      },
    ];
  } finally {
    for (const child of children) child.kill('SIGKILL');
    for (const { name } of databases) await admin.pool.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.close();
  }
}

/** → tokens of customers who have enough to spend from */
async function fill(
  url: string,
  entries: number,
  say: (line: string) => void,
): Promise<{ tokens: string[]; secret: string }> {
  const db = connectDatabase({ url });
  try {
    await migrate(db);
    await fillLedger(db.pool, { users, entries }, say);
    const sql = 'SELECT user_id FROM credit_balances WHERE available > 100000 AND NOT frozen';
    const { rows } = await db.pool.query<{ user_id: string }>(sql);
    say(`${rows.length} of ${users} customers have enough to spend from`);
    const secret = newSecret();
    const ids = rows.map(({ user_id }) => user_id);
    return { secret, tokens: tokensFor(ids, secret) };
  } finally {
    await db.close();
  }
}

let turn = 0;

async function load(port: number, tokens: readonly string[], seconds: number): Promise<number> {
  const { perSecond, failed } = await drive({
    port,
    path: '/api/v1/credits/consume',
    connections: 32,
    seconds,
    next: () => ({
      token: tokens[Math.floor(Math.random() * tokens.length)] ?? '',
      key: `growth-${(turn += 1)}`,
      body: '{"amount":1,"feature_type":"image"}',
    }),
  });
  if (failed > 0) throw new Error(`${failed} consumptions failed`);
  return perSecond;
}

function millions(rows: number): string {
  return `${rows / 1_000_000} M`;
}
