import type pg from 'pg';

export interface LedgerSize {
  users: number;
  entries: number;
}

/** A promotion, its expiry, plan, pack, a spend and a settled hold: less than that does not show what a ledger holds. */
const fewestPerUser = 10;

/**
 * Fills an empty database with a ledger as a few months of business leave it, books in balance: users with two or three
 * grants each, entries in the order of time (so each user's lie apart), one in twenty users with an entry that two grants
 * paid, one in ten with a settled hold, one in a hundred with an open one. Whoever has no need of all grants keeps two
 * million credits to spend. Ids are random; half of the users send idempotency keys. Indexes are made anew behind the
 * rows, and nothing is left unlogged. → how many of each there are (entries: rounded down to whole users)
 */
export async function fillLedger(
  pool: pg.Pool,
  { users, entries }: LedgerSize,
  say: (line: string) => void = () => undefined,
): Promise<LedgerSize> {
  const perUser = Math.floor(entries / users);
  if (perUser < fewestPerUser) throw new RangeError(`at least ${fewestPerUser} entries a user, not ${perUser}`);
  const client = await pool.connect();
  try {
    await client.query(`
      SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'; SET jit = off;
      SET max_parallel_maintenance_workers = 2`);
    await client.query(accounts(users, perUser));
    const { rows } = await client.query<{ most: number; sum: number }>(
      'SELECT max(entries)::int AS most, sum(entries)::bigint AS sum FROM bench_accounts',
    );
    const [{ most, sum } = { most: 0, sum: 0 }] = rows;
    say(`filling in ${users} users with ${sum} entries`);
    await client.query(people);
    for (const table of ['credit_balances', 'credit_grants', 'credit_holds']) await client.query(rowsOf[table] ?? '');
    const restore = await dropIndexes(client, 'credit_transactions');
    for (let seq = 1; seq <= most; seq += 1) await client.query(entriesOf(seq, most, users));
    for (const sql of restore) await client.query(sql);
    await client.query('DROP TABLE bench_accounts');
    await client.query('VACUUM (ANALYZE) users, credit_balances, credit_grants, credit_holds, credit_transactions');
    await client.query('CHECKPOINT');
    return { users, entries: sum };
  } finally {
    // Its settings go with it.
    client.release(true);
  }
}

/**
 * One row says everything about a user: each entry has its number, and what stands there follows from it without looking
 * at the one before. `cost` is what each of the user's spends costs.
 */
function accounts(users: number, perUser: number): string {
  return `
    CREATE TEMPORARY TABLE bench_accounts AS
    SELECT a.*, entries - first - 1 - tail AS spends, cost * 10 AS hold,
      CASE WHEN crosses THEN greatest(1, cost * ((entries - first - 1 - tail) / 2) + (cost > 1)::int) ELSE 1000000 END
        AS plan_credits,
      2000000::bigint AS pack_credits
    FROM (
      SELECT n, gen_random_uuid() AS user_id, gen_random_uuid() AS promo_id, gen_random_uuid() AS plan_id,
        gen_random_uuid() AS pack_id, gen_random_uuid() AS hold_id,
        (1 + n % 5)::bigint AS cost,
        ${perUser} + (n / 5) % 5 - 2 AS entries,
        -- The number of the entry that gave the plan's credits; a promotion and its expiry may come before it.
        CASE WHEN n % 2 = 0 THEN 3 ELSE 1 END AS first,
        CASE WHEN n % 10 = 0 THEN 3 WHEN n % 100 = 51 THEN 1 ELSE 0 END AS tail,
        n % 20 = 7 AS crosses,
        n % 4 < 2 AS has_keys
      FROM generate_series(1, ${users}) n
    ) a;
    ANALYZE bench_accounts`;
}

const days = `interval '1 day'`;

const people = `
  INSERT INTO users (id, email, locale, created_at, updated_at)
  SELECT user_id, user_id || '@bench.test', 'en', now() - 91 * ${days}, now() - 91 * ${days} FROM bench_accounts`;

