import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import type { Tx } from '../db/index.ts';
import { Conflict, NotFound } from '../kit/errors.ts';
import { findOffer, findPrice, type Plan, type PlanPrice, type PlanReference } from '../plans/catalog.ts';
import type { SubscriptionType } from '../plans/plan-terms.ts';
import {
  liveSubscription,
  lockSubscription,
  scheduledSubscription,
  setNextPrice,
  type Subscription,
} from '../subscriptions/subscriptions.ts';
import { quotePlanChange, type PlanChange } from './quote-plan-change.ts';
import type { Services } from './services.ts';

export interface ChangeRequest {
  userId: string;
  plan: PlanReference;
  subscriptionType: SubscriptionType;
}

interface StaffDecision {
  /** The subscription that was looked at. */
  subscriptionId: string;
  staff: StaffActor;
  reason: string;
}

/**
 * What the customer would move to, when, and for how much; changes nothing.
 * @throws NotFound without a paid plan, PlanUnavailable, Conflict when it is what they have or their plan has no end
 */
export async function previewPlanChange(
  { clock }: Pick<Services, 'clock'>,
  request: ChangeRequest,
): Promise<PlanChange & { to: { plan: Plan; price: PlanPrice } }> {
  const live = await changeable(request.userId);
  const to = await targetOf(live, request);
  return { ...(await quotePlanChange(live, to, clock.now())), to };
}

/**
 * Chooses what follows when the running period ends. Nothing is charged: the customer is reminded and pays then, at
 * today's price. Staff, who must say why, can plan a larger plan for then as well; a customer has that at
 * once. @throws as above, and Conflict when the change begins at once: that one is bought
 */
export async function schedulePlanChange(
  services: Services,
  request: ChangeRequest,
  by?: StaffDecision,
): Promise<Subscription> {
  const { change, to } = await previewPlanChange(services, request);
  if (by === undefined && change.effective === 'now') {
    throw new Conflict('This change begins at once. Buy the plan: what is left of yours counts towards its price.');
  }
  return services.db.transaction(async (tx) => {
    if ((await scheduledSubscription(request.userId, tx)) !== null) throw new Conflict(paidAhead);
    const live = await liveSubscription(request.userId, tx);
    if (live?.id !== change.from.subscriptionId || (by !== undefined && by.subscriptionId !== live.id)) {
      throw new Conflict('The plan has just changed. Look at it again.');
    }
    const { nextPriceId, cancelAtPeriodEnd } = live;
    await setNextPrice(tx, live, to.price.id);
    if (by !== undefined) await audit(services, tx, live, { nextPriceId, cancelAtPeriodEnd }, by);
    return live;
  });
}

async function audit(
  { clock }: Services,
  tx: Tx,
  { id, nextPriceId, cancelAtPeriodEnd }: Subscription,
  before: object,
  { staff, reason }: StaffDecision,
): Promise<void> {
  await recordAudit(tx, {
    staffId: staff.staffId,
    actor: staff.name,
    address: staff.address,
    action: 'subscription.plan_change',
    subjectType: 'subscription',
    subjectId: id,
    reason,
    before,
    after: { nextPriceId, cancelAtPeriodEnd },
    now: clock.now(),
  });
}

const paidAhead = 'What follows your plan is paid for already.';

/** Takes it back: the plan goes on as it is. @throws NotFound without a plan, Conflict when what follows is paid for */
export async function revokePlanChange({ db }: Services, userId: string): Promise<Subscription> {
  const found = await changeable(userId);
  return db.transaction(async (tx) => {
    if ((await scheduledSubscription(userId, tx)) !== null) throw new Conflict(paidAhead);
    const live = await lockSubscription(tx, found.id);
    await setNextPrice(tx, live, null);
    return live;
  });
}

async function changeable(userId: string): Promise<Subscription> {
  const live = await liveSubscription(userId);
  if (live?.priceId == null) throw new NotFound('There is no paid plan to change. Choose one and buy it.');
  return live;
}

/** The plan that is asked for, in the currency that the customer pays in. @throws PlanUnavailable, Conflict */
async function targetOf(
  live: Subscription,
  { plan: reference, subscriptionType }: ChangeRequest,
): Promise<{ plan: Plan; price: PlanPrice }> {
  const sold = live.priceId === null ? null : await findPrice(live.priceId);
  const to = await findOffer(reference, subscriptionType, sold?.currency);
  if (to.plan.id === live.planId && subscriptionType === live.subscriptionType) {
    throw new Conflict('This is the plan that you have.');
  }
  return to;
}
