import { literal, Op } from 'sequelize';
import type { Tx } from '../db/index.ts';
import { newId } from '../kit/ids.ts';
import type { Rollover, SubscriptionType } from '../plans/plan-terms.ts';
import { addMonths, extendedEnd, firstPeriodEnd } from './periods.ts';
import { liveStatuses } from './subscription-states.ts';
import { Subscription } from './subscription.model.ts';

export type { Subscription } from './subscription.model.ts';

export interface NewSubscription {
  userId: string;
  planId: string;
  /** null for a plan that costs nothing; such a subscription has no end. */
  priceId: string | null;
  orderId: string | null;
  subscriptionType: SubscriptionType;
  creditsMonthly: number;
  rollover: Rollover;
  rolloverCap: number | null;
  now: Date;
}

/** Begins a subscription now. Its first quota month begins with it; the next one is due a month later. */
export async function startSubscription(tx: Tx, terms: NewSubscription): Promise<Subscription> {
  return create(tx, terms, { status: 'active', startDate: terms.now, quotaResetsAt: addMonths(terms.now, 1) });
}

/** One that was paid for and begins later. */
export async function scheduleSubscription(tx: Tx, terms: NewSubscription, startDate: Date): Promise<Subscription> {
  return create(tx, terms, { status: 'scheduled', startDate, quotaResetsAt: null });
}

async function create(
  tx: Tx,
  { now, ...terms }: NewSubscription,
  beginning: Pick<Subscription, 'status' | 'startDate' | 'quotaResetsAt'>,
): Promise<Subscription> {
  const { startDate } = beginning;
  const endDate = terms.priceId === null ? null : firstPeriodEnd(startDate, terms.subscriptionType);
  const row = { ...terms, ...beginning, id: newId(), anchorAt: startDate, endDate, createdAt: now };
  return Subscription.create(row, { transaction: tx });
}

/** Its day has come. */
export async function beginSubscription(tx: Tx, subscription: Subscription): Promise<void> {
  const quotaResetsAt = addMonths(subscription.anchorAt, 1);
  await subscription.update({ status: 'active', quotaResetsAt }, { transaction: tx });
}

/** Whoever pays for more of the same has taken back what they planned instead. */
const noPlansBeyond = { cancelAtPeriodEnd: false, nextPriceId: null };

/** Adds one period behind the current end, also when that still lies ahead. */
export async function extendSubscription(tx: Tx, subscription: Subscription): Promise<void> {
  const { anchorAt, endDate, subscriptionType } = subscription;
  if (endDate === null) throw new RangeError('a subscription without end cannot be extended');
  await subscription.update(
    { endDate: extendedEnd(anchorAt, endDate, subscriptionType), ...noPlansBeyond, remindedDays: null },
    { transaction: tx },
  );
}

export async function setEndDate(tx: Tx, subscription: Subscription, endDate: Date): Promise<void> {
  await subscription.update({ endDate, remindedDays: null }, { transaction: tx });
}

/** The one subscription that a customer has now. */
export async function liveSubscription(userId: string, tx?: Tx): Promise<Subscription | null> {
  return Subscription.findOne({
    where: { userId, status: { [Op.in]: liveStatuses } },
    transaction: tx ?? null,
    ...(tx === undefined ? {} : { lock: tx.LOCK.UPDATE }),
  });
}

/** What a customer has paid for and that begins when their plan ends. */
export async function scheduledSubscription(userId: string, tx?: Tx): Promise<Subscription | null> {
  return Subscription.findOne({
    where: { userId, status: 'scheduled' },
    transaction: tx ?? null,
    ...(tx === undefined ? {} : { lock: tx.LOCK.UPDATE }),
  });
}

export async function lockSubscription(tx: Tx, id: string): Promise<Subscription> {
  return Subscription.findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE, rejectOnEmpty: true });
}

export function isLive(subscription: Subscription): boolean {
  return (liveStatuses as readonly string[]).includes(subscription.status);
}

