import { select, type Tx } from '../db/index.ts';
import type { Rollover } from '../plans/plan-terms.ts';
import { CreditBalance } from './credit-balance.model.ts';
import { CreditGrant } from './credit-grant.model.ts';
import { releaseOrderCredits } from './dispute-holds.ts';
import { expireDue, grantCredits, sumFree, writeOff } from './ledger.ts';

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
 */
export async function startQuotaMonth(
  tx: Tx,
  terms: QuotaTerms,
  month: { key: string; end: Date; orderId?: string | null; now: Date },
): Promise<boolean> {
  const { userId, subscriptionId, creditsMonthly } = terms;
  await expireDue(tx, userId, month.now);
  if (terms.rollover === 'capped') await trimRollover(tx, terms, terms.rolloverCap ?? 0, month.now);
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
 * quota any more. Holds for running work stay until they are closed.
 */
export async function endQuota(tx: Tx, userId: string, subscriptionId: string, now: Date): Promise<number> {
  const expired = await expireDue(tx, userId, now);
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
  return expired + writtenOff;
}

async function trimRollover(tx: Tx, terms: QuotaTerms, cap: number, now: Date): Promise<void> {
  const left = await openGrants(tx, terms.userId, terms.subscriptionId);
  const sum = sumFree(left);
  if (sum > cap) await writeOff(tx, terms.userId, left, sum - cap, now);
}

async function openGrants(tx: Tx, userId: string, subscriptionId: string): Promise<CreditGrant[]> {
  const grants = await CreditGrant.findAll({ where: { userId, subscriptionId }, transaction: tx });
  return grants.filter((grant) => grant.remaining > 0);
}
