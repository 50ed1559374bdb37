import path from 'node:path';
import { listArchives, readCarried, type ArchivedEntry, type Carried, type LedgerArchive } from '../credits/archive.ts';
import type { BookResult, Difference, DifferingRow, Proof } from '../credits/proof.ts';
import { ExpectedFailure } from '../kit/expected-failure.ts';
import { readLines, type LinesSummary } from '../kit/gzip-lines.ts';
import { stopwatch } from '../kit/clock.ts';
import { reportDifferences } from './check-books.ts';
import type { Services } from './services.ts';

/** A file that is damaged in a million places is one fault. */
const reportedMost = 100;
const fileBook = 'archived files';
const carriedBook = 'archived entries = carried forward';

/**
 * Reads all archived files again: each must be what was recorded of it, and its entries a chain without a gap for every
 * customer, which ends in what was carried forward. Files are read beside each other, customer by customer, so memory
 * stays small. Each difference becomes an incident.
 * @throws ExpectedFailure while an archive is not at its end
 */
export async function proveArchive(
  services: Pick<Services, 'db' | 'clock' | 'log'>,
  directory: string,
): Promise<{ books: BookResult[]; differences: Difference[] }> {
  const proof = await services.db.exclusively('archive-ledger', async () => {
    const client = await services.db.pool.connect();
    try {
      const archives = await listArchives(client);
      if (archives.some(({ doneAt }) => doneAt === null)) {
        throw new ExpectedFailure('An archive was begun and is not at its end; run npm run archive again first.');
      }
      return await compare(archives, readCarried(client), directory);
    } finally {
      client.release();
    }
  });
  if (proof.differences.length > 0) await reportDifferences(services, proof);
  return proof;
}

async function compare(
  archives: readonly LedgerArchive[],
  carried: AsyncGenerator<Carried>,
  directory: string,
): Promise<Proof> {
  const elapsed = stopwatch();
  const files = archives.map((archive) => new ArchivedFile(archive, path.join(directory, archive.file)));
  const found = new Findings();
  for (const file of files) await file.next();
  let expected = await carried.next();
  for (;;) {
    const userIds = files.flatMap(({ entry }) => entry?.user_id ?? []);
    if (expected.done !== true) userIds.push(expected.value.user_id);
    const userId = userIds.reduce((least, id) => (id < least ? id : least), userIds[0] ?? '');
    if (userId === '') break;
    const history = new History();
    for (const file of files) {
      while (file.entry?.user_id === userId) {
        history.add(file.entry);
        await file.next();
      }
    }
    const carriedOn = expected.done !== true && expected.value.user_id === userId ? expected.value : null;
    found.add(carriedBook, userId, history.compare(carriedOn), carriedOn?.balance_after ?? 0, history.balance);
    if (carriedOn !== null) expected = await carried.next();
  }
  for (const file of files) {
    const { archive, problem, summary } = file;
    if (problem === null) continue;
    found.add(fileBook, archive.file, [{ expected: archive.sha256, found: problem }], archive.rows, summary?.rows ?? 0);
  }
  const rows = files.reduce((sum, { summary }) => sum + (summary?.rows ?? 0), 0);
  const book = (name: string): BookResult => ({ name, rows, differences: found.count(name), ms: elapsed() });
  return { books: [book(fileBook), book(carriedBook)], differences: found.differences };
}

/** A file, entry by entry. One that cannot be read to its end has no more entries, and says why. */
class ArchivedFile {
  readonly archive: LedgerArchive;
  entry: ArchivedEntry | null = null;
  summary: LinesSummary | null = null;
  problem: string | null = null;
  readonly #lines: AsyncGenerator<string, LinesSummary>;

  constructor(archive: LedgerArchive, file: string) {
    this.archive = archive;
    this.#lines = readLines(file);
  }

  async next(): Promise<void> {
    this.entry = null;
    try {
      const { done, value } = await this.#lines.next();
      if (done !== true) {
        this.entry = JSON.parse(value) as ArchivedEntry;
        return;
      }
      this.summary ??= value;
      const { rows, bytes, sha256 } = this.archive;
      if (value.rows !== rows || value.bytes !== bytes || value.sha256 !== sha256) {
        this.problem = `${value.sha256}, ${value.rows} rows, ${value.bytes} bytes`;
      }
    } catch (error) {
      this.problem = `not readable: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}

/** One customer's archived entries, in the order of their files. */
class History {
  seq = 0;
  balance = 0;
  readonly #rows: DifferingRow[] = [];
  readonly #parts = new Map<string, { amount: number; entries: number }>();

  add(entry: ArchivedEntry): void {
    const { seq, type, amount, balance_after: after, grant_id: grant, drawn } = entry;
    if (seq !== this.seq + 1) {
      this.#rows.push({ entry: seq, missing: { first: this.seq + 1, last: seq - 1 } });
    } else if (after !== this.balance + amount) {
      this.#rows.push({ entry: seq, expected: this.balance + amount, found: after });
    }
    this.seq = seq;
    this.balance = after;
    if (type === 'hold' || type === 'release') return;
    const key = (id: string) => [id, amount > 0 ? 'earn' : type, entry.feature_type ?? ''].join(' ');
    const parts = drawn?.map((part) => [part.grant, Math.sign(amount) * part.amount] as const) ?? [
      [grant ?? '', amount] as const,
    ];
    for (const [id, share] of parts) {
      const sum = this.#parts.get(key(id)) ?? { amount: 0, entries: 0 };
      this.#parts.set(key(id), { amount: sum.amount + share, entries: sum.entries + 1 });
    }
  }

  /** → where it is not what was carried forward, nowhere when all is well */
  compare(carried: Carried | null): DifferingRow[] {
    const rows = [...this.#rows];
    if (this.seq !== (carried?.through_seq ?? 0) || this.balance !== (carried?.balance_after ?? 0)) {
      rows.push({ entry: carried?.through_seq ?? 0, expected: carried?.balance_after ?? 0, found: this.balance });
    }
    const expected = new Map(
      carried?.parts.map(([grant, type, feature, amount, entries]) => [
        [grant, type, feature].join(' '),
        { amount, entries },
      ]),
    );
    for (const key of new Set([...expected.keys(), ...this.#parts.keys()])) {
      const [one, other] = [expected.get(key), this.#parts.get(key)];
      if (one?.amount === other?.amount && one?.entries === other?.entries) continue;
      rows.push({ grant: key.split(' ')[0] ?? '', expected: one?.amount ?? 0, found: other?.amount ?? 0 });
    }
    return rows;
  }
}

class Findings {
  readonly differences: Difference[] = [];
  readonly #counts = new Map<string, number>();

  add(book: string, subject: string, rows: DifferingRow[], expected: number, found: number): void {
    if (rows.length === 0) return;
    this.#counts.set(book, this.count(book) + rows.length);
    if (this.differences.length < reportedMost) {
      this.differences.push({ book, subject, expected, found, rows: rows.slice(0, reportedMost) });
    }
  }

  count(book: string): number {
    return this.#counts.get(book) ?? 0;
  }
}
