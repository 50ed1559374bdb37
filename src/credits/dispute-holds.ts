import { select, type Tx } from '../db/index.ts';
import { newIdAt } from '../kit/ids.ts';
import { CreditGrant } from './credit-grant.model.ts';
import { expireDue, lockBalance, sumFree, take } from './ledger.ts';

/*
 * Credits that are set apart stay in their grant and are counted there as held: the balance shows them, and nothing can
 * draw them. A hold is an entry of the ledger that says what it drew, and its release is another one that gives exactly
 * that back, once; see migrations/*-disputes.cjs.
 */

interface OrderHold {
  userId: string;
  orderId: string;
  now: Date;
}

/** Source of the entries that set an order's credits apart; the order is their reference. */
const source = 'dispute';

/**
 * Sets apart all that is free of an order's credits. A second time there is nothing left to set apart, so it may be
 * called as often as one likes. Locks the balance in any case. → credits set apart now
 */
export async function holdOrderCredits(tx: Tx, { userId, orderId, now }: OrderHold): Promise<number> {
  await lockBalance(tx, userId, now);
  const grants = await CreditGrant.findAll({ where: { userId, orderId }, transaction: tx });
  const free = sumFree(grants);
  const ids = grants.map(({ id }) => id);
  if (free > 0) await take(tx, free, ids, { userId, type: 'hold', source, reference: orderId, now });
  return free;
}

/**
 * Gives back what was set apart of an order's credits, each hold once; what has passed its date meanwhile expires at
 * once. → credits that were held until now
 */
export async function releaseOrderCredits(tx: Tx, { userId, orderId, now }: OrderHold): Promise<number> {
  await lockBalance(tx, userId, now);
  const holds = await select<{ id: string }>(
    tx,
    `SELECT id FROM credit_transactions hold
     WHERE user_id = :userId AND type = 'hold' AND reference = :orderId AND source = :source AND NOT EXISTS (
       SELECT FROM credit_transactions WHERE user_id = :userId AND type = 'release' AND reference = hold.id::text
     ) ORDER BY seq`,
    { userId, orderId, source },
  );
  let released = 0;
  for (const { id } of holds) {
    const sql = `SELECT credits_release(:userId, :id, :releaseId, 'system', :now) AS released`;
    const [row] = await select<{ released: number }>(tx, sql, { userId, id, releaseId: newIdAt(now), now });
    released += row?.released ?? 0;
  }
  if (released > 0) await expireDue(tx, userId, now);
  return released;
}
