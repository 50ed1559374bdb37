import { select } from '../db/index.ts';
import { reportIncident } from '../incidents/incidents.ts';
import type { Services } from './services.ts';

/** One thing that does not add up. */
export interface Difference {
  book: string;
  /** The user or the order. */
  subject: string;
  expected: number;
  found: number;
  /** Where both are money, in minor units. */
  currency?: string;
}

/** Each query answers with the rows that are wrong, and with nothing when the book balances. */
const books: Readonly<Record<string, string>> = {
  'ledger = balance': `
    SELECT b.user_id AS subject, b.available + b.held AS expected, coalesce(t.sum, 0) AS found
    FROM credit_balances b
    LEFT JOIN (
      SELECT user_id, sum(amount)::bigint AS sum FROM credit_transactions
      WHERE type NOT IN ('hold', 'release') GROUP BY 1
    ) t USING (user_id)
    WHERE b.available + b.held <> coalesce(t.sum, 0)`,
  'grants = balance': `
    SELECT b.user_id AS subject, b.available + b.held AS expected, coalesce(g.sum, 0) AS found
    FROM credit_balances b
    LEFT JOIN (SELECT user_id, sum(remaining)::bigint AS sum FROM credit_grants GROUP BY 1) g USING (user_id)
    WHERE b.available + b.held <> coalesce(g.sum, 0)`,
  'balance after each entry': `
    SELECT subject, expected, found FROM (
      SELECT user_id AS subject, balance_after AS found,
        (coalesce(lag(balance_after) OVER chain, 0) + amount)::bigint AS expected,
        seq, row_number() OVER chain AS place
      FROM credit_transactions WINDOW chain AS (PARTITION BY user_id ORDER BY seq)
    ) entries WHERE expected <> found OR seq <> place`,
  'last entry = balance': `
    SELECT b.user_id AS subject, b.available AS expected, t.balance_after AS found
    FROM credit_balances b JOIN credit_transactions t ON t.user_id = b.user_id AND t.seq = b.entries
    WHERE b.available <> t.balance_after`,
  'grants = what was drawn from them': `
    SELECT g.user_id AS subject, g.remaining AS expected, d.sum AS found
    FROM credit_grants g JOIN (
      SELECT user_id, grant_id, sum(amount)::bigint AS sum FROM credit_parts
      WHERE type NOT IN ('hold', 'release') GROUP BY 1, 2
    ) d ON d.user_id = g.user_id AND d.grant_id = g.id
    WHERE g.remaining <> d.sum`,
  'held grants = held balance': `
    SELECT b.user_id AS subject, b.held AS expected, coalesce(g.sum, 0) AS found
    FROM credit_balances b
    LEFT JOIN (SELECT user_id, sum(held)::bigint AS sum FROM credit_grants GROUP BY 1) g USING (user_id)
    WHERE b.held <> coalesce(g.sum, 0)`,
  'held grants = what was set apart in them': `
    SELECT g.user_id AS subject, g.held AS expected, coalesce(d.sum, 0) AS found
    FROM credit_grants g LEFT JOIN (
      SELECT user_id, grant_id, sum(-amount)::bigint AS sum FROM credit_parts
      WHERE type IN ('hold', 'release') GROUP BY 1, 2
    ) d ON d.user_id = g.user_id AND d.grant_id = g.id
    WHERE g.held <> coalesce(d.sum, 0)`,
  'payments = orders': `
    SELECT o.id AS subject, o.currency,
      CASE WHEN o.paid_at IS NULL THEN 0 ELSE o.amount_minor END AS expected, coalesce(p.sum, 0) AS found
    FROM orders o LEFT JOIN (
      SELECT order_id, sum(amount_minor)::bigint AS sum FROM payments WHERE status = 'completed' GROUP BY 1
    ) p ON p.order_id = o.id
    WHERE CASE WHEN o.paid_at IS NULL THEN 0 ELSE o.amount_minor END <> coalesce(p.sum, 0)`,
  'refunds = orders': `
    SELECT o.id AS subject, o.currency, o.refunded_minor AS expected, coalesce(r.sum, 0) AS found
    FROM orders o LEFT JOIN (
      SELECT order_id, sum(amount_minor)::bigint AS sum FROM refunds WHERE status = 'completed' GROUP BY 1
    ) r ON r.order_id = o.id
    WHERE o.refunded_minor <> coalesce(r.sum, 0)`,
  'disputed orders = disputes': `
    SELECT o.id AS subject, coalesce(d.count, 0) AS expected, (o.disputed_at IS NOT NULL)::int AS found
    FROM orders o LEFT JOIN (
      SELECT order_id, count(*) AS count FROM disputes WHERE closed_at IS NULL GROUP BY 1
    ) d ON d.order_id = o.id
    WHERE (d.count IS NOT NULL) <> (o.disputed_at IS NOT NULL)`,
};

const reportedPerBook = 100;

/** Holds the books against each other, in one snapshot. → every difference, none when all is well */
export async function findDifferences({ db }: Pick<Services, 'db'>): Promise<Difference[]> {
  return db.transaction(async (tx) => {
    await tx.sequelize.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY', { transaction: tx });
    const differences: Difference[] = [];
    for (const [book, sql] of Object.entries(books)) {
      const rows = await select<Omit<Difference, 'book'>>(tx, `${sql} LIMIT ${reportedPerBook}`);
      differences.push(...rows.map((row) => ({ book, ...row })));
    }
    return differences;
  });
}

/** The nightly proof. @throws Error naming the books that do not balance, so that the run counts as failed */
export async function checkBooks(services: Services): Promise<{ books: number; differences: number }> {
  const { books, differences } = await proveBooks(services);
  if (differences.length === 0) return { books, differences: 0 };
  const names = [...new Set(differences.map(({ book }) => book))].join(', ');
  throw new Error(`${differences.length} differences: ${names}`);
}

/** Each difference becomes an incident. → how many books were held against each other, and what does not add up */
export async function proveBooks(
  services: Pick<Services, 'db' | 'clock' | 'log'>,
): Promise<{ books: number; differences: Difference[] }> {
  const differences = await findDifferences(services);
  if (differences.length > 0) await report(services, differences);
  return { books: Object.keys(books).length, differences };
}

async function report(
  { db, clock, log }: Pick<Services, 'db' | 'clock' | 'log'>,
  differences: readonly Difference[],
): Promise<void> {
  for (const difference of differences) log.error(difference, 'the books do not balance');
  await db.transaction(async (tx) => {
    for (const { book, subject, expected, found, currency } of differences) {
      await reportIncident(tx, {
        kind: 'books_difference',
        subjectType: 'books',
        subjectId: subject,
        aspect: book,
        summary: `${book}: ${subject} does not add up.`,
        expected: String(expected),
        found: String(found),
        amount: currency === undefined ? null : { amountMinor: Math.abs(expected - found), currency },
        now: clock.now(),
      });
    }
  });
}
