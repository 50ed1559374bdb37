import type pg from 'pg';
import { spendPlain, type Waiting } from './consume-statements.ts';

interface GatheringParts {
  /** Gathered statements never wait for a lock, so they take these connections for moments only. */
  pool: pg.Pool;
  /** One statement never carries more requests than this. */
  most: number;
  /**
   * Deals with what was not plain of one statement, by user, in the order in which it came. A user's next requests wait
   * until `done` has been called for them.
   */
  finish: (left: Map<string, Waiting[]>, done: (userId: string) => void) => void;
}

const statementsAtOnce = 2;

/**
 * Gathers the requests that are in flight into few statements, in which no two are about the same user: they would only
 * wait for each other in the database.
 */
export class Gathering {
  readonly #parts: GatheringParts;
  #queue: Waiting[] = [];
  /** Users with a statement under way: their next requests wait here, not in the database. */
  readonly #busy = new Set<string>();
  #statements = 0;
  #isScheduled = false;

  constructor(parts: GatheringParts) {
    this.#parts = parts;
  }

  add(...items: Waiting[]): void {
    this.#queue.push(...items);
    this.#schedule();
  }

  /** → the requests about a user that wait for their turn; they are whoever's who asks */
  takeWaiting(userId: string): Waiting[] {
    const theirs = this.#queue.filter(({ spend }) => spend.userId === userId);
    this.#queue = this.#queue.filter(({ spend }) => spend.userId !== userId);
    return theirs;
  }

  /** At the end of this turn of the event loop, in which more may come. */
  #schedule(): void {
    if (this.#isScheduled || this.#queue.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      while (this.#statements < statementsAtOnce) {
        const batch = this.#takeBatch();
        if (batch.length === 0) return;
        void this.#spend(batch);
      }
    });
  }

  /** Those that have waited longest, but nobody whose user has a statement under way, and each key once. */
  #takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const later: Waiting[] = [];
    const keys = new Set<string>();
    for (const item of this.#queue) {
      const { userId } = item.spend;
      const key = keyOf(item);
      if (batch.length < this.#parts.most && !this.#busy.has(userId) && !keys.has(key)) {
        batch.push(item);
        keys.add(key);
      } else {
        later.push(item);
      }
    }
    this.#queue = later;
    for (const { spend } of batch) this.#busy.add(spend.userId);
    return batch;
  }

  async #spend(batch: readonly Waiting[]): Promise<void> {
    this.#statements += 1;
    const left = groupByUser(await spendPlain(this.#parts.pool, batch, { wait: false }));
    this.#statements -= 1;
    for (const { spend } of batch) if (!left.has(spend.userId)) this.#busy.delete(spend.userId);
    this.#schedule();
    this.#parts.finish(left, (userId) => {
      this.#busy.delete(userId);
      this.#schedule();
    });
  }
}

/** The same for two requests of which the second is a replay of the first. */
function keyOf({ spend: { userId, idempotencyKey }, id }: Waiting): string {
  return idempotencyKey === null ? id : `${userId} ${idempotencyKey}`;
}

function groupByUser(items: readonly Waiting[]): Map<string, Waiting[]> {
  const groups = new Map<string, Waiting[]>();
  for (const item of items) {
    const group = groups.get(item.spend.userId);
    if (group === undefined) groups.set(item.spend.userId, [item]);
    else group.push(item);
  }
  return groups;
}
