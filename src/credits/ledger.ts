import { select, type Tx } from '../db/index.ts';
import { InsufficientCredits } from '../kit/errors.ts';
import { newId, newIdAt } from '../kit/ids.ts';
import { CreditBalance } from './credit-balance.model.ts';
import { CreditGrant, type GrantSource } from './credit-grant.model.ts';
import { CreditTransaction, type TransactionType } from './credit-transaction.model.ts';

export type { GrantSource } from './credit-grant.model.ts';

/** Every customer has one, from the day they register. */
export async function openBalance(tx: Tx, userId: string): Promise<void> {
  await CreditBalance.create({ userId }, { transaction: tx });
}

/**
 * Locks the customer's balance, writes off what has expired, and answers with what is left. Everything that changes
 * credits starts here, so that two changes of one customer's credits never interleave. The lock comes first: what the
 * change before has left to expire is seen only behind it.
 */
export async function lockBalance(tx: Tx, userId: string, now: Date): Promise<CreditBalance> {
  const sql = `SELECT credits_expire_due(user_id, :now) FROM (
    SELECT user_id FROM credit_balances WHERE user_id = :userId FOR UPDATE
  ) locked`;
  await select(tx, sql, { userId, now });
  const balance = await CreditBalance.findByPk(userId, { transaction: tx });
  if (balance === null) throw new Error(`user ${userId} has no credit balance`);
  return balance;
}

/** Writes off the customer's expired grants. → credits written off */
export async function expireDue(tx: Tx, userId: string, now: Date): Promise<number> {
  const sql = 'SELECT credits_expire_due(:userId, :now) AS expired';
  const [row] = await select<{ expired: number }>(tx, sql, { userId, now });
  return row?.expired ?? 0;
}

export interface NewGrant {
  userId: string;
  /** Says what the grant is for; a second grant with the same key is not made. */
  key: string;
  source: GrantSource;
  amount: number;
  /** null: never. */
  expiresAt: Date | null;
  orderId?: string | null;
  subscriptionId?: string | null;
  description?: string | null;
  /** `system`, or `staff:<id>`. */
  actor?: string;
  type?: Extract<TransactionType, 'earn' | 'adjust'>;
  now: Date;
}

/** Gives credits, once per key. → whether they were given now (false: they had been given before) */
export async function grantCredits(tx: Tx, grant: NewGrant): Promise<boolean> {
  const { userId, key, source, amount, expiresAt, now, orderId = null, subscriptionId = null } = grant;
  const balance = await lockBalance(tx, userId, now);
  const known = await CreditGrant.count({ where: { userId, key }, transaction: tx });
  if (known > 0) return false;
  const id = newId();
  await CreditGrant.create(
    { id, userId, key, source, amount, remaining: amount, expiresAt, orderId, subscriptionId, createdAt: now },
    { transaction: tx },
  );
  await balance.update(
    {
      available: balance.available + amount,
      totalEarned: balance.totalEarned + amount,
      entries: balance.entries + 1,
    },
    { transaction: tx },
  );
  await CreditTransaction.create(
    {
      id: newIdAt(now),
      userId,
      seq: balance.entries,
      type: grant.type ?? 'earn',
      amount,
      balanceAfter: balance.available,
      source,
      description: grant.description ?? null,
      actor: grant.actor ?? 'system',
      reference: orderId ?? subscriptionId,
      grantId: id,
      createdAt: now,
    },
    { transaction: tx },
  );
  return true;
}

interface Taking {
  userId: string;
  type: Extract<TransactionType, 'expire' | 'clawback' | 'adjust' | 'hold'>;
  source: string;
  description?: string | null;
  actor?: string;
  reference?: string | null;
  /** Makes the entry unique, where a request may come twice. */
  key?: string | null;
  now: Date;
}

