import type pg from 'pg';
import { onlyRow, select, type Tx } from '../db/index.ts';
import { HoldClosed, IdempotencyKeyReused, NotFound, ValidationFailed } from '../kit/errors.ts';
import { newIdAt } from '../kit/ids.ts';
import type { Consumption } from './consume.ts';
import type { HoldStatus } from './credit-hold.model.ts';
import { busyOr, refused, type Refusal } from './refusals.ts';

/*
 * Holds: credits set apart for work whose price is known when it is done. A hold stands for at most a day, then it lets
 * go by itself. Each call is one function in the database, a transaction of its own; see migrations/*-credit-functions.cjs.
 */

export interface NewHold extends Consumption {
  expiresAt: Date;
}

export interface Held {
  holdId: string;
  amount: number;
  expiresAt: Date;
  /** What could be spent right after it. */
  available: number;
  replayed: boolean;
}

/**
 * Sets credits apart, those that expire soonest first.
 * @throws InsufficientCredits, IdempotencyKeyReused, UnknownFeature, CreditsMismatch, ValidationFailed (no price, or too
 * high a one), Forbidden (suspended), NotFound (no such user), AccountBusy (locked for ten seconds)
 */
export async function openHold(pool: pg.Pool, hold: NewHold): Promise<Held> {
  const rows = await ask<{
    outcome: 'held' | 'replayed' | Refusal;
    hold_id: string;
    amount: number | null;
    balance: number | null;
    expires_at: Date;
  }>(pool, {
    name: 'credits_hold',
    text: 'SELECT * FROM credits_hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
    values: [
      hold.userId,
      newIdAt(hold.now),
      hold.amount,
      hold.quantity,
      hold.featureType,
      hold.description,
      hold.reference,
      hold.actor,
      hold.idempotencyKey,
      hold.fingerprint,
      hold.expiresAt,
      hold.now,
    ],
  });
  const row = onlyRow(rows);
  const [amount, available] = [row.amount ?? 0, row.balance ?? 0];
  if (row.outcome !== 'held' && row.outcome !== 'replayed') {
    throw refused(row.outcome, { ...hold, amount, balance: available });
  }
  return { holdId: row.hold_id, amount, expiresAt: row.expires_at, available, replayed: row.outcome === 'replayed' };
}

export interface HoldClosing {
  userId: string;
  holdId: string;
  /** Credits to spend of what is held, 0 or more; null releases all of it. */
  amount: number | null;
  actor: string;
  idempotencyKey: string | null;
  fingerprint: string;
  now: Date;
}

export interface ClosedHold {
  status: 'settled' | 'released';
  /** What was held. */
  amount: number;
  /** What was spent of it. */
  settled: number;
  available: number;
  /** The entry of what was spent; null when nothing was. */
  transactionId: string | null;
  replayed: boolean;
}

/**
 * Spends up to what is held and lets go of the rest, once. The hold of a suspended account can be closed: the work was
 * begun before.
 * @throws HoldClosed, ValidationFailed (more than is held), IdempotencyKeyReused, NotFound (no such hold of that user),
 * AccountBusy (locked for ten seconds)
 */
export async function closeHold(pool: pg.Pool, closing: HoldClosing): Promise<ClosedHold> {
  const { userId, holdId, actor, idempotencyKey, fingerprint, now } = closing;
  const rows = await ask<Closing>(pool, {
    name: 'credits_close_hold',
    text: 'SELECT * FROM credits_close_hold($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    values: [userId, holdId, closing.amount, newIdAt(now), newIdAt(now), actor, idempotencyKey, fingerprint, now],
  });
  return closedAs(onlyRow(rows));
}

/** Lets go of an open hold by hand, whole. @throws HoldClosed, NotFound (no such hold of that user) */
export async function cancelHold(
  tx: Tx,
  { userId, holdId, actor, now }: { userId: string; holdId: string; actor: string; now: Date },
): Promise<ClosedHold> {
  const sql = `SELECT * FROM credits_close_hold(:userId, :holdId, NULL, :releaseId, :releaseId, :actor, NULL, NULL, :now)`;
  return closedAs(onlyRow(await select<Closing>(tx, sql, { userId, holdId, releaseId: newIdAt(now), actor, now })));
}

interface Closing {
  outcome: 'settled' | 'released' | 'replayed' | 'key_reused' | 'unknown' | 'closed' | 'too_much';
  status: HoldStatus;
  amount: number;
  settled: number;
  balance: number;
  transaction_id: string | null;
}

function closedAs(closing: Closing): ClosedHold {
  const { outcome, status, amount, settled, balance: available, transaction_id: transactionId } = closing;
  switch (outcome) {
    case 'unknown':
      throw new NotFound('There is no such hold.');
    case 'closed':
      throw new HoldClosed(status);
    case 'key_reused':
      throw new IdempotencyKeyReused();
    case 'too_much':
      throw new ValidationFailed([{ path: 'amount', message: `at most the ${amount} credits that are held` }]);
    case 'settled':
    case 'released':
    case 'replayed':
      return {
        status: status === 'settled' ? 'settled' : 'released',
        amount,
        settled,
        available,
        transactionId,
        replayed: outcome === 'replayed',
      };
  }
}

async function ask<Row extends pg.QueryResultRow>(pool: pg.Pool, query: pg.QueryConfig): Promise<Row[]> {
  try {
    return (await pool.query<Row>(query)).rows;
  } catch (error) {
    throw busyOr(error);
  }
}
