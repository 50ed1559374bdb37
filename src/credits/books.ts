import { select, type Tx } from '../db/index.ts';
import type { PassName } from './weighted-sums.ts';

/** Something that does not add up. */
export interface Difference {
  book: string;
  /** The user or the order. */
  subject: string;
  expected: number;
  found: number;
  /** Where both are money, in minor units. */
  currency?: string;
  /** The rows that do not add up: an entry by its number, a grant, a hold, or the entries that are missing. */
  rows?: DifferingRow[];
}

export interface DifferingRow {
  entry?: number;
  grant?: string;
  hold?: string;
  /** Entries that should be there and are not, `first` to `last`. */
  missing?: { first: number; last: number };
  /** What was done to it, where it is no sum that is wrong. */
  what?: string;
  expected?: number | string | null;
  found?: number | string | null;
  /** Entries about that grant whose amount is the difference: those to look at first. */
  entries?: number[];
}

/** A book, and the SQL that answers with what is wrong in it (subject, expected, found, row) and with nothing else. */
export interface Book {
  name: string;
  /** The passes that read what it is about. */
  passes: readonly PassName[];
  /** What cannot be right when this book is wrong: it is read when one of them is not. */
  checks: readonly Check[];
  sql: string;
}

/**
 * sum: entries against grants, balances and holds. owners: grants against balances. parts, quota: rows that are wrong by
 * themselves. always: few rows, none of which is saved by looking at sums.
 */
export type Check = 'sum' | 'owners' | 'parts' | 'quota' | 'always';

/** What is set apart stays in its grant, so that holds and releases move nothing. */
const moves = `type NOT IN ('hold', 'release')`;

/** Archived entries count with what they came to; what gave a grant its credits is 'earn' there. */
const parts = `
  (SELECT user_id, grant_id, type, amount FROM credit_parts
   UNION ALL SELECT user_id, grant_id, type, amount FROM credit_carried_parts) p`;

const entries = `
  (SELECT user_id, type, amount FROM credit_transactions
   UNION ALL SELECT user_id, type, amount FROM credit_carried_parts) t`;

/** Sums by user held against a column of the balance; who has no balance counts as having nothing. */
function byUser(column: string, sums: string): string {
  return `
    SELECT user_id AS subject, coalesce(${column}, 0) AS expected, coalesce(sum, 0) AS found, NULL::jsonb AS row
    FROM credit_balances b FULL JOIN (${sums} GROUP BY 1) s USING (user_id)
    WHERE coalesce(${column}, 0) <> coalesce(sum, 0)`;
}

/** Sums by grant held against a column of the grant; a grant that is not there counts as empty. */
function byGrant(column: string, sum: string, which: string): string {
  return `
    SELECT d.user_id AS subject, d.expected, d.found, jsonb_build_object(
      'grant', d.id, 'expected', d.expected, 'found', d.found, 'entries', (
        SELECT jsonb_agg(seq) FROM (
          SELECT p.seq FROM credit_parts p
          WHERE p.user_id = d.user_id AND p.grant_id = d.id AND ${which} AND abs(p.amount) = abs(d.expected - d.found)
          ORDER BY p.seq DESC LIMIT 5
        ) e
      )) AS row
    FROM (
      SELECT user_id, id, coalesce(${column}, 0) AS expected, coalesce(sum, 0) AS found
      FROM credit_grants g FULL JOIN (
        SELECT user_id, grant_id AS id, ${sum}::bigint AS sum FROM ${parts} WHERE ${which} GROUP BY 1, 2
      ) s USING (user_id, id)
      WHERE coalesce(${column}, 0) <> coalesce(sum, 0)
    ) d`;
}

const node = (balance: string, seq: string) => `hashint8extended(${balance}, ${seq})`;

/**
 * Where each entry begins as the one before it ends, the hashes of both ends cancel out, and what is left of a user is the
 * beginning and the end. So only users of whom something else is left are looked at entry by entry.
 */
