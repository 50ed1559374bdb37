import { select, type Tx } from '../db/index.ts';
import type { Rollover } from '../plans/plan-terms.ts';
import { CreditBalance } from './credit-balance.model.ts';
import { CreditGrant } from './credit-grant.model.ts';
import { releaseOrderCredits } from './dispute-holds.ts';
import { grantCredits, lockBalance, sumFree, writeOff } from './ledger.ts';

/** The part of a subscription that its monthly credits depend on. */
export interface QuotaTerms {
  userId: string;
  subscriptionId: string;
  planId: string;
  creditsMonthly: number;
  rollover: Rollover;
  /** At most so many credits of earlier months stay, when rollover is `capped`. */
  rolloverCap: number | null;
}

/**
 * Starts a quota month: what does not roll over is written off, the month's credits are given once per `key`, and the
 * counter of the month begins at zero. Without rollover the credits expire by themselves when the month ends.
 * → whether it gave something; it gives nothing when it has given before
 */
export async function startQuotaMonth(
  tx: Tx,
  terms: QuotaTerms,
  month: { key: string; end: Date; orderId?: string | null; now: Date },
): Promise<boolean> {
  const { userId, subscriptionId, creditsMonthly } = terms;
  await lockBalance(tx, userId, month.now);
  if (terms.rollover === 'capped') await trimRollover(tx, terms, month);
  const granted =
    creditsMonthly > 0 &&
    (await grantCredits(tx, {
      userId,
      subscriptionId,
      key: month.key,
      source: 'plan',
      amount: creditsMonthly,
      expiresAt: terms.rollover === 'none' ? month.end : null,
      orderId: month.orderId ?? null,
      now: month.now,
    }));
  await CreditBalance.update(
    {
      monthlyQuota: creditsMonthly,
      quotaResetAt: month.end,
      planId: terms.planId,
      ...(granted ? { quotaUsed: 0 } : {}),
    },
    { where: { userId }, transaction: tx },
  );
  await select(tx, 'SELECT credits_raise_alerts(:userId, :now)', { userId, now: month.now });
  return granted;
}

/** What is left of a subscription's monthly credits. */
export async function creditsOfSubscription(tx: Tx, userId: string, subscriptionId: string): Promise<number> {
  const left = await openGrants(tx, userId, subscriptionId);
  return left.reduce((sum, { remaining }) => sum + remaining, 0);
}

/**
 * Ends a subscription's credits: what is left of them, what a dispute has set apart too, is written off and there is no
 * quota any more. Holds for running work stay until they are closed. → credits written off that had not expired
 */
export async function endQuota(tx: Tx, userId: string, subscriptionId: string, now: Date): Promise<number> {
  await lockBalance(tx, userId, now);
  const disputed = (await openGrants(tx, userId, subscriptionId)).filter((grant) => grant.held > 0);
  for (const orderId of new Set(disputed.flatMap((grant) => grant.orderId ?? []))) {
    await releaseOrderCredits(tx, { userId, orderId, now });
  }
  const left = await openGrants(tx, userId, subscriptionId);
  const writtenOff = await writeOff(tx, userId, left, Infinity, now);
  // Work that is under way may still be settled; what it gives back has no plan to go to.
  const held = left.filter((grant) => grant.held > 0).map(({ id }) => id);
  await CreditGrant.update({ expiresAt: now }, { where: { userId, id: held }, transaction: tx });
  await CreditBalance.update(
    { monthlyQuota: 0, quotaUsed: 0, quotaResetAt: null, planId: null, alertAt: null },
    { where: { userId }, transaction: tx },
  );
  return writtenOff;
}

async function trimRollover(
  tx: Tx,
  { userId, subscriptionId, rolloverCap }: QuotaTerms,
  { key, now }: { key: string; now: Date },
): Promise<void> {
  // What a month has given is not trimmed by that same month.
  if ((await CreditGrant.count({ where: { userId, key }, transaction: tx })) > 0) return;
  const left = await openGrants(tx, userId, subscriptionId);
  const excess = sumFree(left) - (rolloverCap ?? 0);
  if (excess > 0) await writeOff(tx, userId, left, excess, now);
}

async function openGrants(tx: Tx, userId: string, subscriptionId: string): Promise<CreditGrant[]> {
  const order: [string, string][] = [
    ['createdAt', 'ASC'],
    ['id', 'ASC'],
  ];
  const grants = await CreditGrant.findAll({ where: { userId, subscriptionId }, order, transaction: tx });
  return grants.filter((grant) => grant.remaining > 0);
}
