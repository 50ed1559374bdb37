import type pg from 'pg';
import { onlyRow } from '../db/index.ts';

/*
 * Entries that are old enough leave the ledger for files, month by month, and what they came to is carried forward; see
 * record 30 and migrations/*-ledger-archive.cjs. A customer's history is cut at one entry: all before it goes, nothing
 * behind it, and no hold reaches across.
 */

/** One file. `doneAt` is null while its entries have not all left the ledger. */
export interface LedgerArchive {
  /** The first day of its month. */
  month: Date;
  file: string;
  rows: number;
  bytes: number;
  sha256: string;
  doneAt: Date | null;
}

export async function listArchives(db: pg.Pool | pg.ClientBase): Promise<LedgerArchive[]> {
  const { rows } = await db.query<LedgerArchive>(
    `SELECT month::timestamp AT TIME ZONE 'UTC' AS month, file, rows, bytes, sha256, done_at AS "doneAt"
     FROM ledger_archives ORDER BY month`,
  );
  return rows;
}

export async function oldestEntryAt(client: pg.ClientBase): Promise<Date | null> {
  const { rows } = await client.query<{ at: Date | null }>('SELECT min(created_at) AS at FROM credit_transactions');
  return rows[0]?.at ?? null;
}

/**
 * Finds for each customer how far the history before that time can go: without a gap, and to where no hold is open. Stays
 * in a temporary table of the connection.
 */
export async function findCuts(client: pg.ClientBase, before: Date): Promise<void> {
  await client.query('DROP TABLE IF EXISTS archive_cuts');
  await client.query(`CREATE TEMPORARY TABLE archive_cuts (user_id uuid PRIMARY KEY, cut bigint NOT NULL)`);
  await client.query(
    `INSERT INTO archive_cuts
     SELECT user_id, max(seq) FROM (
       SELECT t.user_id, t.seq, coalesce(c.through_seq, 0) AS through,
         t.seq - row_number() OVER (PARTITION BY t.user_id ORDER BY t.seq) AS behind
       FROM credit_transactions t LEFT JOIN credit_carried c USING (user_id) WHERE t.created_at < $1
     ) e WHERE behind = through GROUP BY 1`,
    [before],
  );
  // A cut that moves down may come to lie inside another hold.
  for (;;) {
    const { rowCount } = await client.query(`
      UPDATE archive_cuts c SET cut = h.first - 1 FROM (
        SELECT c.user_id, min(h.seq) AS first
        FROM archive_cuts c
        JOIN credit_transactions h ON h.user_id = c.user_id AND h.seq <= c.cut AND h.type = 'hold'
        LEFT JOIN credit_transactions r ON r.user_id = h.user_id AND r.type = 'release' AND r.reference = h.id::text
        WHERE r.seq IS NULL OR r.seq > c.cut GROUP BY 1
      ) h WHERE h.user_id = c.user_id`);
    if (rowCount === 0) return;
  }
}

const fetched = 5_000;

/** The entries up to the cuts, by customer and number, one JSON object a line. In a transaction of its own. */
export async function* readCut(client: pg.ClientBase, before: Date): AsyncGenerator<readonly string[]> {
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(
      `DECLARE entries NO SCROLL CURSOR FOR
       SELECT row_to_json(t)::text AS line FROM credit_transactions t JOIN archive_cuts c USING (user_id)
       WHERE t.created_at < ${client.escapeLiteral(before.toISOString())} AND t.seq <= c.cut
       ORDER BY t.user_id, t.seq`,
    );
    for (;;) {
      const { rows } = await client.query<{ line: string }>(`FETCH ${fetched} FROM entries`);
      if (rows.length === 0) return;
      yield rows.map(({ line }) => line);
    }
  } finally {
    await client.query('ROLLBACK');
  }
}

/** What of an archived entry the books are about. The rest of the line is for people. */
export interface ArchivedEntry {
  user_id: string;
  seq: number;
  id: string;
  type: string;
  amount: number;
  balance_after: number;
  feature_type: string | null;
  reference: string | null;
  grant_id: string | null;
  drawn: { grant: string; amount: number }[] | null;
  created_at: string;
}

/** The entries of a file are safe. → recorded once, so that from now on they may be removed */
export async function recordArchive(
  client: pg.ClientBase,
  archive: Omit<LedgerArchive, 'doneAt'> & { now: Date },
): Promise<void> {
  const { month, file, rows, bytes, sha256, now } = archive;
  await client.query(
    `INSERT INTO ledger_archives (month, file, rows, bytes, sha256, written_at)
     VALUES (($1::timestamptz AT TIME ZONE 'UTC')::date, $2, $3, $4, $5, $6)`,
    [month, file, rows, bytes, sha256, now],
  );
}

