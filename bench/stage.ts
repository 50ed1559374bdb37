import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createAccessTokens } from '../src/accounts/access-tokens.ts';
import type { Database } from '../src/db/index.ts';
import { systemClock } from '../src/kit/clock.ts';
import { newId } from '../src/kit/ids.ts';

/** Customers who have plenty, set-based, so that a hundred thousand take seconds. → their ids */
export async function addCustomers({ pool }: Pick<Database, 'pool'>, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  const credits = 1_000_000_000;
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
    `INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, actor, grant_id, created_at)
     SELECT id, 1, id, 'earn', $2, $2, 'promo', 'system', id, now() FROM unnest($1::uuid[]) AS id`,
    [ids, credits],
  );
  await pool.query('VACUUM ANALYZE');
  return ids;
}

export function tokensFor(userIds: readonly string[], secret: string): string[] {
  const accessTokens = createAccessTokens(secret, systemClock, 24 * 3600);
  return userIds.map((id) => accessTokens.issue(id));
}

/** A program of this folder, as a process of its own that says its port. End it with `kill`. */
export async function startProgram(file: string, args: string[]): Promise<{ port: number; child: ChildProcess }> {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(program, args, { execArgv: ['--import', 'tsx'] });
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return { port: message.port, child };
}
