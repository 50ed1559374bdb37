import type { StaffActor } from '../accounts/staff.ts';
import { lockUser, type User } from '../accounts/users.ts';
import { recordAudit } from '../audit/audit.ts';
import { endQuota, startQuotaMonth } from '../credits/quota.ts';
import type { Tx } from '../db/index.ts';
import { Conflict, PlanUnavailable, ValidationFailed, type FieldError } from '../kit/errors.ts';
import { postMail } from '../mail/outbox.ts';
import { everPaidOrdersOf } from '../orders/orders.ts';
import { findPlanByCode, isFree, type Plan } from '../plans/catalog.ts';
import { addMonths, monthsSince, nextQuotaReset } from '../subscriptions/periods.ts';
import {
  endSubscription,
  liveSubscription,
  scheduledSubscription,
  setEndDate,
  startSubscription,
  type Subscription,
} from '../subscriptions/subscriptions.ts';
import { addressOf } from './mail-data.ts';
import { quotaKey } from './reset-quotas.ts';
import type { Services } from './services.ts';

const maxMonths = 24;

export interface PlanGrant {
  userId: string;
  planCode: string;
  /** Whole months, 1 to 24. */
  months: number;
}

/** What giving it would do now: a new subscription until then, or, of the same plan given before, a later end. */
export interface PlannedGrant {
  plan: Plan;
  endsAt: Date;
  extended: Subscription | null;
  /** The plan, given or free, that ends for it. */
  replaced: Subscription | null;
}

/** @throws as `grantPlan` */
export async function previewGrant({ db, clock }: Services, grant: PlanGrant): Promise<PlannedGrant> {
  return db.transaction(async (tx) => {
    await lockUser(tx, grant.userId);
    return planGrant(tx, grant, clock.now());
  });
}

/**
 * Gives a plan for some months without payment, with a month's credits now and at each month after it; given once more
 * while it runs, it runs longer. The customer is told, and nothing is charged at the end.
 * @throws ValidationFailed, NotFound, PlanUnavailable, Conflict for who is not active, pays for a plan, or has one ahead
 */
export async function grantPlan(
  services: Services,
  { reason: given, staff, ...grant }: PlanGrant & { reason: string; staff: StaffActor },
): Promise<Subscription> {
  const { db, clock } = services;
  const reason = given.trim();
  refuseInvalid(grant, reason);
  const now = clock.now();
  return db.transaction(async (tx) => {
    const user = await lockUser(tx, grant.userId);
    if (user.status !== 'active') throw new Conflict(`This account is ${user.status}.`);
    const planned = await planGrant(tx, grant, now);
    const { plan, endsAt, extended, replaced } = planned;
    if (replaced !== null) {
      await endSubscription(tx, replaced, 'cancelled', now);
      await endQuota(tx, user.id, replaced.id, now);
    }
    const before = { endDate: extended?.endDate?.toISOString() ?? null };
    const subscription = extended ?? (await begin(tx, user.id, plan, now));
    await setEndDate(tx, subscription, endsAt);
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: 'subscription.grant',
      subjectType: 'subscription',
      subjectId: subscription.id,
      reason,
      before,
      after: { plan: plan.planCode, months: grant.months, endDate: endsAt.toISOString() },
      now,
    });
    await tell(services, tx, user, subscription, planned);
    return subscription;
  });
}

async function planGrant(tx: Tx, { userId, planCode, months }: PlanGrant, now: Date): Promise<PlannedGrant> {
  const plan = await findPlanByCode(planCode);
  if (plan === null) throw new PlanUnavailable('There is no such plan for sale.');
  if (await isFree(plan.id)) throw new PlanUnavailable('This plan costs nothing: the customer can take it.');
  if ((await scheduledSubscription(userId, tx)) !== null) {
    throw new Conflict('This customer has paid for a plan that is to begin. A plan cannot be given beside it.');
  }
  const live = await liveSubscription(userId, tx);
  if (live !== null && (live.priceId !== null || (await everPaidOrdersOf(tx, live.id)).length > 0)) {
    throw new Conflict('This customer pays for the plan that runs. A plan can be given when it has ended.');
  }
  const { endDate } = live ?? { endDate: null };
  if (live !== null && live.planId === plan.id && endDate !== null && endDate > now) {
    const endsAt = addMonths(live.anchorAt, monthsSince(live.anchorAt, endDate) + months);
    return { plan, endsAt, extended: live, replaced: null };
  }
  return { plan, endsAt: addMonths(now, months), extended: null, replaced: live };
}

/** Without a price: nothing was paid, so its months depend on no order. */
async function begin(tx: Tx, userId: string, plan: Plan, now: Date): Promise<Subscription> {
  const { id: planId, creditsMonthly, rollover, rolloverCap } = plan;
  const terms = { userId, planId, creditsMonthly, rollover, rolloverCap };
  const free = { priceId: null, orderId: null, subscriptionType: 'monthly' as const };
  const subscription = await startSubscription(tx, { ...terms, ...free, now });
  const { id: subscriptionId, anchorAt } = subscription;
  const month = { key: quotaKey(subscriptionId, anchorAt), end: nextQuotaReset(anchorAt, now), now };
  await startQuotaMonth(tx, { ...terms, subscriptionId }, month);
  return subscription;
}

async function tell(
  { db, clock }: Services,
  tx: Tx,
  user: User,
  { id }: Subscription,
  { plan, endsAt, extended }: PlannedGrant,
): Promise<void> {
  await postMail(db, tx, {
    template: 'plan_granted',
    data: {
      customerName: user.name,
      planName: plan.names,
      creditsMonthly: plan.creditsMonthly,
      endsAt: endsAt.toISOString(),
      isLonger: extended !== null,
    },
    to: addressOf(user),
    dedupeKey: `granted:${id}:${endsAt.toISOString()}`,
    now: clock.now(),
  });
}

/** @throws ValidationFailed */
function refuseInvalid({ months }: PlanGrant, reason: string): void {
  const errors: FieldError[] = [];
  if (!Number.isInteger(months) || months < 1 || months > maxMonths) {
    errors.push({ path: 'months', message: `Give whole months, 1 to ${maxMonths}.` });
  }
  if (reason === '') errors.push({ path: 'reason', message: 'Say why.' });
  if (errors.length > 0) throw new ValidationFailed(errors);
}
