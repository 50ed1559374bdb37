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
import { Gathering } from './gathering.ts';

export type { Consumed, Consumption } from './consume-statements.ts';

/** How long a batch waits for balances that somebody else has locked before it looks again, 10 s in all. */
const patienceMs = [10, 20, 50, 100, 200, ...Array<number>(38).fill(250)];

/**
 * The hot path. Requests that are in flight together are gathered into one statement, `credits_consume_many`, which does
 * what is plain. What is not (a replay, too few credits, several grants, a balance that somebody has locked) is done
 * one by one with `credits_consume`, on other connections, so that it delays nobody else. An answer is given after the
 * commit. See record 28.
 */
export class Consumptions {
  readonly #single: pg.Pool;
  readonly #patienceMs: readonly number[];
  readonly #calls: Gathering;
  /** Items of batches: in longer statements, and not before the calls of those who wait for one answer. */
  readonly #batches: Gathering;

  constructor(parts: { gathering: pg.Pool; single: pg.Pool; patienceMs?: readonly number[] }) {
    this.#single = parts.single;
    this.#patienceMs = parts.patienceMs ?? patienceMs;
    this.#calls = new Gathering({
      pool: parts.gathering,
      most: 64,
      finish: (left, done) => {
        for (const [userId, items] of left) void this.#spendWaiting(items).then(() => done(userId));
      },
    });
    this.#batches = new Gathering({
      pool: parts.single,
      most: 500,
      finish: (left, done) => void this.#spendWhenFree(left, done),
    });
  }

  /**
   * Spends credits, those that expire soonest first.
   * @throws InsufficientCredits, IdempotencyKeyReused, UnknownFeature, CreditsMismatch, ValidationFailed (no price, or too
   * high a one), Forbidden (suspended), NotFound (no such user), AccountBusy (locked for ten seconds)
   */
  consume(spend: Consumption): Promise<Consumed> {
    return new Promise((resolve, reject) => {
      this.#calls.add({ spend, id: newIdAt(spend.now), resolve, reject });
    });
  }

  /**
   * Spends for many at once, each by itself. Requests with the same key count as sent one after the other. A balance that
   * somebody has locked delays only those who spend from it: they are asked again later, and hold no connection meanwhile.
   * → what became of each, in the order of the requests; never rejects
   */
  consumeMany(spends: readonly Consumption[]): Promise<PromiseSettledResult<Consumed>[]> {
    const items: Waiting[] = [];
    const answers = spends.map(
      (spend) =>
        new Promise<Consumed>((resolve, reject) => {
          items.push({ spend, id: newIdAt(spend.now), resolve, reject });
        }),
    );
    this.#batches.add(...items);
    return Promise.allSettled(answers);
  }

  /** What is left of one user's requests, in the order in which they came. */
  async #spendWaiting(items: readonly Waiting[]): Promise<void> {
    const left = items.length === 1 ? items : await spendPlain(this.#single, items, { wait: true });
    for (const item of left) await spendOne(this.#single, item);
  }

  async #spendWhenFree(groups: Map<string, Waiting[]>, done: (userId: string) => void): Promise<void> {
    for (const waitMs of this.#patienceMs) {
      if (groups.size === 0) return;
      const locked = await lockedAmong(this.#single, [...groups.keys()]);
      const free = [...groups].filter(([userId]) => !locked.has(userId)).values();
      const lane = async (): Promise<void> => {
        for (const [userId, items] of free) {
          for (const item of items) await spendOne(this.#single, item);
          groups.delete(userId);
          done(userId);
        }
      };
      await Promise.all([lane(), lane()]);
      if (groups.size > 0) await pause(waitMs);
    }
    for (const [userId, items] of groups) {
      // Those who have come meanwhile have waited for the same lock.
      for (const { reject } of [...items, ...this.#batches.takeWaiting(userId)]) reject(new AccountBusy());
      done(userId);
    }
  }
}
