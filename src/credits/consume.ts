import type pg from 'pg';
import { Forbidden, IdempotencyKeyReused, InsufficientCredits, NotFound } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';

export interface Consumption {
  userId: string;
  /** Credits, ≥ 1. */
  amount: number;
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

interface Row {
  outcome: 'spent' | 'replayed' | 'key_reused' | 'short' | 'frozen' | 'unknown_user';
  transaction_id: string | null;
  amount: number | null;
  balance: number;
}

/**
 * The hot path: one named statement, one round trip, one transaction of its own. The function behind it locks the
 * balance, so no interleaving can spend a credit twice; see migrations/*-credits.cjs.
 * @throws InsufficientCredits, IdempotencyKeyReused, Forbidden (suspended), NotFound (no such user)
 */
export async function consume(pool: pg.Pool, spend: Consumption): Promise<Consumed> {
  const { rows } = await pool.query<Row>({
    name: 'credits_consume',
    text: 'SELECT * FROM credits_consume($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
    values: [
      spend.userId,
      newId(),
      spend.idempotencyKey,
      spend.fingerprint,
      spend.amount,
      spend.featureType,
      spend.description,
      spend.reference,
      spend.actor,
      spend.now,
    ],
  });
  const row = rows[0];
  switch (row?.outcome) {
    case 'spent':
    case 'replayed':
      return {
        transactionId: row.transaction_id ?? '',
        amount: row.amount ?? 0,
        balanceAfter: row.balance,
        replayed: row.outcome === 'replayed',
      };
    case 'short':
      throw new InsufficientCredits(row.balance, spend.amount);
    case 'key_reused':
      throw new IdempotencyKeyReused();
    case 'frozen':
      throw new Forbidden('This account is suspended: its credits cannot be spent.');
    case 'unknown_user':
    case undefined:
      throw new NotFound('There is no such user.');
  }
}
