import type { Tx } from '../db/index.ts';
import type { Services } from './services.ts';

/** So many failures in a row mean that the other side is down: what is left waits for the next run. */
const failuresInARow = 5;

/**
 * Works rows off, one after the other or `atOnce`, where each is a thing of its own. One that fails is logged and keeps
 * none of the others from its turn, if `rows` puts what has failed behind what was not tried. → how many were done, how
 * many failed, and whether it gave up
 */
export async function workOff<Row>(
  { log }: Pick<Services, 'log'>,
  what: string,
  rows: readonly Row[],
  work: (row: Row) => Promise<unknown>,
  { atOnce = 1 }: { atOnce?: number } = {},
): Promise<{ done: number; failed: number; gaveUp: boolean }> {
  const counts = { done: 0, failed: 0 };
  let inARow = 0;
  const waiting = rows.values();
  const lane = async (): Promise<void> => {
    while (inARow < failuresInARow) {
      const next = waiting.next();
      if (next.done === true) return;
      const row = next.value;
      try {
        await work(row);
        counts.done += 1;
        inARow = 0;
      } catch (error) {
        counts.failed += 1;
        inARow += 1;
        const id = typeof row === 'string' ? row : (row as { id?: string }).id;
        log.warn({ err: error, what, id }, 'left for the next run');
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return { ...counts, gaveUp: inARow >= failuresInARow };
}

const batchSize = 50;
/** More than this is no bad row but a bad day. */
const failuresPerRun = 500;

/**
 * Works due rows off in batches of one transaction each, until none is due. A row that fails is undone alone, logged and
 * left out for the rest of the run: it must not keep the quota of everybody behind it.
 * @param lock locks a batch, the rows named in `except` left out
 * @param work → what it did, in numbers
 * @param committed is told of the rows of each batch that are done, once they are
 * @throws Error when too many fail
 */
export async function inBatches<Row extends { id: string }>(
  { db, clock, log }: Pick<Services, 'db' | 'clock' | 'log'>,
  what: string,
  lock: (tx: Tx, batch: { now: Date; limit: number; except: readonly string[] }) => Promise<Row[]>,
  work: (tx: Tx, row: Row, now: Date) => Promise<number>,
  committed: (rows: readonly Row[]) => void = () => undefined,
): Promise<{ rows: number; sum: number; failed: number }> {
  const counts = { rows: 0, sum: 0 };
  const except: string[] = [];
  for (;;) {
    const now = clock.now();
    const done: Row[] = [];
    const locked = await db.transaction(async (tx) => {
      const rows = await lock(tx, { now, limit: batchSize, except });
      for (const row of rows) {
        try {
          counts.sum += await db.transaction((savepoint) => work(savepoint, row, now), tx);
          counts.rows += 1;
          done.push(row);
        } catch (error) {
          except.push(row.id);
          log.error({ err: error, what, id: row.id }, 'left for the next run');
        }
      }
      return rows.length;
    });
    committed(done);
    if (except.length >= failuresPerRun) throw new Error(`${what}: ${except.length} failed`);
    if (locked < batchSize) return { ...counts, failed: except.length };
  }
}
