import { checkChain, type BrokenLink, type ChainHead } from '../audit/chain.ts';
import { readBook } from '../credits/books.ts';
import { proveCredits, type Difference, type DifferingRow, type Proof } from '../credits/proof.ts';
import { onlyRow, select, type Tx } from '../db/index.ts';
import { reportIncident } from '../incidents/incidents.ts';
import { stopwatch } from '../kit/clock.ts';
import type { Services } from './services.ts';

export type { BookResult } from '../credits/proof.ts';

/** Each query answers with the orders that are wrong, and with nothing when the book balances. */
const orderBooks: Readonly<Record<string, string>> = {
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

const auditBook = 'audit log = its chain';

type WholeProof = Proof & {
  /** Kept elsewhere, it shows later whether the whole log was sealed anew. */
  auditHead: ChainHead;
};

/** Holds all books against each other, in one snapshot that nobody has to wait for. */
async function prove({ db }: Pick<Services, 'db'>): Promise<WholeProof> {
  return db.transaction(async (tx) => {
    await tx.sequelize.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY', { transaction: tx });
    const credits = await proveCredits(tx, (work) => db.transaction(work, tx));
    const orders = await proveOrders(tx);
    const audit = await proveAudit(tx);
    return {
      books: [...credits.books, ...orders.books, ...audit.books],
      differences: [...credits.differences, ...orders.differences, ...audit.differences],
      auditHead: audit.auditHead,
    };
  });
}

async function proveAudit(tx: Tx): Promise<WholeProof> {
  const elapsed = stopwatch();
  const { rows, broken, total, head } = await checkChain(tx);
  return {
    books: [{ name: auditBook, rows, differences: total, ms: elapsed() }],
    differences: broken.map((link) => ({
      book: auditBook,
      subject: link.subject,
      expected: head.seq,
      found: rows,
      rows: [rowOf(link)],
    })),
    auditHead: head,
  };
}

function rowOf({ what, first, last }: BrokenLink): DifferingRow {
  if (first === null || last === null) return { what };
  return what === 'missing' ? { missing: { first, last } } : { entry: first, what };
}

async function proveOrders(tx: Tx): Promise<Proof> {
  const proof: Proof = { books: [], differences: [] };
  const { rows } = onlyRow(await select<{ rows: number }>(tx, 'SELECT count(*) AS rows FROM orders'));
  for (const [name, sql] of Object.entries(orderBooks)) {
    const elapsed = stopwatch();
    const { differences, total } = await readBook(tx, { name, sql });
    proof.differences.push(...differences);
    proof.books.push({ name, rows, differences: total, ms: elapsed() });
  }
  return proof;
}

/** → what does not add up, some of each book; none when all is well */
export async function findDifferences(services: Pick<Services, 'db'>): Promise<Difference[]> {
  return (await prove(services)).differences;
}

/** The nightly proof. @throws Error naming the books that do not balance, so that the run counts as failed */
export async function checkBooks(services: Services): Promise<{ books: number; differences: number; rows: number }> {
  const { books, auditHead } = await proveBooks(services);
  services.log.info({ auditEntries: auditHead.seq, auditHash: auditHead.hash }, 'the audit log ends here');
  const wrong = books.filter(({ differences }) => differences > 0);
  const differences = wrong.reduce((sum, book) => sum + book.differences, 0);
  const rows = Math.max(...books.map((book) => book.rows));
  if (differences === 0) return { books: books.length, differences, rows };
  throw new Error(`${differences} differences: ${wrong.map(({ name }) => name).join(', ')}`);
}

/** Each customer and each order with a difference in a book becomes an incident, with its rows. → what became of each book */
export async function proveBooks(services: Pick<Services, 'db' | 'clock' | 'log'>): Promise<WholeProof> {
  const proof = await prove(services);
  if (proof.differences.length > 0) await reportDifferences(services, proof);
  return proof;
}

/** An incident each, with the rows. */
export async function reportDifferences(
  { db, clock, log }: Pick<Services, 'db' | 'clock' | 'log'>,
  { books, differences }: Proof,
): Promise<void> {
  for (const difference of differences) log.error(difference, 'the books do not balance');
  await db.transaction(async (tx) => {
    for (const { book, subject, expected, found, currency, rows = [] } of differences) {
      const where = rows.length === 0 ? '' : `: ${rows.slice(0, namedRows).map(nameOf).join(', ')}`;
      await reportIncident(tx, {
        kind: 'books_difference',
        subjectType: 'books',
        subjectId: subject,
        aspect: book,
        summary: `${book}: ${subject} does not add up${where}${rows.length > namedRows ? ' …' : '.'}`,
        expected: String(expected),
        found: String(found),
        amount: currency === undefined ? null : { amountMinor: Math.abs(expected - found), currency },
        details: { differencesInThisBook: books.find(({ name }) => name === book)?.differences, rows },
        now: clock.now(),
      });
    }
  });
}

/** In a summary; the details have all of them. */
const namedRows = 3;

function nameOf({ entry, grant, hold, missing, what }: DifferingRow): string {
  if (what !== undefined) return entry === undefined ? `an entry is ${what}` : `entry ${entry} is ${what}`;
  if (missing !== undefined) {
    return missing.first === missing.last
      ? `entry ${missing.first} is missing`
      : `entries ${missing.first} to ${missing.last} are missing`;
  }
  if (hold !== undefined) return `hold ${hold}`;
  return grant === undefined ? `entry ${entry ?? '?'}` : `grant ${grant}`;
}
