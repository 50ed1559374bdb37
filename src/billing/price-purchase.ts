import { Conflict, PaymentPending, PlanUnavailable } from '../kit/errors.ts';
import type { OrderKind } from '../orders/order-states.ts';
import { heldPlanOrder, type NewOrder } from '../orders/orders.ts';
import {
  findOffer,
  findPack,
  findPlan,
  findPrice,
  type Plan,
  type PlanPrice,
  type PlanReference,
} from '../plans/catalog.ts';
import type { SubscriptionType } from '../plans/plan-terms.ts';
import { liveSubscription, scheduledSubscription, type Subscription } from '../subscriptions/subscriptions.ts';
import { quotePlanChange, type PlanChange } from './quote-plan-change.ts';

interface PlanPurchase {
  plan: PlanReference;
  subscriptionType: SubscriptionType;
  currency?: string;
}

export type Purchase = PlanPurchase | { packCode: string; currency?: string };

/** What is sold, and for how much. */
export type Terms = Pick<
  NewOrder,
  'kind' | 'planId' | 'priceId' | 'packId' | 'subscriptionType' | 'snapshot' | 'amountMinor' | 'currency'
>;

/**
 * What is being bought and what it costs this customer: a renewal costs what it cost, whatever the price is now, and
 * towards another plan counts what is left of the one that runs.
 * @throws PlanUnavailable, PaymentPending, Conflict when their plan stands in the way
 */
export async function priceOf({ userId, purchase }: { userId: string; purchase: Purchase }, now: Date): Promise<Terms> {
  if ('packCode' in purchase) return packTerms(purchase);
  const held = await heldPlanOrder(userId);
  if (held !== null) {
    throw new PaymentPending(
      `The payment service still holds the money for order ${held.orderNo}. Wait for its answer.`,
    );
  }
  const live = await liveSubscription(userId);
  const next = await scheduledSubscription(userId);
  if (live?.priceId == null || hasEnded(live, now)) {
    if (next !== null) throw paidAhead(next);
    const { plan, price } = await findOffer(purchase.plan, purchase.subscriptionType, purchase.currency);
    return planTerms('subscription', plan, price);
  }
  if (live.endDate === null) throw new Conflict('You have a lifetime plan: there is nothing to renew or to buy.');
  const sold = await soldTo(live);
  const { currency } = sold.price;
  mustBeIn(currency, purchase, `Your plan was bought in ${currency}: it is renewed and changed in it.`);
  if (isPriceFor(sold, purchase)) {
    if (next !== null) throw paidAhead(next);
    return { ...planTerms('renewal', sold.plan, sold.price, live) };
  }
  return changeTerms(live, { sold: sold.price, next, purchase, now });
}

async function packTerms(purchase: { packCode: string; currency?: string }): Promise<Terms> {
  const pack = await findPack(purchase.packCode);
  const { packCode, names, credits, validityDays, amountMinor, currency } = pack;
  mustBeIn(currency, purchase, `${packCode} is sold in ${currency} only.`);
  const snapshot = { packCode, names, credits, validityDays };
  const none = { planId: null, priceId: null, subscriptionType: null };
  return { ...none, kind: 'credit_pack', packId: pack.id, snapshot, amountMinor, currency };
}

/** What begins at once is bought with what is left; what was chosen for the period's end is paid in full. */
async function changeTerms(
  live: Subscription,
  { sold, next, purchase, now }: { sold: PlanPrice; next: Subscription | null; purchase: PlanPurchase; now: Date },
): Promise<Terms> {
  const chosen = live.nextPriceId === null ? null : await offerOf(live.nextPriceId);
  const isChosen = chosen !== null && isPriceFor(chosen, purchase);
  const { plan, price } = isChosen ? chosen : await findOffer(purchase.plan, purchase.subscriptionType, sold.currency);
  const quoted = await quotePlanChange(live, { plan, price }, now);
  if (quoted.change.effective === 'period_end') {
    if (next !== null) throw paidAhead(next);
    if (!isChosen)
      throw new Conflict(`This change begins when your period ends, on ${day(live.endDate)}. Schedule it.`);
  }
  return changed(quoted, plan, price);
}

function changed({ change, due }: PlanChange, plan: Plan, price: PlanPrice): Terms {
  const terms = planTerms('plan_change', plan, price);
  return { ...terms, snapshot: { ...terms.snapshot, change }, amountMinor: due.amountMinor };
}

function planTerms(
  kind: OrderKind,
  plan: Plan,
  { id: priceId, subscriptionType, amountMinor, currency }: PlanPrice,
  { creditsMonthly, rollover, rolloverCap }: Pick<Plan, 'creditsMonthly' | 'rollover' | 'rolloverCap'> = plan,
): Terms & { snapshot: { planCode: string } } {
  const { planCode, names } = plan;
  const snapshot = { planCode, names, creditsMonthly, rollover, rolloverCap };
  return { kind, planId: plan.id, priceId, packId: null, subscriptionType, snapshot, amountMinor, currency };
}

/** @throws PlanUnavailable when another currency was asked for: nobody pays in one that they did not expect */
function mustBeIn(currency: string, asked: { currency?: string | undefined }, otherwise: string): void {
  if (asked.currency !== undefined && asked.currency !== currency) throw new PlanUnavailable(otherwise);
}

type Offer = Awaited<ReturnType<typeof findOffer>>;

function isPriceFor({ plan, price }: Offer, { plan: reference, subscriptionType }: PlanPurchase): boolean {
  const isPlan = 'planId' in reference ? plan.id === reference.planId : plan.planCode === reference.planCode;
  return isPlan && price.subscriptionType === subscriptionType;
}

async function soldTo({ id, priceId }: Subscription): Promise<Offer> {
  const sold = priceId === null ? null : await offerOf(priceId);
  if (sold === null) throw new Error(`subscription ${id} names a price that is not there`);
  return sold;
}

/** A plan at a price that is or was on sale. */
async function offerOf(priceId: string): Promise<Offer | null> {
  const price = await findPrice(priceId);
  const plan = price === null ? null : await findPlan(price.planId);
  return price === null || plan === null ? null : { plan, price };
}

function hasEnded({ endDate }: Subscription, now: Date): boolean {
  return endDate !== null && endDate <= now;
}

function paidAhead({ startDate }: Subscription): Conflict {
  return new Conflict(`What follows your plan is paid for already. It begins on ${day(startDate)}.`);
}

function day(date: Date | null): string {
  return date?.toISOString().slice(0, 10) ?? '';
}
