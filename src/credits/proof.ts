import { randomInt } from 'node:crypto';
import { onlyRow, select, type Tx } from '../db/index.ts';
import { stopwatch } from '../kit/clock.ts';
import { readBook, smallBooks, summedBooks, type Book, type Difference, type ProvedTable, type Sum } from './books.ts';

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

/*
 * The books are compared without sorting or grouping anything: each row counts with a weight that stands for its grant or
 * its user, drawn anew for every proof, and if every grant and every user add up, so do the weighted sums over all of
 * them. One row that is wrong changes a sum for certain; several that are wrong cancel out once in 2^29 proofs, and
 * hardly in the next one. So one pass over the ledger is enough while all is well, in no memory, and only when sums
 * differ the books are read user by user. See record 29.
 */

/** The balance after an entry and its number: where an entry ends and the next one begins. */
const node = (balance: string, seq: string) => `(hashint8extended(${balance}, (${seq}) # :seed) & 536870911)`;
const owner = (salt: number) => `(uuid_hash_extended(user_id, :seed + ${salt}) & 536870911)`;
const weight = (id: string, salt: number) =>
  `(uuid_hash_extended(${id}, uuid_hash_extended(user_id, :seed + ${salt})) & 536870911)`;
const [left, held, given, chained] = [1, 2, 3, 4];

/** An entry's share in the sum of grants: what moves, what is set apart, and what gave a grant its credits. */
const shareOfGrants = `CASE
  WHEN type = 'spend' THEN amount * ${weight('grant_id', left)}
  WHEN type IN ('hold', 'release') THEN -amount * ${weight('grant_id', held)}
  WHEN amount > 0 THEN amount * (${weight('grant_id', left)} + ${weight('grant_id', given)})
  ELSE amount * ${weight('grant_id', left)} END`;

const passes = {
  entries: `
    SELECT count(*) AS rows, sum(${shareOfGrants})::text AS grants, sum(${owner(chained)} * (
      ${node('balance_after', 'seq')} - ${node('balance_after - amount', 'seq - 1')}
      + CASE WHEN type = 'spend' THEN amount ELSE 0 END))::text AS chains
    FROM credit_transactions`,
  // The few entries that several grants paid, and what archived ones came to.
  others: `
    SELECT 0 AS rows, coalesce(sum(${shareOfGrants}), 0)::text AS grants,
      coalesce(sum(${owner(chained)} * amount) FILTER (WHERE is_archived AND type = 'spend'), 0)::text AS chains
    FROM (
      SELECT user_id, type, (part ->> 'grant')::uuid AS grant_id,
        sign(t.amount)::bigint * (part ->> 'amount')::bigint AS amount, false AS is_archived
      FROM credit_transactions t, jsonb_array_elements(t.drawn) part WHERE t.drawn IS NOT NULL
      UNION ALL SELECT user_id, type, grant_id, amount, true FROM credit_carried_parts
    ) p`,
  grants: `
    SELECT count(*) AS rows,
      sum(remaining * ${weight('id', left)} + held * ${weight('id', held)} + amount * ${weight('id', given)})::text
        AS grants,
      sum(remaining * ${owner(left)} + held * ${owner(held)} + amount * ${owner(given)})::text AS owners
    FROM credit_grants`,
  // Sums over a customer's whole life can grow beyond what a weight leaves room for.
  balances: `
    SELECT count(*) AS rows,
      sum((available + held)::numeric * ${owner(left)} + held::numeric * ${owner(held)}
        + total_earned::numeric * ${owner(given)})::text AS owners,
      sum(${owner(chained)} * (${node('available', 'entries')} - total_used::numeric
        - ${node('coalesce(c.balance_after, 0)', 'coalesce(c.through_seq, 0)')}))::text AS chains
    FROM credit_balances LEFT JOIN credit_carried c USING (user_id)`,
} as const;

interface Pass {
  rows: number;
  grants?: string | null;
  owners?: string | null;
  chains?: string | null;
  ms: number;
}

/**
 * Holds the books of credits against each other for everybody, in the snapshot of the caller's transaction. Reads only.
 */