export async function finishArchive(client: pg.ClientBase, month: Date, now: Date): Promise<void> {
  await client.query(
    `UPDATE ledger_archives SET done_at = $2 WHERE month = ($1::timestamptz AT TIME ZONE 'UTC')::date`,
    [month, now],
  );
}

/**
 * Removes entries that a file holds, each only if it is still what the file says, and carries forward what they came to:
 * both or nothing. Entries that left the ledger before are passed over.
 * @param lines of whole histories: no hold among them is open at the end
 * @throws Error when an entry is not what the file says
 */
export async function removeArchived(
  client: pg.ClientBase,
  before: Date,
  entries: readonly ArchivedEntry[],
  lines: readonly string[],
): Promise<number> {
  const users = entries.map((entry) => entry.user_id);
  const seqs = entries.map((entry) => entry.seq);
  await client.query('BEGIN');
  try {
    await client.query(`SELECT set_config('plantain.archive_before', $1, true)`, [before.toISOString()]);
    const known = await client.query<{ n: number }>(
      `SELECT count(*) AS n FROM unnest($1::uuid[], $2::bigint[]) k (user_id, seq)
       JOIN credit_carried c USING (user_id) WHERE k.seq <= c.through_seq`,
      [users, seqs],
    );
    const { rows } = await client.query<{ n: number }>(remove, [users, seqs, lines]);
    const [gone, before_] = [onlyRow(rows).n, onlyRow(known.rows).n];
    if (gone + before_ !== entries.length) {
      const missing = entries.length - gone - before_;
      throw new Error(
        `${missing} entries between ${users[0] ?? ''} and ${users.at(-1) ?? ''} are not what the archive says`,
      );
    }
    await client.query('COMMIT');
    return gone;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** What gave a grant its credits counts as earned, whoever gave them. */
const remove = `
  WITH gone AS (
    DELETE FROM credit_transactions t USING unnest($1::uuid[], $2::bigint[], $3::text[]) k (user_id, seq, line)
    WHERE t.user_id = k.user_id AND t.seq = k.seq AND row_to_json(t)::text = k.line
    RETURNING t.*
  ), parts AS (
    INSERT INTO credit_carried_parts AS c (user_id, grant_id, type, feature_type, amount, entries, actor, description)
    SELECT user_id, grant_id, CASE WHEN amount > 0 THEN 'earn' ELSE type END, coalesce(feature_type, ''), sum(amount),
      count(*), min(actor) FILTER (WHERE amount > 0), min(description) FILTER (WHERE amount > 0)
    FROM (
      SELECT user_id, type, feature_type, actor, description, grant_id, amount FROM gone WHERE grant_id IS NOT NULL
      UNION ALL
      SELECT user_id, type, feature_type, actor, description, (part ->> 'grant')::uuid,
        sign(g.amount)::bigint * (part ->> 'amount')::bigint
      FROM gone g, jsonb_array_elements(g.drawn) part
    ) p WHERE type NOT IN ('hold', 'release')
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (user_id, grant_id, type, feature_type)
      DO UPDATE SET amount = c.amount + excluded.amount, entries = c.entries + excluded.entries
  ), carried AS (
    INSERT INTO credit_carried AS c (user_id, through_seq, balance_after, through_at)
    SELECT DISTINCT ON (user_id) user_id, seq, balance_after, max(created_at) OVER (PARTITION BY user_id)
    FROM gone ORDER BY user_id, seq DESC
    ON CONFLICT (user_id) DO UPDATE SET through_seq = excluded.through_seq, balance_after = excluded.balance_after,
      through_at = greatest(c.through_at, excluded.through_at)
  ), closed AS (
    UPDATE credit_holds h SET archived = true FROM gone g
    WHERE g.type = 'hold' AND h.user_id = g.user_id AND h.id = g.id
  )
  SELECT count(*) AS n FROM gone`;

/** What was carried forward for one customer: [grant, type, feature, credits, entries] by grant, type and feature. */
export interface Carried {
  user_id: string;
  through_seq: number;
  balance_after: number;
  parts: [grant: string, type: string, feature: string, amount: number, entries: number][];
}

/** All of it by customer, in a transaction of its own. */
export async function* readCarried(client: pg.ClientBase): AsyncGenerator<Carried> {
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(`
      DECLARE carried NO SCROLL CURSOR FOR
      SELECT c.user_id, c.through_seq, c.balance_after, coalesce(
        jsonb_agg(jsonb_build_array(p.grant_id, p.type, p.feature_type, p.amount, p.entries))
          FILTER (WHERE p.grant_id IS NOT NULL), '[]') AS parts
      FROM credit_carried c LEFT JOIN credit_carried_parts p USING (user_id)
      GROUP BY c.user_id ORDER BY c.user_id`);
    for (;;) {
      const { rows } = await client.query<Carried>(`FETCH ${fetched} FROM carried`);
      if (rows.length === 0) return;
      yield* rows;
    }
  } finally {
    await client.query('ROLLBACK');
  }
}
