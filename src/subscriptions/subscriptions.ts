import { Op } from 'sequelize';
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
export async function startSubscription(tx: Tx, { now, ...terms }: NewSubscription): Promise<Subscription> {
  return Subscription.create(
    {
      ...terms,
      id: newId(),
      status: 'active',
      anchorAt: now,
      startDate: now,
      endDate: terms.priceId === null ? null : firstPeriodEnd(now, terms.subscriptionType),
      quotaResetsAt: addMonths(now, 1),
      createdAt: now,
    },
    { transaction: tx },
  );
}

/** Adds one period behind the current end, also when that still lies ahead; a planned cancellation is taken back. */
export async function extendSubscription(tx: Tx, subscription: Subscription): Promise<void> {
  const { anchorAt, endDate, subscriptionType } = subscription;
  if (endDate === null) throw new RangeError('a subscription without end cannot be extended');
  await subscription.update(
    { endDate: extendedEnd(anchorAt, endDate, subscriptionType), cancelAtPeriodEnd: false, remindedDays: null },
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
  await subscription.update({ status, endedAt: now, quotaResetsAt: null }, { transaction: tx });
}

export async function setCancelAtPeriodEnd(tx: Tx, subscription: Subscription, cancel: boolean): Promise<void> {
  await subscription.update({ cancelAtPeriodEnd: cancel }, { transaction: tx });
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

/** A batch whose quota month has ended, locked; other processes skip these rows and take the next. */
export async function lockQuotaDue(tx: Tx, { now, limit, except }: DueBatch): Promise<Subscription[]> {
  return Subscription.findAll({
    where: {
      id: { [Op.notIn]: except },
      status: 'active',
      quotaResetsAt: { [Op.lte]: now },
      // A period that has ended gets no further month: it is renewed or it expires.
      [Op.or]: [{ endDate: null }, { endDate: { [Op.gt]: now } }],
    },
    order: [['quotaResetsAt', 'ASC']],
    limit,
    transaction: tx,
    lock: tx.LOCK.UPDATE,
    skipLocked: true,
  });
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

/**
 * A batch that ends by `to` and whose customers were not reminded so late yet, locked; other processes skip these rows.
 * Who has cancelled is left in peace.
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