/** Draws from some grants, or from all in the order in which they expire, what is not held. */
export async function take(tx: Tx, amount: number, grantIds: readonly string[] | null, taking: Taking): Promise<void> {
  await select(
    tx,
    `SELECT credits_take(:userId, :id, :type, :amount, NULL, string_to_array(:grants, ',')::uuid[], :source, NULL,
       :description, :actor, :reference, :key, NULL, :now)`,
    {
      description: null,
      actor: 'system',
      reference: null,
      key: null,
      ...taking,
      id: newIdAt(taking.now),
      amount,
      grants: grantIds?.join(',') ?? null,
    },
  );
}

/**
 * Takes away by hand what staff decided, once per key. → whether it was taken now
 * @throws InsufficientCredits when there is less
 */
export async function deductCredits(
  tx: Tx,
  deduction: { userId: string; key: string; amount: number; description: string; actor: string; now: Date },
): Promise<boolean> {
  const { amount, ...rest } = deduction;
  const balance = await lockBalance(tx, rest.userId, rest.now);
  const known = await CreditTransaction.count({
    where: { userId: rest.userId, idempotencyKey: rest.key },
    transaction: tx,
  });
  if (known > 0) return false;
  if (balance.available < amount) throw new InsufficientCredits(balance.available, amount);
  await take(tx, amount, null, { ...rest, type: 'adjust', source: 'adjustment' });
  return true;
}

export interface OrderCredits {
  /** What the order's grants gave in all. */
  granted: number;
  /** What is left of them and can be taken back: free now, or once what is held is released. */
  remaining: number;
  /** The part of it that is not held. */
  free: number;
  grantIds: string[];
}

/** The credits that came with an order, expired ones counted as gone. */
export async function creditsOfOrder(tx: Tx, userId: string, orderId: string, now: Date): Promise<OrderCredits> {
  await lockBalance(tx, userId, now);
  const grants = await CreditGrant.findAll({ where: { userId, orderId }, transaction: tx });
  return {
    granted: grants.reduce((sum, grant) => sum + grant.amount, 0),
    remaining: grants.reduce((sum, grant) => sum + grant.remaining, 0),
    free: sumFree(grants),
    grantIds: grants.map((grant) => grant.id),
  };
}

/**
 * Takes back up to `amount` of what an order gave. What a dispute has set apart of it must be released before, see
 * dispute-holds.ts; holds for running work are cancelled where the rest does not reach. → how many could be taken back
 */
export async function clawBack(
  tx: Tx,
  claim: { userId: string; orderId: string; amount: number; description: string; actor: string; now: Date },
): Promise<number> {
  const { userId, orderId, amount, now, ...rest } = claim;
  const { remaining, free, grantIds } = await creditsOfOrder(tx, userId, orderId, now);
  const taken = Math.min(amount, remaining);
  if (taken > free) {
    const sql = `SELECT credits_cancel_holds(:userId, string_to_array(:grants, ',')::uuid[], :now)`;
    await select(tx, sql, { userId, grants: grantIds.join(','), now });
  }
  if (taken > 0) {
    await take(tx, taken, grantIds, { ...rest, userId, now, type: 'clawback', source: 'refund', reference: orderId });
  }
  return taken;
}

/** Writes off up to `amount` of what is free in the given grants, oldest first. → how many credits went */
export async function writeOff(
  tx: Tx,
  userId: string,
  grants: readonly CreditGrant[],
  amount: number,
  now: Date,
): Promise<number> {
  const taken = Math.min(sumFree(grants), amount);
  if (taken > 0) {
    const ids = grants.map((grant) => grant.id);
    await take(tx, taken, ids, { userId, type: 'expire', source: 'plan', now });
  }
  return taken;
}

/** Credits of the grants that can be drawn: what is left of them and not held. */
export function sumFree(grants: readonly Pick<CreditGrant, 'remaining' | 'held'>[]): number {
  return grants.reduce((sum, { remaining, held }) => sum + remaining - held, 0);
}