const chain = `
  WITH broken AS MATERIALIZED (
    SELECT user_id, coalesce(c.through_seq, 0) AS through_seq, coalesce(c.balance_after, 0) AS carried
    FROM credit_balances b
    FULL JOIN (
      SELECT user_id, bit_xor(${node('balance_after', 'seq')} # ${node('balance_after - amount', 'seq - 1')}) AS ends
      FROM credit_transactions GROUP BY 1
    ) t USING (user_id)
    LEFT JOIN credit_carried c USING (user_id)
    WHERE coalesce(ends, 0) <> ${node('coalesce(b.available, 0)', 'coalesce(b.entries, 0)')}
      # ${node('coalesce(c.balance_after, 0)', 'coalesce(c.through_seq, 0)')}
    ORDER BY user_id LIMIT 1000
  )
  SELECT user_id AS subject, last_balance + amount AS expected, balance_after AS found,
    CASE WHEN seq = last + 1
      THEN jsonb_build_object('entry', seq, 'expected', last_balance + amount, 'found', balance_after)
      ELSE jsonb_build_object('entry', seq, 'missing', jsonb_build_object('first', last + 1, 'last', seq - 1))
    END AS row
  FROM (
    SELECT t.user_id, seq, amount, balance_after,
      lag(seq, 1, through_seq) OVER chain AS last, lag(balance_after, 1, carried) OVER chain AS last_balance
    FROM broken JOIN credit_transactions t USING (user_id) WINDOW chain AS (PARTITION BY t.user_id ORDER BY seq)
  ) e WHERE balance_after <> last_balance + amount OR seq <> last + 1 ORDER BY user_id, seq`;

const lastEntry = `
  SELECT user_id AS subject, coalesce(b.available, 0) AS expected,
    coalesce(t.balance_after, c.balance_after, 0) AS found,
    CASE WHEN coalesce(b.entries, 0) > coalesce(l.seq, c.through_seq, 0)
      THEN jsonb_build_object('missing', jsonb_build_object(
        'first', coalesce(l.seq, c.through_seq, 0) + 1, 'last', b.entries))
      ELSE jsonb_build_object('entry', coalesce(l.seq, c.through_seq, 0), 'expected', coalesce(b.available, 0),
        'found', coalesce(t.balance_after, c.balance_after, 0))
    END AS row
  FROM credit_balances b
  FULL JOIN (SELECT user_id, max(seq) AS seq FROM credit_transactions GROUP BY 1) l USING (user_id)
  LEFT JOIN credit_carried c USING (user_id)
  LEFT JOIN credit_transactions t USING (user_id, seq)
  WHERE coalesce(b.available, 0) <> coalesce(t.balance_after, c.balance_after, 0)
    OR coalesce(b.entries, 0) <> coalesce(l.seq, c.through_seq, 0)`;

const holds = `
  SELECT coalesce(h.user_id, e.user_id) AS subject, d.expected, d.found,
    jsonb_build_object('hold', coalesce(h.id, e.id), 'entry', e.seq, 'expected', d.what || d.expected,
      'found', d.what || d.found) AS row
  FROM (SELECT * FROM credit_holds WHERE NOT archived) h
  FULL JOIN (
    SELECT user_id, id, seq, -amount AS amount FROM credit_transactions WHERE type = 'hold' AND source = 'api'
  ) e USING (user_id, id)
  LEFT JOIN credit_transactions r ON r.user_id = coalesce(h.user_id, e.user_id) AND r.type = 'release'
    AND r.reference = coalesce(h.id, e.id)::text
  CROSS JOIN LATERAL (VALUES
    ('held ', coalesce(h.amount, 0), coalesce(e.amount, 0)),
    ('released ', CASE WHEN h.status <> 'open' THEN h.amount WHEN h.status = 'open' THEN 0 ELSE r.amount END,
      coalesce(r.amount, 0))
  ) d (what, expected, found)
  WHERE d.expected <> d.found`;

