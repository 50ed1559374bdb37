import pg from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { onlyRow } from '../db/index.ts';
import { AccountBusy } from '../kit/errors.ts';
import { newIdAt } from '../kit/ids.ts';
import { busyOr, refused, type Refusal } from './refusals.ts';

export interface Consumption {
  userId: string;
  /** Credits, 1 to 1,000,000,000; null: the plan's price list says. */
  amount: number | null;
  /** Units of the feature, where a price list says what one costs. */
  quantity: number | null;
  featureType: string;
  reference: string | null;
  description: string | null;
  /** Who spends: `user`, or `api_key:<id>`. */
  actor: string;
  idempotencyKey: string | null;
  /** Hash of the request, so that a key that is used for another request is noticed. */
  fingerprint: string;
  now: Date;
}

export interface Consumed {
  transactionId: string;
  amount: number;
  balanceAfter: number;
  /** The key was used before: this is the first answer again, nothing was spent now. */
  replayed: boolean;
}

/** One gathered statement never carries more requests than this. */
const gatheredMost = 64;
const statementsAtOnce = 2;

/** How long a batch waits for balances that somebody else has locked before it looks again, 10 s in all. */
const patienceMs = [10, 20, 50, 100, 200, ...Array<number>(38).fill(250)];

interface Waiting {
  spend: Consumption;
  id: string;
  resolve: (consumed: Consumed) => void;
  reject: (error: unknown) => void;
}

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
  #queue: Waiting[] = [];
  /** Users with a statement under way: their next requests wait here, not in the database. */
  readonly #busy = new Set<string>();
  #statements = 0;
  #isScheduled = false;

  constructor(pools: { gathering: pg.Pool; single: pg.Pool }) {
    this.#gathering = pools.gathering;
    this.#single = pools.single;
  }

  /**
   * Spends credits, those that expire soonest first.
   * @throws InsufficientCredits, IdempotencyKeyReused, UnknownFeature, CreditsMismatch, ValidationFailed (no price, or too
   * high a one), Forbidden (suspended), NotFound (no such user)
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
    const items: Waiting[] = [];
    const answers = spends.map(
      (spend) =>
        new Promise<Consumed>((resolve, reject) => {
          items.push({ spend, id: newIdAt(spend.now), resolve, reject });
        }),
    );
    const settled = Promise.allSettled(answers);
    let waiting: readonly Waiting[] = items;
    for (const waitMs of patienceMs) {
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

/** Answers those that were plain. → the others, of which nothing was spent */
async function spendPlain(
  pool: pg.Pool,
  batch: readonly Waiting[],
  { wait }: { wait: boolean },
): Promise<readonly Waiting[]> {
  const column = <Value>(pick: (spend: Consumption) => Value): Value[] => batch.map(({ spend }) => pick(spend));
  try {
    const { rows } = await pool.query<{ spent: string | null }>({
      name: 'credits_consume_many',
      text: 'SELECT credits_consume_many($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS spent',
      values: [
        plainArray(column((spend) => spend.userId)),
        plainArray(batch.map(({ id }) => id)),
        plainArray(column((spend) => spend.amount)),
        plainArray(column((spend) => spend.quantity)),
        column((spend) => spend.featureType),
        column((spend) => spend.description),
        column((spend) => spend.reference),
        column((spend) => spend.actor),
        column((spend) => spend.idempotencyKey),
        column((spend) => spend.fingerprint),
        batch.at(-1)?.spend.now,
        wait,
      ],
    });
    const left = new Set(batch);
    for (const line of rows[0]?.spent?.split(';') ?? []) {
      const [place = 0, amount = 0, balanceAfter = 0] = line.split(',').map(Number);
      const item = batch[place - 1];
      if (item === undefined) throw new RangeError(`there is no request ${place} in a batch of ${batch.length}`);
      left.delete(item);
      item.resolve({ transactionId: item.id, amount, balanceAfter, replayed: false });
    }
    return [...left];
  } catch (error) {
    const reason = busyOr(error);
    // The server refused the statement, so nothing of it was done, and whoever spoilt it will fail alone. If the
    // connection broke, all of it may have been done: nobody is asked again but by the caller, under their key.
    if (reason instanceof pg.DatabaseError && !isShutdown(reason)) return batch;
    for (const { reject } of batch) reject(reason);
    return [];
  }
}

/** Ids and numbers need no quotes in an array of PostgreSQL's, and pg's own search for them costs more than the rest. */
function plainArray(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** Whose balance somebody has locked at this moment. None of them when the database does not say: then each is waited for. */
async function lockedAmong(pool: pg.Pool, userIds: readonly string[]): Promise<Set<string>> {
  try {
    const { rows } = await pool.query<{ user_id: string }>({
      name: 'credits_locked_among',
      text: `WITH free AS MATERIALIZED (
          SELECT user_id FROM credit_balances WHERE user_id = ANY ($1::uuid[]) FOR SHARE SKIP LOCKED
        )
        SELECT user_id FROM credit_balances
        WHERE user_id = ANY ($1::uuid[]) AND NOT EXISTS (SELECT FROM free WHERE free.user_id = credit_balances.user_id)`,
      values: [userIds],
    });
    return new Set(rows.map(({ user_id }) => user_id));
  } catch {
    return new Set();
  }
}

interface Row {
  outcome: 'spent' | 'replayed' | Refusal;
  transaction_id: string | null;
  amount: number | null;
  balance: number | null;
}

async function spendOne(pool: pg.Pool, { spend, id, resolve, reject }: Waiting): Promise<void> {
  try {
    const { rows } = await pool.query<Row>({
      name: 'credits_consume',
      text: 'SELECT * FROM credits_consume($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
      values: [
        spend.userId,
        id,
        spend.amount,
        spend.quantity,
        spend.featureType,
        spend.description,
        spend.reference,
        spend.actor,
        spend.idempotencyKey,
        spend.fingerprint,
        spend.now,
      ],
    });
    const { outcome, transaction_id, amount, balance } = onlyRow(rows);
    if (outcome === 'spent' || outcome === 'replayed') {
      resolve({
        transactionId: transaction_id ?? id,
        amount: amount ?? 0,
        balanceAfter: balance ?? 0,
        replayed: outcome === 'replayed',
      });
    } else {
      reject(refused(outcome, { ...spend, amount: amount ?? 0, balance: balance ?? 0 }));
    }
  } catch (error) {
    reject(busyOr(error));
  }
}

/** The server ends the connection; whether it had committed is not known. */
function isShutdown({ code = '' }: pg.DatabaseError): boolean {
  return code.startsWith('57P') || code.startsWith('08');
}
