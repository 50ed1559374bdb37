import { randomInt } from 'node:crypto';
import { onlyRow, select, type Tx } from '../db/index.ts';
import { stopwatch } from '../kit/clock.ts';
import { books, readBook, type Check, type Difference } from './books.ts';
import { passes, type PassName } from './weighted-sums.ts';

export type { Difference, DifferingRow } from './books.ts';

export interface BookResult {
  name: string;
  /** Rows that were looked at. */
  rows: number;
  /** Rows that do not add up. */
  differences: number;
  /** How long the passes took on which it rests; one pass serves several books. */
  ms: number;
}

export interface Proof {
  books: BookResult[];
  /** Some of each book: what to look at. */
  differences: Difference[];
}

interface Pass {
  rows: number;
  sum: string | null;
  /** Grants against balances. */
  owners?: string | null;
  /** Rows that are wrong by themselves. */
  wrong?: number;
  ms: number;
}

type Sums = Record<PassName, Pass>;

/**
 * Holds the books of credits against each other for everybody, in the snapshot of the caller's transaction: by weighted
 * sums, and book by book only what they do not clear. Reads only.
 * @param savepoint runs some of it so that an error there leaves the transaction usable
 */
export async function proveCredits(tx: Tx, savepoint: <T>(work: () => Promise<T>) => Promise<T>): Promise<Proof> {
  // Whatever has to be grouped after all spills to disk beyond this.
  await tx.sequelize.query(`SET LOCAL work_mem = '64MB'; SET LOCAL jit = off`, { transaction: tx });
  const sums = await savepoint(() => sumUp(tx)).catch((error: unknown) => {
    if (isOutOfRange(error)) return null;
    throw error;
  });
  const failed = sums === null ? everyCheck : failedChecks(sums);
  const proof: Proof = { books: [], differences: [] };
  const unexplained = new Set(sums === null ? [] : failed);
  for (const book of books) {
    const elapsed = stopwatch();
    const isCleared = book.checks.every((check) => !failed.has(check));
    const { differences, total } = isCleared ? { differences: [], total: 0 } : await readBook(tx, book);
    if (total > 0) for (const check of book.checks) unexplained.delete(check);
    const passed = book.passes.map((name) => sums?.[name] ?? { rows: 0, ms: 0 });
    proof.differences.push(...differences);
    proof.books.push({
      name: book.name,
      rows: passed.reduce((sum, { rows }) => sum + rows, 0),
      differences: total,
      ms: passed.reduce((sum, { ms }) => sum + ms, isCleared ? 0 : elapsed()),
    });
  }
  unexplained.delete('always');
  if (unexplained.size > 0) {
    throw new Error(`the sums of ${[...unexplained].join(', ')} differ, and no book says where`);
  }
  return proof;
}

async function sumUp(tx: Tx): Promise<Sums> {
  const seed = randomInt(2 ** 40);
  const sums: Partial<Sums> = {};
  for (const [name, sql] of Object.entries(passes) as [PassName, string][]) {
    const elapsed = stopwatch();
    const rows = await select<Omit<Pass, 'ms'>>(tx, sql, { seed, seedBefore: seed - 1 });
    sums[name] = { ...onlyRow(rows), ms: elapsed() };
  }
  return sums as Sums;
}

const everyCheck: ReadonlySet<Check> = new Set(['always', 'sum', 'owners', 'parts', 'quota']);

function failedChecks({ entries, parts, carried, grants, balances, holds }: Sums): ReadonlySet<Check> {
  const add = (...texts: (string | null | undefined)[]) => texts.reduce((sum, text) => sum + BigInt(text ?? 0), 0n);
  const failed = new Set<Check>(['always']);
  if (add(entries.sum, parts.sum, carried.sum) !== add(grants.sum, balances.sum, holds.sum)) failed.add('sum');
  if (add(grants.owners) !== add(balances.owners)) failed.add('owners');
  if (parts.wrong !== 0) failed.add('parts');
  if (balances.wrong !== 0) failed.add('quota');
  return failed;
}

/** More than 4,000 million credits in one row, times a weight, are more than a bigint holds: then every book is read. */
function isOutOfRange(error: unknown): boolean {
  return (error as { original?: { code?: string } }).original?.code === '22003';
}