export async function proveCredits(tx: Tx, savepoint: <T>(work: () => Promise<T>) => Promise<T>): Promise<Proof> {
  // Whatever has to be grouped after all spills to disk beyond this.
  await tx.sequelize.query(`SET LOCAL work_mem = '64MB'; SET LOCAL jit = off`, { transaction: tx });
  const { differing, rows, ms } = await savepoint(() => sumUp(tx)).catch(async (error: unknown) => {
    if (!isOutOfRange(error)) throw error;
    return { differing: new Set<Sum>(['grants', 'owners', 'chains']), rows: await countRows(tx), ms: noTime };
  });
  const proof: Proof = { books: [], differences: [] };
  const silent = new Set(differing);
  for (const book of summedBooks) {
    const isSuspect = book.sums.some((sum) => differing.has(sum));
    const found = await look(tx, isSuspect ? book : null);
    if (found.total > 0) for (const sum of book.sums) silent.delete(sum);
    record(proof, book, found);
  }
  if (silent.size > 0 && ms !== noTime) {
    throw new Error(`the sums of ${[...silent].join(', ')} differ, and no book says where`);
  }
  rows.holds = onlyRow(await select<{ n: number }>(tx, 'SELECT count(*) AS n FROM credit_holds')).n;
  for (const book of smallBooks) record(proof, book, await look(tx, book));
  return proof;

  function record(into: Proof, { name, reads }: Book, found: Awaited<ReturnType<typeof look>>): void {
    const sum = (of: Record<ProvedTable, number>) => reads.reduce((all, table) => all + of[table], 0);
    into.books.push({ name, rows: sum(rows), differences: found.total, ms: found.ms + sum(ms) });
    into.differences.push(...found.differences);
  }
}

async function look(tx: Tx, book: Book | null): Promise<{ differences: Difference[]; total: number; ms: number }> {
  if (book === null) return { differences: [], total: 0, ms: 0 };
  const elapsed = stopwatch();
  return { ...(await readBook(tx, book)), ms: elapsed() };
}

const noTime: Readonly<Record<ProvedTable, number>> = { entries: 0, grants: 0, balances: 0, holds: 0 };

/** → which sums differ */
async function sumUp(tx: Tx) {
  const seed = randomInt(2 ** 40);
  const entries = await pass('entries');
  const others = await pass('others');
  const grants = await pass('grants');
  const balances = await pass('balances');
  const add = (...sums: (string | null | undefined)[]) => sums.reduce((total, sum) => total + BigInt(sum ?? 0), 0n);
  const differing = new Set<Sum>();
  if (add(entries.grants, others.grants) !== add(grants.grants)) differing.add('grants');
  if (add(grants.owners) !== add(balances.owners)) differing.add('owners');
  if (add(entries.chains, others.chains) !== add(balances.chains)) differing.add('chains');
  return {
    differing,
    rows: { entries: entries.rows, grants: grants.rows, balances: balances.rows, holds: 0 },
    ms: { entries: entries.ms + others.ms, grants: grants.ms, balances: balances.ms, holds: 0 },
  };

  async function pass(table: keyof typeof passes): Promise<Pass> {
    const elapsed = stopwatch();
    const [row] = await select<Omit<Pass, 'ms'>>(tx, passes[table], { seed });
    return { ...onlyRow(row === undefined ? [] : [row]), ms: elapsed() };
  }
}

async function countRows(tx: Tx): Promise<Record<ProvedTable, number>> {
  const [row] = await select<Record<ProvedTable, number>>(
    tx,
    `SELECT (SELECT count(*) FROM credit_transactions) AS entries, (SELECT count(*) FROM credit_grants) AS grants,
       (SELECT count(*) FROM credit_balances) AS balances, 0 AS holds`,
  );
  return row ?? { ...noTime };
}

/** Credits by the thousand million in one entry, times a weight, are more than a bigint holds: then all is read. */
function isOutOfRange(error: unknown): boolean {
  return (error as { original?: { code?: string } }).original?.code === '22003';
}
