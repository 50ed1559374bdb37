import { once } from 'node:events';
import { connectDatabase, type Database } from '../../src/db/index.ts';
import { seed } from '../../src/db/migrate.ts';
import { stopwatch } from '../../src/kit/clock.ts';
import { addDueSubscriptions } from '../../test/support/due-subscriptions.ts';
import { inTurn, median, type Row } from '../report.ts';
import { startProgram } from '../stage.ts';

const workers = 2;
const quota = 100;
const limitMs = 250;
const limitMb = 300;

interface Figures {
  wallMs: number;
  longestMs: number;
  rssMb: number;
}

/**
 * A quota month for everybody by two workers, beside one SQL statement that locks, asks and writes the same, in one
 * transaction. Each has a fresh copy of the same database.
 */
export async function measureReset(
  { url, say }: { url: string; say: (line: string) => void },
  { users = 1_000_000, rounds = 3 }: { users?: number; rounds?: number } = {},
): Promise<Row[]> {
  await withDatabase(url, async (db) => {
    await seed(db);
    await addDueSubscriptions(db, { count: users, dueAt: new Date(Date.now() - 5 * 60_000), quota });
    await db.pool.query('VACUUM (ANALYZE, FREEZE)');
  });
  say(`${users} subscriptions are due`);
  const { single, ours } = await inTurn(rounds, {
    single: () => withCopy(url, (copy) => runSingle(copy, users)),
    ours: () => withCopy(url, (copy) => runWorkers(copy, users)),
  });
  for (const [name, figures] of Object.entries({ single, ours })) {
    for (const { wallMs, longestMs, rssMb } of figures) {
      say(`${name}: ${seconds(wallMs)}, longest transaction ${longestMs.toFixed(0)} ms, ${rssMb.toFixed(0)} MB`);
    }
  }
  return rowsOf(single, ours, { users, rounds });
}