const rowsOf: Readonly<Record<string, string>> = {
  credit_balances: `
    INSERT INTO credit_balances (user_id, available, held, total_earned, total_used, monthly_quota, quota_used,
      quota_reset_at, entries)
    SELECT user_id, plan_credits + pack_credits - used - held, held,
      plan_credits + pack_credits + CASE WHEN first = 3 THEN 50 ELSE 0 END, used, plan_credits,
      least(plan_credits, used), now() + 20 * ${days}, entries
    FROM bench_accounts,
      LATERAL (SELECT cost * (spends + (tail = 3)::int) AS used, CASE WHEN tail = 1 THEN hold ELSE 0 END AS held) x`,
  credit_grants: `
    INSERT INTO credit_grants (user_id, id, key, source, amount, remaining, held, expires_at, created_at)
    SELECT user_id, g.id, g.key, g.source, g.amount, g.remaining, g.held, g.expires_at, now() - 90 * ${days}
    FROM bench_accounts,
      LATERAL (SELECT cost * (spends + (tail = 3)::int) AS used, CASE WHEN tail = 1 THEN hold ELSE 0 END AS held) x,
      LATERAL (VALUES
        (plan_id, 'quota:bench', 'plan', plan_credits, greatest(0, plan_credits - used), held, now() + 20 * ${days}),
        (pack_id, 'order:bench', 'pack', pack_credits, pack_credits - greatest(0, used - plan_credits), 0, NULL),
        (promo_id, 'promo:bench', 'promo', 50, 0, 0, now() - 89 * ${days})
      ) g (id, key, source, amount, remaining, held, expires_at)
    WHERE g.source <> 'promo' OR first = 3`,
  credit_holds: `
    INSERT INTO credit_holds (user_id, id, amount, settled, status, feature_type, actor, created_at, expires_at,
      closed_at, available_after)
    SELECT user_id, hold_id, hold, CASE WHEN tail = 3 THEN cost ELSE 0 END,
      CASE WHEN tail = 3 THEN 'settled' ELSE 'open' END, 'video', 'user', now() - interval '1 hour', now() + ${days},
      CASE WHEN tail = 3 THEN now() - interval '1 minute' END,
      CASE WHEN tail = 3 THEN plan_credits + pack_credits - cost * (spends + 1) END
    FROM bench_accounts WHERE tail > 0`,
};

/** Everybody's entry of that number. `k` counts what comes after the grants: spends, then the hold. */
function entriesOf(seq: number, most: number, users: number): string {
  return `
    INSERT INTO credit_transactions (user_id, seq, id, type, amount, balance_after, source, feature_type, actor,
      reference, grant_id, drawn, idempotency_key, fingerprint, created_at)
    SELECT user_id, ${seq}, CASE WHEN type = 'hold' THEN hold_id ELSE gen_random_uuid() END, type, amount,
      balance_after,
      CASE WHEN type IN ('earn', 'expire') THEN
        CASE WHEN k = -1 THEN 'plan' WHEN k = 0 THEN 'pack' ELSE 'promo' END
      ELSE 'api' END,
      CASE WHEN type IN ('spend', 'hold', 'release') THEN CASE WHEN k > spends THEN 'video' ELSE 'image' END END,
      CASE WHEN type = 'spend' THEN 'user' ELSE 'system' END,
      CASE WHEN type IN ('hold', 'release') THEN hold_id::text END,
      CASE WHEN is_split THEN NULL WHEN k < -1 THEN promo_id WHEN k = 0 OR from_pack THEN pack_id ELSE plan_id END,
      CASE WHEN is_split THEN jsonb_build_array(
        jsonb_build_object('grant', plan_id, 'amount', plan_credits - (k - 1) * cost),
        jsonb_build_object('grant', pack_id, 'amount', k * cost - plan_credits)) END,
      CASE WHEN has_keys AND type = 'spend' THEN gen_random_uuid()::text END,
      CASE WHEN has_keys AND type = 'spend' THEN 'tO0hJvXnIzPvXMhGc1lAvTM2bKCyeQ6nMd4b0i7fGzE' END,
      now() - 90 * ${days} + 89 * ${days} * ((${seq} - 1 + n::float8 / ${users}) / ${most})
    FROM (
      SELECT a.*, ${seq} - first - 1 AS k,
        ${seq} - first - 1 > 0 AND ${seq} - first - 1 <= spends AND crosses AND
          (${seq} - first - 1) * cost > plan_credits AND (${seq} - first - 2) * cost < plan_credits AS is_split,
        ${seq} - first - 1 > 0 AND (${seq} - first - 2) * cost >= plan_credits AS from_pack
      FROM bench_accounts a WHERE entries >= ${seq}
    ) a, LATERAL (
      SELECT CASE
        WHEN k = -3 THEN 'earn' WHEN k = -2 THEN 'expire' WHEN k <= 0 THEN 'earn' WHEN k <= spends THEN 'spend'
        WHEN k = spends + 1 THEN 'hold' WHEN k = spends + 2 THEN 'release' ELSE 'spend' END AS type,
      CASE
        WHEN k = -3 THEN 50 WHEN k = -2 THEN -50 WHEN k = -1 THEN plan_credits WHEN k = 0 THEN pack_credits
        WHEN k <= spends THEN -cost WHEN k = spends + 1 THEN -hold WHEN k = spends + 2 THEN hold ELSE -cost END
        AS amount,
      CASE
        WHEN k = -3 THEN 50 WHEN k = -2 THEN 0 WHEN k = -1 THEN plan_credits
        ELSE plan_credits + pack_credits - cost * least(greatest(k, 0), spends)
          - CASE WHEN k = spends + 1 THEN hold WHEN k = spends + 3 THEN cost ELSE 0 END END AS balance_after
    ) e`;
}

/** Without them rows go in at once, instead of one by one at a random place of each. → how to make them again */
async function dropIndexes(client: pg.PoolClient, table: string): Promise<string[]> {
  const { rows } = await client.query<{ drop: string; make: string }>(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make
     FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u')
     UNION ALL
     SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
     FROM pg_index i WHERE i.indrelid = $1::regclass
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)`,
    [table],
  );
  for (const { drop } of rows) await client.query(drop);
  return rows.map(({ make }) => make);
}
