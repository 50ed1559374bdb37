import { Op } from 'sequelize';
import { onlyRow, select, type Tx } from '../db/index.ts';
import { NotFound } from '../kit/errors.ts';
import { CreditBalance } from './credit-balance.model.ts';
import { CreditGrant } from './credit-grant.model.ts';
import { CreditHold } from './credit-hold.model.ts';
import { CreditTransaction } from './credit-transaction.model.ts';
import { expireDue } from './ledger.ts';

export type { CreditGrant } from './credit-grant.model.ts';
export type { CreditTransaction } from './credit-transaction.model.ts';

export interface CreditsOverview {
  balance: CreditBalance;
  /** Those that still have credits, held or free, in the order in which they will be spent. */
  grants: CreditGrant[];
  /** The part of what is held that running work has set apart; the rest is disputed. */
  heldForWork: number;
}

/** What a customer has. Expired credits are written off first, so the answer never counts one. @throws NotFound */
export async function readCredits(tx: Tx, userId: string, now: Date): Promise<CreditsOverview> {
  await expireDue(tx, userId, now);
  const balance = await CreditBalance.findByPk(userId, { transaction: tx });
  if (balance === null) throw new NotFound('There is no such user.');
  const grants = await CreditGrant.findAll({
    where: { userId, remaining: { [Op.gt]: 0 } },
    order: [
      ['expiresAt', 'ASC NULLS LAST'],
      ['createdAt', 'ASC'],
      ['id', 'ASC'],
    ],
    transaction: tx,
  });
  // The sum of nothing is null, whatever Sequelize's type says.
  const heldForWork = (await CreditHold.sum('amount', { where: { userId, status: 'open' }, transaction: tx })) || 0;
  return { balance, grants, heldForWork };
}

/** Newest first; `before` is the `seq` of the last entry of the page before. */
export async function listTransactions(userId: string, limit: number, before?: number): Promise<CreditTransaction[]> {
  return CreditTransaction.findAll({
    where: { userId, ...(before === undefined ? {} : { seq: { [Op.lt]: before } }) },
    order: [['seq', 'DESC']],
    limit,
  });
}

/** A suspended customer's credits stay, but cannot be spent. */
export async function setFrozen(tx: Tx, userId: string, frozen: boolean): Promise<void> {
  await CreditBalance.update({ frozen }, { where: { userId }, transaction: tx });
}

/** How many credits staff gave and took by hand since then, both counted up. */
export async function adjustedSince(tx: Tx, userId: string, since: Date): Promise<number> {
  const sql = `SELECT coalesce(sum(abs(amount)), 0)::bigint AS adjusted FROM credit_transactions
    WHERE user_id = :userId AND type = 'adjust' AND created_at > :since`;
  return onlyRow(await select<{ adjusted: number }>(tx, sql, { userId, since })).adjusted;
}

/** Whether an adjustment under this key was made before. */
export async function isAdjusted(tx: Tx, userId: string, key: string): Promise<boolean> {
  const options = { transaction: tx };
  const given = await CreditGrant.count({ where: { userId, key }, ...options });
  return given > 0 || (await CreditTransaction.count({ where: { userId, idempotencyKey: key }, ...options })) > 0;
}