function rowsOf(
  single: readonly Figures[],
  ours: readonly Figures[],
  { users, rounds }: { users: number; rounds: number },
): Row[] {
  const wall = { single: median(single.map(({ wallMs }) => wallMs)), ours: median(ours.map(({ wallMs }) => wallMs)) };
  const worst = (pick: (one: Figures) => number) => Math.max(...ours.map(pick));
  const [longestMs, rssMb] = [worst(({ longestMs }) => longestMs), worst(({ rssMb }) => rssMb)];
  const what = `quota reset, ${users.toLocaleString('en')} users`;
  return [
    {
      what,
      measuredAs: `wall of ${workers} workers ÷ one locked set-based statement`,
      ratio: wall.ours / wall.single,
      limit: { atMost: 0.9 },
      figures: `${seconds(wall.ours)} and ${seconds(wall.single)}, median of ${rounds}`,
    },
    {
      what,
      measuredAs: `memory of a worker at its peak ÷ ${limitMb} MB`,
      ratio: rssMb / limitMb,
      limit: { atMost: 1 },
      figures: `${rssMb.toFixed(0)} MB, the most of ${rounds} rounds`,
    },
    {
      what,
      measuredAs: `longest batch, from its first lock to its commit ÷ ${limitMs} ms`,
      ratio: longestMs / limitMs,
      limit: { atMost: 1 },
      figures: `${longestMs.toFixed(0)} ms, the longest of ${rounds} rounds`,
    },
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

async function runSingle(url: string, users: number): Promise<Figures> {
  return withDatabase(url, async ({ pool }) => {
    const elapsedMs = stopwatch();
    await pool.query(singleStatement, [new Date()]);
    const wallMs = elapsedMs();
    await expectReset(pool, users);
    return { wallMs, longestMs: wallMs, rssMb: 0 };
  });
}

type Result = Figures & { months: number; failed: number };

async function runWorkers(url: string, users: number): Promise<Figures> {
  const started: Awaited<ReturnType<typeof startProgram>>[] = [];
  try {
    // One after the other: the first sets up the sandbox.
    while (started.length < workers) started.push(await startProgram('reset-program.ts', [url]));
    const elapsedMs = stopwatch();
    const results = await Promise.all(
      started.map(async ({ child }) => {
        child.send('go');
        const ended = once(child, 'exit').then(() => Promise.reject(new Error('a worker ended before it was done')));
        const [result] = (await Promise.race([once(child, 'message'), ended])) as [Result];
        return result;
      }),
    );
    const wallMs = elapsedMs();
    const [months, failed] = [total(results, 'months'), total(results, 'failed')];
    if (months !== users || failed > 0) throw new Error(`${months} of ${users} months were given, ${failed} failed`);
    await withDatabase(url, ({ pool }) => expectReset(pool, users));
    return {
      wallMs,
      longestMs: Math.max(...results.map(({ longestMs }) => longestMs)),
      rssMb: Math.max(...results.map(({ rssMb }) => rssMb)),
    };
  } finally {
    for (const { child } of started) child.kill('SIGKILL');
  }
}

function total(results: readonly Result[], name: 'months' | 'failed'): number {
  return results.reduce((sum, result) => sum + result[name], 0);
}

/** Both wrote the same. */
async function expectReset(pool: Database['pool'], users: number): Promise<void> {
  const { rows } = await pool.query<{ entries: number; available: number; due: number }>(
    `SELECT (SELECT count(*) FROM credit_transactions) AS entries, (SELECT sum(available) FROM credit_balances) AS available,
       (SELECT count(*) FROM subscriptions WHERE quota_resets_at <= now()) AS due`,
  );
  const found = JSON.stringify(rows[0]);
  const expected = JSON.stringify({ entries: users * 4, available: users * quota, due: 0 });
  if (found !== expected) throw new Error(`after a reset there is ${found} and should be ${expected}`);
}

/** What startQuotaMonth does for a plain subscription, for all at once. */
const singleStatement = `
  WITH due AS MATERIALIZED (
    SELECT * FROM subscriptions
    WHERE status = 'active' AND quota_resets_at <= $1 AND (end_date IS NULL OR end_date > $1)
    FOR UPDATE
  ), balance AS MATERIALIZED (
    SELECT b.* FROM credit_balances b WHERE b.user_id IN (SELECT user_id FROM due) FOR UPDATE
  ), expired AS MATERIALIZED (
    SELECT g.user_id, g.id, g.source, g.remaining - g.held AS free,
      row_number() OVER chain AS nth, (sum(g.remaining - g.held) OVER chain)::bigint AS through
    FROM credit_grants g JOIN due ON due.user_id = g.user_id
    WHERE g.open AND g.remaining > g.held AND g.expires_at <= $1
    WINDOW chain AS (PARTITION BY g.user_id ORDER BY g.expires_at, g.created_at, g.id)
  ), gone AS MATERIALIZED (
    SELECT user_id, max(through) AS free, max(nth) AS entries FROM expired GROUP BY user_id
  ), paid AS MATERIALIZED (
    SELECT DISTINCT ON (due.id) due.id, o.id AS order_id FROM due JOIN orders o ON o.subscription_id = due.id
    WHERE o.paid_at IS NOT NULL AND o.period_start <= due.quota_resets_at
      AND (o.period_end IS NULL OR due.quota_resets_at < o.period_end) AND o.disputed_at IS NULL
      AND NOT EXISTS (SELECT FROM refunds r WHERE r.order_id = o.id AND r.status = 'completed' AND r.ends_subscription)
      AND (o.status <> 'refunded' OR EXISTS (
        SELECT FROM refunds r WHERE r.order_id = o.id AND r.status = 'completed' AND NOT r.ends_subscription
      ))
    ORDER BY due.id, o.period_start
  ), month AS MATERIALIZED (
    SELECT due.*, b.available, b.entries, coalesce(gone.free, 0) AS free, coalesce(gone.entries, 0) AS gone_entries,
      paid.order_id AS paid_by, credits_new_id($1) AS grant_id, next_quota_reset(due.anchor_at, due.quota_resets_at) AS ends_at,
      CASE WHEN due.price_id IS NULL OR paid.order_id IS NOT NULL THEN due.credits_monthly ELSE 0 END AS credits,
      due.credits_monthly * (SELECT max(percent) FROM unnest(p.alert_percents) step (percent)) / 100 AS alert_at
    FROM due JOIN balance b ON b.user_id = due.user_id JOIN plans p ON p.id = due.plan_id
    LEFT JOIN gone ON gone.user_id = due.user_id LEFT JOIN paid ON paid.id = due.id
  ), written_off AS (
    UPDATE credit_grants g SET remaining = g.held FROM expired e WHERE g.user_id = e.user_id AND g.id = e.id
  ), given AS (
    INSERT INTO credit_grants
      (user_id, id, key, source, amount, remaining, expires_at, order_id, subscription_id, created_at)
    SELECT user_id, grant_id,
      'quota:' || id || ':' || to_char(quota_resets_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'plan', credits, credits, ends_at, paid_by, id, $1
    FROM month WHERE credits > 0
  ), appended AS (
    INSERT INTO credit_transactions
      (user_id, seq, id, type, amount, balance_after, source, actor, reference, grant_id, created_at)
    SELECT m.user_id, m.entries + e.nth, credits_new_id($1), 'expire', -e.free, m.available - e.through, e.source,
      'system', NULL, e.id, $1
    FROM expired e JOIN month m ON m.user_id = e.user_id
    UNION ALL
    SELECT user_id, entries + gone_entries + 1, credits_new_id($1), 'earn', credits, available - free + credits, 'plan',
      'system', coalesce(paid_by, id)::text, grant_id, $1
    FROM month WHERE credits > 0
  ), counted AS (
    UPDATE credit_balances b SET
      available = m.available - m.free + m.credits, entries = m.entries + m.gone_entries + 1,
      total_earned = b.total_earned + m.credits, monthly_quota = m.credits, quota_used = 0, quota_reset_at = m.ends_at,
      plan_id = m.plan_id, alert_at = m.alert_at
    FROM month m WHERE b.user_id = m.user_id
  )
  UPDATE subscriptions s SET quota_resets_at = m.ends_at FROM month m WHERE s.id = m.id`;

/** Runs `work` on a copy of the database, which nobody is connected to, and throws the copy away. */
async function withCopy<Result>(url: string, work: (copy: string) => Promise<Result>): Promise<Result> {
  const name = new URL(url).pathname.slice(1);
  const copy = new URL(url);
  copy.pathname = `/${name}_copy`;
  const server = new URL(url);
  server.pathname = '/postgres';
  await withDatabase(server.href, ({ pool }) =>
    pool.query(`CREATE DATABASE ${name}_copy TEMPLATE ${name} STRATEGY FILE_COPY`),
  );
  try {
    return await work(copy.href);
  } finally {
    await withDatabase(server.href, async ({ pool }) => {
      await pool.query(`DROP DATABASE ${name}_copy WITH (FORCE)`);
      // What the next one finds is not what this one has left behind.
      await pool.query('CHECKPOINT');
    });
  }
}

async function withDatabase<Result>(url: string, work: (db: Database) => Promise<Result>): Promise<Result> {
  const db = connectDatabase({ url });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
