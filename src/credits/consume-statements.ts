import pg from 'pg';
import { onlyRow } from '../db/index.ts';
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

/** A request, and whoever waits for its answer. */
export interface Waiting {
  spend: Consumption;
  id: string;
  resolve: (consumed: Consumed) => void;
  reject: (error: unknown) => void;
}

/** Answers those that were plain. → the others, of which nothing was spent */
export async function spendPlain(
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
export async function lockedAmong(pool: pg.Pool, userIds: readonly string[]): Promise<Set<string>> {
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

export async function spendOne(pool: pg.Pool, { spend, id, resolve, reject }: Waiting): Promise<void> {
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