export const books: readonly Book[] = [
  {
    name: 'ledger = balance',
    passes: ['entries', 'balances'],
    checks: ['sum', 'owners'],
    sql: byUser('b.available + b.held', `SELECT user_id, sum(amount)::bigint AS sum FROM ${entries} WHERE ${moves}`),
  },
  {
    name: 'grants = balance',
    passes: ['grants', 'balances'],
    checks: ['owners'],
    sql: byUser('b.available + b.held', 'SELECT user_id, sum(remaining)::bigint AS sum FROM credit_grants'),
  },
  { name: 'balance after each entry', passes: ['entries'], checks: ['sum'], sql: chain },
  { name: 'last entry = balance', passes: ['entries', 'balances'], checks: ['sum'], sql: lastEntry },
  {
    name: 'grants = what was drawn from them',
    passes: ['entries', 'grants'],
    checks: ['sum'],
    sql: byGrant('g.remaining', 'sum(amount)', moves),
  },
  {
    name: 'grants = what was given',
    passes: ['entries', 'grants'],
    checks: ['sum'],
    sql: byGrant('g.amount', 'sum(amount)', `${moves} AND amount > 0`),
  },
  {
    name: 'held grants = held balance',
    passes: ['grants', 'balances'],
    checks: ['owners'],
    sql: byUser('b.held', 'SELECT user_id, sum(held)::bigint AS sum FROM credit_grants'),
  },
  {
    name: 'held grants = what was set apart in them',
    passes: ['entries', 'grants'],
    checks: ['sum'],
    sql: byGrant('g.held', 'sum(-amount)', `type IN ('hold', 'release')`),
  },
  {
    name: 'total earned = grants',
    passes: ['grants', 'balances'],
    checks: ['owners'],
    sql: byUser('b.total_earned', 'SELECT user_id, sum(amount)::bigint AS sum FROM credit_grants'),
  },
  {
    name: 'total used = what was spent',
    passes: ['entries', 'balances'],
    checks: ['sum'],
    sql: byUser('b.total_used', `SELECT user_id, sum(-amount)::bigint AS sum FROM ${entries} WHERE type = 'spend'`),
  },
  { name: 'holds = entries', passes: ['entries', 'holds'], checks: ['sum'], sql: holds },
  {
    name: 'settled holds = what was spent',
    passes: ['holds'],
    checks: ['always'],
    // A settlement is two entries, one behind the other.
    sql: `
      SELECT h.user_id AS subject, h.settled AS expected, coalesce(-s.amount, 0) AS found,
        jsonb_build_object('hold', h.id, 'entry', s.seq, 'expected', h.settled, 'found', coalesce(-s.amount, 0)) AS row
      FROM credit_holds h
      JOIN credit_transactions r ON r.user_id = h.user_id AND r.type = 'release' AND r.reference = h.id::text
      LEFT JOIN credit_transactions s ON s.user_id = r.user_id AND s.seq = r.seq + 1 AND s.type = 'spend'
      WHERE h.settled > 0 AND NOT h.archived AND h.settled <> coalesce(-s.amount, 0)`,
  },
  {
    name: 'entries = their parts',
    passes: ['entries'],
    checks: ['parts'],
    sql: `
      SELECT t.user_id AS subject, abs(t.amount) AS expected, p.sum AS found,
        jsonb_build_object('entry', t.seq, 'expected', abs(t.amount), 'found', p.sum) AS row
      FROM credit_transactions t, LATERAL (
        SELECT coalesce(sum((part ->> 'amount')::bigint), 0)::bigint AS sum FROM jsonb_array_elements(t.drawn) part
      ) p WHERE t.drawn IS NOT NULL AND p.sum <> abs(t.amount)`,
  },
  {
    name: 'quota used is part of what was used',
    passes: ['balances'],
    checks: ['quota'],
    sql: `
      SELECT user_id AS subject, total_used AS expected, quota_used AS found, NULL::jsonb AS row
      FROM credit_balances WHERE quota_used > total_used`,
  },
  {
    name: 'carried forward = its parts',
    passes: ['carried'],
    checks: ['always'],
    sql: `
      SELECT user_id AS subject, coalesce(c.balance_after, 0) AS expected, coalesce(p.sum, 0) AS found,
        jsonb_build_object('entry', c.through_seq) AS row
      FROM credit_carried c FULL JOIN (
        SELECT user_id, sum(amount)::bigint AS sum FROM credit_carried_parts GROUP BY 1
      ) p USING (user_id) WHERE coalesce(c.balance_after, 0) <> coalesce(p.sum, 0)`,
  },
];

/** A book with a million differences is one fault, which some of them show as well as all. */
const reportedPerBook = 100;

interface Row {
  subject: string;
  expected: number;
  found: number;
  currency?: string;
  row?: DifferingRow | null;
  total: number;
}

/** → what is wrong, by subject, some of it; and how many rows are wrong in all */
export async function readBook(
  tx: Tx,
  { name, sql }: Pick<Book, 'name' | 'sql'>,
): Promise<{ differences: Difference[]; total: number }> {
  const rows = await select<Row>(
    tx,
    `SELECT *, count(*) OVER () AS total FROM (${sql}) wrong LIMIT ${reportedPerBook}`,
  );
  const bySubject = new Map<string, Difference>();
  for (const { subject, expected, found, currency, row } of rows) {
    const money = currency === undefined ? {} : { currency };
    const difference = bySubject.get(subject) ?? { book: name, subject, expected, found, ...money };
    if (row != null) (difference.rows ??= []).push(row);
    bySubject.set(subject, difference);
  }
  return { differences: [...bySubject.values()], total: rows[0]?.total ?? 0 };
}
