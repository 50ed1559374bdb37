import { select, type Tx } from '../db/index.ts';
import type { NextBatch, Position } from '../db/next-batch.ts';
import { stopwatch } from '../kit/clock.ts';
import type { Services } from './services.ts';

/** How far a job is, in numbers. May be called as often as one likes. */
export type Tell = (counts: Record<string, number>) => void;

interface Found {
  count: number;
  /** An array as PostgreSQL writes it. */
  ids: string;
  last: Position | null;
}

interface Done {
  /** Rows that were worked off. */
  done: number;
  /** Ids of those that no set is made for, and that are done one by one. */
  left?: readonly string[];
}

/** One kind of due rows, and how they are worked off. */
export interface SetWork<Rows extends Found, Result extends Done> {
  what: string;
  find: (tx: Tx, next: NextBatch) => Promise<Rows>;
  /** In the transaction of `find`. */
  work: (tx: Tx, rows: Rows, now: Date) => Promise<Result>;
  /** One row alone, which may have been done meanwhile. */
  one: (tx: Tx, id: string, now: Date) => Promise<Result>;
  /** After the commit. */
  count: (result: Result) => void;
}

/** Locks are to be held no longer than this; a batch that took longer is followed by a smaller one. */
const targetMs = 100;
const smallest = 20;
/** The first batch of a process finds no statement planned and nothing in memory, so it takes several times as long. */
const first = 100;
/** More than this is no bad row but a bad day. */
const failuresPerRun = 500;

/** The ids of a column, those at some places or all. */
export function idsOf(column: string, places?: readonly number[]): string[] {
  const ids = column === '{}' ? [] : column.slice(1, -1).split(',');
  return places === undefined ? ids : places.flatMap((place) => ids[place - 1] ?? []);
}

/**
 * Works due rows off in set-based batches, each a transaction of about `targetMs`, until none is due. A batch that fails is
 * tried again in smaller ones until its bad row stands alone, which is logged and left for the next run. What others have
 * locked is passed over. Any number of processes may do this at once, and it may be killed anywhere. → rows that failed
 * @param most rows of a batch at most
 * @throws Error when too many fail
 */
export async function inSets<Rows extends Found, Result extends Done>(
  services: Pick<Services, 'db' | 'clock' | 'log'>,
  work: SetWork<Rows, Result>,
  { most = 5000 }: { most?: number } = {},
): Promise<number> {
  const { clock, log } = services;
  const failed = new Set<string>();
  let size = Math.min(most, first);
  let after: Position | null = null;
  let hasDone = false;
  for (;;) {
    const elapsedMs = stopwatch();
    const limit = size;
    const next: NextBatch = { now: clock.now(), after, limit, except: [...failed] };
    const { rows, done, left, error } = await takeBatch(services, work, next);
    if (error !== null && rows.count > smallest) {
      log.warn({ err: error, what: work.what, rows: rows.count }, 'tried again in smaller batches');
      size = Math.max(smallest, Math.floor(rows.count / 8));
      continue;
    }
    size = nextSize({ limit, most, found: rows.count, ms: elapsedMs() });
    const hasDoneOne = await oneByOne(services, work, left, failed);
    hasDone ||= done > 0 || hasDoneOne;
    if (failed.size >= failuresPerRun) throw new Error(`${work.what}: ${failed.size} failed`);
    after = rows.last;
    if (rows.count === limit) continue;
    // All were seen. Some of them may be due again, and others may be free now.
    if (!hasDone) return failed.size;
    after = null;
    hasDone = false;
  }
}

function nextSize({ limit, most, found, ms }: { limit: number; most: number; found: number; ms: number }): number {
  const fitting = Math.floor((limit * targetMs) / ms);
  if (fitting < limit) return Math.max(fitting, Math.floor(limit / 2), Math.min(smallest, most));
  return found < limit ? limit : Math.min(fitting, limit * 2, most);
}

interface Batch<Rows> {
  rows: Rows;
  done: number;
  left: readonly string[];
  /** Why nothing of it was done. */
  error: unknown;
}

/** @throws what `find` throws: then nothing can be said of any row */
async function takeBatch<Rows extends Found, Result extends Done>(
  { db }: Pick<Services, 'db'>,
  { find, work, count }: SetWork<Rows, Result>,
  next: NextBatch,
): Promise<Batch<Rows>> {
  let rows: Rows | undefined;
  try {
    const result = await db.transaction(async (tx) => {
      rows = await find(tx, next);
      return rows.count === 0 ? null : work(tx, rows, next.now);
    });
    if (rows === undefined) throw new Error('a batch was committed and not read');
    if (result !== null) count(result);
    return { rows, done: result?.done ?? 0, left: result?.left ?? [], error: null };
  } catch (error) {
    if (rows === undefined) throw error;
    return { rows, done: 0, left: idsOf(rows.ids), error };
  }
}

/** Each in a transaction of its own, which waits for a lock, but not for long. → whether any was worked off */
async function oneByOne<Result extends Done>(
  { db, clock, log }: Pick<Services, 'db' | 'clock' | 'log'>,
  { what, one, count }: Pick<SetWork<never, Result>, 'what' | 'one' | 'count'>,
  ids: readonly string[],
  failed: Set<string>,
): Promise<boolean> {
  let hasDone = false;
  for (const id of ids) {
    try {
      const result = await db.transaction(async (tx) => {
        await select(tx, `SELECT set_config('lock_timeout', '1s', true)`);
        return one(tx, id, clock.now());
      });
      count(result);
      hasDone ||= result.done > 0;
    } catch (error) {
      failed.add(id);
      log.error({ err: error, what, id }, 'left for the next run');
    }
  }
  return hasDone;
}