/** Ends it now: `cancelled` by somebody, or `expired` by time. */
export async function endSubscription(
  tx: Tx,
  subscription: Subscription,
  status: 'cancelled' | 'expired',
  now: Date,
): Promise<void> {
  await subscription.update({ status, endedAt: now, quotaResetsAt: null, nextPriceId: null }, { transaction: tx });
}

export async function setCancelAtPeriodEnd(tx: Tx, subscription: Subscription, cancel: boolean): Promise<void> {
  await subscription.update({ cancelAtPeriodEnd: cancel, nextPriceId: null }, { transaction: tx });
}

/** At which price it goes on when its period ends; null: as it is. A planned cancellation is taken back. */
export async function setNextPrice(tx: Tx, subscription: Subscription, nextPriceId: string | null): Promise<void> {
  await subscription.update({ nextPriceId, cancelAtPeriodEnd: false }, { transaction: tx });
}

/** The last subscription to a free plan: choosing it again takes it up where it was left. */
export async function lastFreeSubscription(tx: Tx, userId: string, planId: string): Promise<Subscription | null> {
  return Subscription.findOne({
    where: { userId, planId, priceId: null },
    order: [['createdAt', 'DESC']],
    transaction: tx,
    lock: tx.LOCK.UPDATE,
  });
}

export async function reopenSubscription(tx: Tx, subscription: Subscription, quotaResetsAt: Date): Promise<void> {
  await subscription.update({ status: 'active', endedAt: null, quotaResetsAt }, { transaction: tx });
}

export async function setQuotaReset(tx: Tx, subscription: Subscription, quotaResetsAt: Date): Promise<void> {
  await subscription.update({ quotaResetsAt }, { transaction: tx });
}

/** Which rows a job takes next: `except` have failed in this run. */
export interface DueBatch {
  now: Date;
  limit: number;
  except: readonly string[];
}

/** A batch whose period has ended, locked; other processes skip these rows. */
export async function lockEnded(tx: Tx, { now, limit, except }: DueBatch): Promise<Subscription[]> {
  return Subscription.findAll({
    where: { id: { [Op.notIn]: except }, status: { [Op.in]: ['active', 'past_due'] }, endDate: { [Op.lte]: now } },
    order: [['endDate', 'ASC']],
    limit,
    transaction: tx,
    lock: tx.LOCK.UPDATE,
    skipLocked: true,
  });
}

/** A batch that was paid for and whose day has come, locked; other processes skip these rows. */
export async function lockBeginning(tx: Tx, { now, limit, except }: DueBatch): Promise<Subscription[]> {
  return Subscription.findAll({
    where: { id: { [Op.notIn]: except }, status: 'scheduled', startDate: { [Op.lte]: now } },
    order: [['startDate', 'ASC']],
    limit,
    transaction: tx,
    lock: tx.LOCK.UPDATE,
    skipLocked: true,
  });
}

/**
 * A batch that ends by `to` and whose customers were not reminded so late yet, locked; other processes skip these rows.
 * Who has cancelled, or has paid for what comes next, is left in peace.
 */
export async function lockReminderDue(
  tx: Tx,
  { now, to, days, limit, except }: DueBatch & { to: Date; days: number },
): Promise<Subscription[]> {
  return Subscription.findAll({
    where: {
      id: { [Op.notIn]: except },
      status: 'active',
      cancelAtPeriodEnd: false,
      endDate: { [Op.gt]: now, [Op.lte]: to },
      [Op.or]: [{ remindedDays: null }, { remindedDays: { [Op.gt]: days } }],
      [Op.and]: literal(
        `NOT EXISTS (SELECT FROM subscriptions next WHERE next.user_id = "Subscription".user_id AND next.status = 'scheduled')`,
      ),
    },
    order: [['endDate', 'ASC']],
    limit,
    transaction: tx,
    lock: tx.LOCK.UPDATE,
    skipLocked: true,
  });
}

export async function setReminded(tx: Tx, subscription: Subscription, days: number): Promise<void> {
  await subscription.update({ remindedDays: days }, { transaction: tx });
}
