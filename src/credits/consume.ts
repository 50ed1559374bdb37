import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { AccountBusy } from '../kit/errors.ts';
import { newIdAt } from '../kit/ids.ts';
import {
  lockedAmong,
  spendOne,
  spendPlain,
  type Consumed,
  type Consumption,
  type Waiting,
} from './consume-statements.ts';

export type { Consumed, Consumption } from './consume-statements.ts';

/** One gathered statement never carries more requests than this. */
const gatheredMost = 64;
const statementsAtOnce = 2;

/** How long a batch waits for balances that somebody else has locked before it looks again, 10 s in all. */
const patienceMs = [10, 20, 50, 100, 200, ...Array<number>(38).fill(250)];

/**
 * The hot path. Requests that are in flight together are gathered into one statement, `credits_consume_many`, which does
 * what is plain. What is not (a replay, too few credits, several grants, a balance that somebody has locked) is done
 * one by one with `credits_consume`, on other connections, so that it delays nobody else. An answer is given after the
 * commit. See record 28.
 */
export class Consumptions {
  /** For gathered statements only, which never wait for a lock. */
  readonly #gathering: pg.Pool;
  readonly #single: pg.Pool;
  readonly #patienceMs: readonly number[];
  #queue: Waiting[] = [];
  /** Users with a statement under way: their next requests wait here, not in the database. */
  readonly #busy = new Set<string>();
  #statements = 0;
  #isScheduled = false;

  constructor(parts: { gathering: pg.Pool; single: pg.Pool; patienceMs?: readonly number[] }) {
    this.#gathering = parts.gathering;
    this.#single = parts.single;
    this.#patienceMs = parts.patienceMs ?? patienceMs;
  }

  /**
   * Spends credits, those that expire soonest first.
   * @throws InsufficientCredits, IdempotencyKeyReused, UnknownFeature, CreditsMismatch, ValidationFailed (no price, or too
   * high a one), Forbidden (suspended), NotFound (no such user), AccountBusy (locked for ten seconds)
   */
  consume(spend: Consumption): Promise<Consumed> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ spend, id: newIdAt(spend.now), resolve, reject });
      this.#schedule();
    });
  }

  /**
   * Spends for many at once, each by itself. Requests with the same key count as sent one after the other. A balance that
   * somebody has locked delays only those who spend from it: they are asked again later, and hold no connection meanwhile.
   * → what became of each, in the order of the requests; never rejects
   */
  async consumeMany(spends: readonly Consumption[]): Promise<PromiseSettledResult<Consumed>[]> {
    if (spends.length === 0) return [];
    const items: Waiting[] = [];
    const answers = spends.map(
      (spend) =>
        new Promise<Consumed>((resolve, reject) => {
          items.push({ spend, id: newIdAt(spend.now), resolve, reject });
        }),
    );
    const settled = Promise.allSettled(answers);
    let waiting: readonly Waiting[] = items;
    for (const waitMs of this.#patienceMs) {
      waiting = await this.#spendFree(waiting);
      if (waiting.length === 0) return settled;
      await pause(waitMs);
    }
    for (const { reject } of waiting) reject(new AccountBusy());
    return settled;
  }

  /** → those whose balance is locked */
  async #spendFree(items: readonly Waiting[]): Promise<readonly Waiting[]> {
    const firsts = new Map<string, Waiting>();
    for (const item of items) if (!firsts.has(keyOf(item))) firsts.set(keyOf(item), item);
    const left = new Set(await spendPlain(this.#single, [...firsts.values()], { wait: false }));
    const groups = groupByUser(items.filter((item) => left.has(item) || firsts.get(keyOf(item)) !== item));
    if (groups.size === 0) return [];
    const locked = await lockedAmong(this.#single, [...groups.keys()]);
    const free = [...groups].filter(([userId]) => !locked.has(userId)).values();
    const lane = async (): Promise<void> => {
      for (const [, group] of free) for (const item of group) await spendOne(this.#single, item);
    };
    await Promise.all([lane(), lane()]);
    return [...groups].flatMap(([userId, group]) => (locked.has(userId) ? group : []));
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
        void this.#spendBatch(batch);
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
      if (batch.length < gatheredMost && !this.#busy.has(userId) && !keys.has(key)) {
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

  async #spendBatch(batch: readonly Waiting[]): Promise<void> {
    this.#statements += 1;
    const left = await spendPlain(this.#gathering, batch, { wait: false });
    this.#statements -= 1;
    const leftBy = groupByUser(left);
    for (const { spend } of batch) if (!leftBy.has(spend.userId)) this.#busy.delete(spend.userId);
    this.#schedule();
    for (const [userId, items] of leftBy) void this.#spendLeft(userId, items);
  }

  /** What is left of one user's requests, in the order in which they came. */
  async #spendLeft(userId: string, items: readonly Waiting[]): Promise<void> {
    const left = items.length === 1 ? items : await spendPlain(this.#single, items, { wait: true });
    for (const item of left) await spendOne(this.#single, item);
    this.#busy.delete(userId);
    this.#schedule();
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
