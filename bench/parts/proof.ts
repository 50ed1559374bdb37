import { proveBooks } from '../../src/billing/check-books.ts';
import { connectDatabase, type Database } from '../../src/db/index.ts';
import { stopwatch, systemClock } from '../../src/kit/clock.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { inTurn, median, type Row } from '../report.ts';
import { fillLedger } from './ledger-data.ts';

export interface ProofBench {
  /** A migrated database; it is filled when it has no users. */
  url: string;
  say: (line: string) => void;
  users?: number;
  entries?: number;
}

const rounds = 3;

/** One reading of each table with the sums of its figures, as PostgreSQL does it by itself. */
const scans: readonly string[] = [
  'SELECT sum(seq), sum(amount), sum(balance_after), sum(quantity) FROM credit_transactions',
  'SELECT sum(amount), sum(remaining), sum(held) FROM credit_grants',
  'SELECT sum(available), sum(held), sum(total_earned), sum(total_used), sum(quota_used) FROM credit_balances',
];

/** The same, of what is needed to say what everybody has; it need not look at the end of a row. */
const leanScans: readonly string[] = [
  'SELECT sum(amount), sum(balance_after) FROM credit_transactions',
  ...scans.slice(1),
];

/** `npm run prove` over a whole ledger, beside reading the same tables with sums. */
export async function measureProof({ url, say, users = 1_000_000, entries = 20_000_000 }: ProofBench): Promise<Row[]> {
  const db = connectDatabase({ url, poolSize: 3 });
  try {
    const size = await fill(db, { users, entries }, say);
    const services = { db, clock: systemClock, log: createLogger('fatal') };
    const scan = (statements: readonly string[]) => async (round: number) => {
      const elapsed = stopwatch();
      // Sums of sums are more than a number of JavaScript's holds.
      for (const sql of statements) await db.pool.query(`SELECT (x.*)::text FROM (${sql}) x`);
      return report('one scan with sums', round, elapsed());
    };
    const report = (what: string, round: number, ms: number): number => {
      say(`${what}, round ${round + 1}: ${seconds(ms)}`);
      return ms;
    };
    const prove = async (round: number): Promise<number> => {
      const elapsed = stopwatch();
      const { differences } = await proveBooks(services);
      if (differences.length > 0) throw new Error(`the ledger of the bench does not balance: ${differences.length}`);
      return report('the proof', round, elapsed());
    };
    const times = await inTurn(rounds, { scan: scan(scans), lean: scan(leanScans), prove });
    const [base, lean, proof] = [median(times.scan), median(times.lean), median(times.prove)];
    return [
      {
        what: `proof, ${number(size.users)} users, ${number(size.entries)} entries`,
        measuredAs: 'wall ÷ one scan of the same tables with sums',
        ratio: proof / base,
        limit: { atMost: 3 },
        figures: `${seconds(proof)} ÷ ${seconds(base)}; ÷ a scan of amounts and balances alone, ${seconds(lean)}: ${(proof / lean).toFixed(2)}`,
      },
    ];
  } finally {
    await db.close();
  }
}

async function fill(
  { pool }: Database,
  size: { users: number; entries: number },
  say: (line: string) => void,
): Promise<{ users: number; entries: number }> {
  const { rows } = await pool.query<{ users: number; entries: number }>(
    'SELECT count(*) AS users, coalesce(sum(entries), 0)::bigint AS entries FROM credit_balances',
  );
  const [there = { users: 0, entries: 0 }] = rows;
  return there.users > 0 ? there : fillLedger(pool, size, say);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function number(value: number): string {
  return new Intl.NumberFormat('en').format(value);
}
