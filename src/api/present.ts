import type { User } from '../accounts/users.ts';
import type { CreditHold } from '../credits/hold-queries.ts';
import type { CreditsOverview, CreditTransaction } from '../credits/queries.ts';
import { toDecimal } from '../kit/money.ts';
import type { WhatFollows } from '../billing/what-follows.ts';
import type { OrderChange } from '../orders/order-states.ts';
import type { Order } from '../orders/orders.ts';
import type { Payment } from '../payments/payments.ts';
import type { Refund } from '../payments/refunds.ts';
import type { CreditPack, OfferedPlan, Plan } from '../plans/catalog.ts';
import { localized } from '../plans/plan-terms.ts';
import type { Subscription } from '../subscriptions/subscriptions.ts';

/* Rows as the HTTP contract shows them: snake_case, money as decimal strings, times as ISO 8601 in UTC. */

export function presentUser(user: User) {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    locale: user.locale,
    email_verified: user.emailVerifiedAt !== null,
    mail_low_balance: user.mailLowBalance,
    status: user.status,
    created_at: user.createdAt,
  };
}

export function presentPlan({ plan, prices }: OfferedPlan, locale: string, currency: string) {
  const { monthly, yearly, lifetime } = prices;
  return {
    id: plan.id,
    plan_code: plan.planCode,
    name: localized(plan.names, locale),
    description: localized(plan.descriptions, locale),
    currency,
    price_monthly: monthly === undefined ? null : toDecimal(monthly),
    price_yearly: yearly === undefined ? null : toDecimal(yearly),
    price_lifetime: lifetime === undefined ? null : toDecimal(lifetime),
    credits_monthly: plan.creditsMonthly,
    features: Object.fromEntries(plan.features.map(({ key, included }) => [key, included])),
    feature_prices: plan.featurePrices,
    is_popular: plan.isPopular,
  };
}

export function presentPack(pack: CreditPack, locale: string) {
  return {
    id: pack.id,
    pack_code: pack.packCode,
    name: localized(pack.names, locale),
    credits: pack.credits,
    price: toDecimal(pack),
    currency: pack.currency,
    validity_days: pack.validityDays,
  };
}

export function presentOrder(order: Order, payments: readonly Payment[], refunds: readonly Refund[]) {
  const { snapshot, currency } = order;
  return {
    order_id: order.id,
    order_no: order.orderNo,
    kind: order.kind,
    status: order.status,
    amount: toDecimal(order),
    currency,
    refunded_amount: toDecimal({ amountMinor: order.refundedMinor, currency }),
    ...('packCode' in snapshot
      ? { pack_code: snapshot.packCode }
      : {
          plan_code: snapshot.planCode,
          subscription_type: order.subscriptionType,
          ...(snapshot.change === undefined ? {} : { change: presentChange(snapshot.change, currency) }),
        }),
    created_at: order.createdAt,
    paid_at: order.paidAt,
    payments: payments.filter(({ orderId }) => orderId === order.id).map(presentPayment),
    refunds: refunds.filter(({ orderId }) => orderId === order.id).map(presentRefund),
  };
}

/** How the price of another plan came about, line by line. */
export function presentChange({ from, effective, priceMinor, credits }: OrderChange, currency: string) {
  const decimal = (amountMinor: number) => toDecimal({ amountMinor, currency });
  return {
    from_plan_code: from.planCode,
    from_subscription_type: from.subscriptionType,
    effective,
    price: decimal(priceMinor),
    credits: credits.map(({ orderId, orderNo, worthMinor, daysLeft, days, creditMinor }) => ({
      order_id: orderId,
      order_no: orderNo,
      worth: decimal(worthMinor),
      days_left: daysLeft,
      days,
      credit: decimal(creditMinor),
    })),
  };
}

function presentPayment(payment: Payment) {
  return {
    payment_id: payment.id,
    provider: payment.provider,
    provider_order_id: payment.providerOrderId,
    status: payment.status,
    amount: toDecimal(payment),
    currency: payment.currency,
    created_at: payment.createdAt,
    completed_at: payment.completedAt,
  };
}

function presentRefund(refund: Refund) {
  return {
    refund_id: refund.id,
    status: refund.status,
    amount: toDecimal(refund),
    currency: refund.currency,
    created_at: refund.createdAt,
    completed_at: refund.completedAt,
  };
}

export function presentSubscription(
  subscription: Subscription,
  plan: Plan | null,
  next: WhatFollows | null,
  locale: string,
) {
  return {
    id: subscription.id,
    plan_code: plan?.planCode ?? null,
    plan_name: plan === null ? null : localized(plan.names, locale),
    subscription_type: subscription.subscriptionType,
    status: subscription.status,
    start_date: subscription.startDate,
    end_date: subscription.endDate,
    quota_reset_date: subscription.quotaResetsAt,
    cancel_at_period_end: subscription.cancelAtPeriodEnd,
    scheduled_change: next && presentNext(next, locale),
  };
}

function presentNext({ plan, price, beginsAt, isPaid }: WhatFollows, locale: string) {
  return {
    plan_code: plan.planCode,
    plan_name: localized(plan.names, locale),
    subscription_type: price.subscriptionType,
    amount: toDecimal(price),
    currency: price.currency,
    effective_at: beginsAt,
    paid: isPaid,
  };
}

export function presentCredits({ balance, grants }: CreditsOverview) {
  return {
    total_credits: balance.totalEarned,
    used_credits: balance.totalUsed,
    available_credits: balance.available,
    held_credits: balance.held,
    monthly_quota: balance.monthlyQuota,
    quota_used: balance.quotaUsed,
    quota_reset_date: balance.quotaResetAt,
    grants: grants.map(({ id, source, amount, remaining, held, expiresAt }) => ({
      id,
      source,
      amount,
      remaining,
      held,
      expires_at: expiresAt,
    })),
  };
}

export function presentTransaction(entry: CreditTransaction) {
  const holdId = holdOf(entry);
  return {
    id: entry.id,
    transaction_type: entry.type,
    amount: entry.amount,
    balance_after: entry.balanceAfter,
    source: entry.source,
    feature_type: entry.featureType,
    description: entry.description,
    created_at: entry.createdAt,
    quantity: entry.quantity ?? null,
    reference: holdId === null ? (entry.reference ?? null) : null,
    hold_id: holdId,
  };
}

/** Of the entries that set credits apart for running work, or let go of them; a dispute's have none. */
function holdOf({ type, source, reference }: CreditTransaction): string | null {
  const isOfHold = (type === 'hold' || type === 'release') && source === 'api';
  return isOfHold ? (reference ?? null) : null;
}

export function presentHold(hold: CreditHold) {
  return {
    hold_id: hold.id,
    amount: hold.amount,
    status: hold.status,
    settled_amount: hold.settled,
    released_amount: hold.status === 'open' ? 0 : hold.amount - hold.settled,
    feature_type: hold.featureType,
    quantity: hold.quantity,
    reference: hold.reference,
    description: hold.description,
    created_at: hold.createdAt,
    expires_at: hold.expiresAt,
    closed_at: hold.closedAt,
  };
}
