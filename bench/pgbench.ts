import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const debianVersions = '/usr/lib/postgresql';

/** @throws Error saying where pgbench comes from, when there is none */
export function findPgbench(): string {
  const places = [
    ...(process.env['PATH'] ?? '').split(':'),
    ...(existsSync(debianVersions) ? readdirSync(debianVersions).map((v) => `${debianVersions}/${v}/bin`) : []),
  ];
  const found = places.map((place) => path.join(place, 'pgbench')).find((file) => existsSync(file));
  if (found === undefined) throw new Error('pgbench is missing; on Debian: apt-get install postgresql-contrib');
  return found;
}

/**
 * The least that a ledger does: one balance is lowered if it suffices and one row with a unique key is written, in one
 * prepared statement and a transaction of its own.
 */
export const minimalLedger = {
  tables: `
    CREATE TABLE IF NOT EXISTS minimal_balances (user_id bigint PRIMARY KEY, available bigint NOT NULL);
    CREATE TABLE IF NOT EXISTS minimal_entries (
      user_id bigint, key bigint, amount bigint NOT NULL, balance_after bigint NOT NULL, PRIMARY KEY (user_id, key)
    );`,
  fill: `INSERT INTO minimal_balances SELECT n, 1000000000 FROM generate_series(1, $1::int) n`,
  script: (users: number) => `\\set user random(1, ${users})
\\set key random(1, 9000000000000000000)
WITH b AS (
  UPDATE minimal_balances SET available = available - 1 WHERE user_id = :user AND available >= 1
  RETURNING user_id, available
)
INSERT INTO minimal_entries SELECT user_id, :key, 1, available FROM b;
`,
};

/** → transactions per second */
export async function runPgbench(
  url: string,
  { script, clients, seconds }: { script: string; clients: number; seconds: number },
): Promise<number> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'plantain-pgbench-'));
  try {
    const file = path.join(dir, 'script.sql');
    await writeFile(file, script);
    const args = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds), '-f', file, url];
    const { stdout } = await promisify(execFile)(findPgbench(), args);
    const tps = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
    if (tps === undefined) throw new Error(`pgbench did not say how fast it was: ${stdout}`);
    return Number(tps);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
