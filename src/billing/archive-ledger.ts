import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { DateTime } from 'luxon';
import type pg from 'pg';
import {
  findCuts,
  finishArchive,
  listArchives,
  oldestEntryAt,
  readCut,
  recordArchive,
  removeArchived,
  type ArchivedEntry,
  type LedgerArchive,
} from '../credits/archive.ts';
import { ValidationFailed } from '../kit/errors.ts';
import { readLines, summarizeLines, writeDurably, writeLines, type LinesSummary } from '../kit/gzip-lines.ts';
import type { Services } from './services.ts';

/** Callers may repeat a request under its key for so long, and then the key must still be known. */
export const keysKnownDays = 90;
const dayMs = 24 * 3600 * 1000;

export interface ArchiveOptions {
  /** The first instant of a month: entries before it go. */
  before: Date;
  directory: string;
  tell?: (line: string) => void;
  /** Entries in one transaction, or a few more: it ends where no hold is open. */
  removedAtOnce?: number;
}

export interface ArchiveCounts {
  months: number;
  entries: number;
  /** Of files that a run before this one had written, and did not see to their end. */
  resumed: number;
}

/**
 * Moves entries out of the ledger into files, month by month. A file is written, forced to the disk, read back and
 * recorded before any of its entries is removed, and they are removed in batches, each together with carrying forward
 * what its entries came to. So it may be killed anywhere and run again, and books can be proved at any moment. Customers
 * go on spending meanwhile.
 * @throws ValidationFailed when `before` is not the first of a month, or too near
 */
export async function archiveLedger(
  services: Pick<Services, 'db' | 'clock'>,
  { before, ...options }: ArchiveOptions,
): Promise<ArchiveCounts> {
  const { db, clock } = services;
  refuseTooNear(before, clock.now());
  const place: Place = { tell: () => undefined, removedAtOnce: 5_000, ...options };
  await mkdir(place.directory, { recursive: true, mode: 0o700 });
  return db.exclusively('archive-ledger', async () => {
    const client = await db.pool.connect();
    try {
      await client.query(`SET TIME ZONE 'UTC'; SET work_mem = '64MB'; SET jit = off`);
      const counts = { months: 0, entries: 0, resumed: 0 };
      const begun = (await listArchives(client)).find(({ doneAt }) => doneAt === null);
      if (begun !== undefined) counts.resumed = await finish(services, client, begun, place);
      for await (const month of monthsToArchive(client, before)) {
        const archive = await write(services, client, month, place);
        if (archive === null) continue;
        counts.months += 1;
        counts.entries += await finish(services, client, archive, place);
      }
      return counts;
    } finally {
      // Its settings and its temporary table go with it.
      client.release(true);
    }
  });
}

type Place = Required<Omit<ArchiveOptions, 'before'>>;

function refuseTooNear(before: Date, now: Date): void {
  const refuse = (message: string) => {
    throw new ValidationFailed([{ path: 'before', message }]);
  };
  if (Number.isNaN(before.getTime()) || before.getTime() !== monthOf(before).getTime()) {
    refuse('must be a month, such as 2026-01');
  }
  const latest = monthOf(new Date(now.getTime() - keysKnownDays * dayMs));
  if (before > latest) {
    refuse(
      `must be ${nameOf(latest)} or earlier: requests can be repeated under their key for ${keysKnownDays} days, and ` +
        'the key is known by its entry',
    );
  }
}

function monthOf(time: Date): Date {
  return DateTime.fromJSDate(time, { zone: 'utc' }).startOf('month').toJSDate();
}

function monthAfter(month: Date): Date {
  return DateTime.fromJSDate(month, { zone: 'utc' }).plus({ months: 1 }).toJSDate();
}

function nameOf(month: Date): string {
  return month.toISOString().slice(0, 7);
}

/** Each month is archived once: what a hold kept back goes with a later one. */
async function* monthsToArchive(client: pg.ClientBase, before: Date): AsyncGenerator<Date> {
  const last = (await listArchives(client)).at(-1)?.month;
  const oldest = await oldestEntryAt(client);
  if (oldest === null) return;
  let month = last === undefined ? monthOf(oldest) : monthAfter(last);
  for (; month < before; month = monthAfter(month)) yield month;
}

/** Writes a month's file and makes sure of it. → null when there is nothing to archive */
async function write(
  { clock }: Pick<Services, 'clock'>,
  client: pg.ClientBase,
  month: Date,
  { directory, tell }: Place,
): Promise<LedgerArchive | null> {
  const end = monthAfter(month);
  await findCuts(client, end);
  const name = `credit-transactions-${nameOf(month)}`;
  const file = `${name}.ndjson.gz`;
  const written = await writeLines(path.join(directory, file), readCut(client, end));
  if (written.rows === 0) {
    await rm(path.join(directory, file));
    return null;
  }
  await expectSame(path.join(directory, file), written);
  const manifest = { month: nameOf(month), file, ...written, format: 'one row of credit_transactions a line, as JSON' };
  await writeDurably(path.join(directory, `${name}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
  const archive = { month, file, ...written };
  await recordArchive(client, { ...archive, now: clock.now() });
  tell(`${nameOf(month)}: ${written.rows} entries written to ${file} (${written.bytes} bytes)`);
  return { ...archive, doneAt: null };
}

async function expectSame(file: string, { rows, bytes, sha256 }: LinesSummary): Promise<void> {
  const found = await summarizeLines(file);
  if (found.rows !== rows || found.bytes !== bytes || found.sha256 !== sha256) {
    throw new Error(`${file} is not what was written: ${found.rows} of ${rows} rows, ${found.bytes} of ${bytes} bytes`);
  }
}

/** Removes what a recorded file holds. → how many entries went */
async function finish(
  { clock }: Pick<Services, 'clock'>,
  client: pg.ClientBase,
  archive: LedgerArchive,
  { directory, tell, removedAtOnce }: Place,
): Promise<number> {
  const { month, rows } = archive;
  const file = path.join(directory, archive.file);
  await expectSame(file, archive);
  let removed = 0;
  for await (const { entries, lines } of batchesOf(file, removedAtOnce)) {
    removed += await removeArchived(client, monthAfter(month), entries, lines);
  }
  await finishArchive(client, month, clock.now());
  tell(`${nameOf(month)}: ${removed} of ${rows} entries removed${removed < rows ? ', the others were before' : ''}`);
  return removed;
}

/** A batch ends where no hold is open, so that what it came to can be carried forward. */
async function* batchesOf(file: string, size: number): AsyncGenerator<{ entries: ArchivedEntry[]; lines: string[] }> {
  let batch: { entries: ArchivedEntry[]; lines: string[] } = { entries: [], lines: [] };
  const open = new Set<string>();
  for await (const line of readLines(file)) {
    const entry = JSON.parse(line) as ArchivedEntry;
    batch.entries.push(entry);
    batch.lines.push(line);
    if (entry.type === 'hold') open.add(entry.id);
    if (entry.type === 'release') open.delete(entry.reference ?? '');
    if (batch.lines.length >= size && open.size === 0) {
      yield batch;
      batch = { entries: [], lines: [] };
    }
  }
  if (batch.lines.length > 0) yield batch;
}
