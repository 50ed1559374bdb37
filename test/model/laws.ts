import { findDifferences } from '../../src/billing/check-books.ts';
import { toMinor } from '../../src/sandbox/paypal/money.ts';
import { gather, type Evidence, type OrderRow, type PaymentRow } from './evidence.ts';
import { findOpen } from './settle-down.ts';
import type { World } from './world.ts';

/** → what breaks it, in words; nothing when it holds. */
type Law = (evidence: Evidence, world: World) => string[] | Promise<string[]>;

/** What must be true when a sequence has come to its end, whatever was in it. */
const laws = {
  'nothing failed that nobody foresees': ({ failedJobs }, { stage }) => [
    ...new Set(stage.complaints),
    ...failedJobs.map(({ job, error }) => `the job ${job}: ${error}`),
  ],

  'the books balance': async (_evidence, world) =>
    (await findDifferences(world.app(0).services)).map((difference) => JSON.stringify(difference)),

  'everything has come to its end': (evidence) => findOpen(evidence),

  'PayPal has taken what is paid with us, and nothing else': ({ payments, atPaypal }) => {
    const taken = atPaypal.captures.filter(({ status }) => status !== 'PENDING' && status !== 'DECLINED');
    const paid = payments.filter(({ status }) => status === 'completed');
    return [
      ...taken
        .filter(
          ({ id, amount }) => !paid.some((p) => p.provider_capture_id === id && p.amount_minor === toMinor(amount)),
        )
        .map(
          ({ id, amount }) => `PayPal has taken ${amount.value} by ${id}, and no payment of ours is completed by it`,
        ),
      ...paid
        .filter(({ provider_capture_id }) => !taken.some(({ id }) => id === provider_capture_id))
        .map(({ id }) => `the payment ${id} is completed, and PayPal has taken nothing`),
    ];
  },

  'PayPal has given back what is refunded with us, or an incident tells': (evidence) =>
    evidence.payments
      .filter(({ status }) => status === 'completed')
      .flatMap((payment) => {
        const { ours, theirs } = givenBack(evidence, payment);
        return ours === theirs || isReported(evidence, payment)
          ? []
          : [`of the payment ${payment.id} we have given back ${ours}, PayPal ${theirs}`];
      }),

  'no order is paid twice': ({ orders, payments, atPaypal }) =>
    orders
      .filter(
        ({ id }) =>
          payments.filter((p) => p.order_id === id && p.status === 'completed').length > 1 ||
          atPaypal.captures.filter((c) => c.customId === id && c.status !== 'DECLINED').length > 1,
      )
      .map(({ order_no }) => `${order_no} is`),

  'an order that is paid hands over its credits once, and no other does': ({ now, orders, grants, subscriptions }) =>
    orders.flatMap((order) => {
      // What was paid for ahead begins later, or was given up before.
      const begun = subscriptions.some(
        ({ order_id, start_date, ended_at }) => order_id === order.id && start_date < (ended_at ?? now),
      );
      const due = !isHandedOver(order)
        ? 0
        : (order.snapshot.credits ?? (begun ? order.snapshot.creditsMonthly : 0) ?? 0);
      const given = grants.filter(({ key }) => key === `order:${order.id}`);
      const sum = given.reduce((total, { amount }) => total + amount, 0);
      return sum === due && given.length <= 1 ? [] : [`${order.order_no} (${order.status}) gave ${sum}, not ${due}`];
    }),

  'a month of credits lies in time that was paid for': (evidence) =>
    evidence.grants.flatMap(({ key, subscription_id, created_at }) => {
      const [, , start] = /^quota:([^:]+):(.+)$/.exec(key) ?? [];
      const subscription = evidence.subscriptions.find(({ id }) => id === subscription_id);
      if (start === undefined || subscription?.price_id === null) return [];
      const month = new Date(start);
      const paidFor = evidence.orders.filter(
        (order) =>
          order.subscription_id === subscription_id &&
          isWithin(month, order) &&
          keptUntil(evidence, order).getTime() + raceMs > created_at.getTime(),
      );
      return paidFor.length > 0 ? [] : [`${key} was given, and nobody paid for that month`];
    }),

  'who has a plan has paid for it, and who has paid for time has the plan': (
    { now, orders, subscriptions },
    { gaveUp },
  ) => [
    ...subscriptions
      .filter(({ id, status, price_id, end_date }) => {
        if (!isLive(status) || price_id === null) return false;
        const paid = orders.filter((order) => order.subscription_id === id && isKept(order));
        const last = paid.reduce((end, { period_end }) => Math.max(end, period_end?.getTime() ?? Infinity), 0);
        return last !== (end_date?.getTime() ?? Infinity) || last <= now.getTime();
      })
      .map(({ id, end_date }) => `the subscription ${id} runs to ${end_date?.toISOString() ?? 'for ever'}, unpaid`),
    ...orders
      .filter(({ period_start: start, period_end: end, ...order }) => {
        const isRunning = start !== null && (end === null || end > now);
        const subscription = subscriptions.find(({ id }) => id === order.subscription_id);
        const ended = subscription !== undefined && subscription.status !== 'scheduled' && !isLive(subscription.status);
        return isKept(order) && isRunning && ended && !gaveUp.has(subscription.id) && !isCounted(orders, order);
      })
      .map(({ order_no }) => `the time of ${order_no} is paid for, and the plan has ended`),
  ],

  'a customer has at most one plan': ({ subscriptions }) => {
    const live = subscriptions.filter(({ status }) => isLive(status)).map(({ user_id }) => user_id);
    return live.filter((userId, place) => live.indexOf(userId) !== place);
  },

  'an order that is handed over has one receipt, and each mail goes out once': ({ orders, emails }) => [
    ...orders.flatMap((order) => {
      const receipts = emails.filter(({ dedupe_key }) => dedupe_key === `receipt:${order.id}`).length;
      return receipts === (isHandedOver(order) ? 1 : 0) ? [] : [`${order.order_no} has ${receipts} receipts`];
    }),
    ...emails
      .filter(({ copies }) => copies !== 1)
      .map(({ template, copies }) => `${template} went out ${copies} times`),
  ],

  'a full refund takes all credits of the order back, or says which it could not': ({ orders, refunds, grants }) =>
    orders
      .filter((order) => order.status === 'refunded' && isHandedOver(order))
      .flatMap(({ id, order_no }) => {
        const given = sum(grants.filter(({ order_id }) => order_id === id).map(({ amount }) => amount));
        const done = refunds.filter(({ order_id, status }) => order_id === id && status === 'completed');
        const claimed = sum(done.map((refund) => refund.credits_clawed_back + refund.credits_unrecovered));
        return given === claimed ? [] : [`${order_no} gave ${given} credits, and its refunds claim ${claimed}`];
      }),

  'what people were told is true': ({ orders, spends }, { promised, spent }) => [
    ...orders
      .filter(({ id, paid_at }) => promised.has(id) && paid_at === null)
      .map((o) => `${o.order_no} was said to be paid`),
    ...spends
      .filter(({ id, amount }) => spent.get(id) !== amount)
      .map(({ id }) => `nobody was told of the spending ${id}`),
    ...[...spent.keys()].filter((id) => !spends.some((s) => s.id === id)).map((id) => `${id} was said to be spent`),
  ],

  'an incident is about something that happened': (evidence) =>
    evidence.incidents
      .filter(({ status }) => status === 'open')
      .filter(({ kind, subject_id }) => !(explanations[kind]?.(evidence, subject_id) ?? false))
      .map(({ kind, summary }) => `${kind}: ${summary}`),
} satisfies Record<string, Law>;

export type LawName = keyof typeof laws;

/** By kind of incident: what has to be the case for one that is open. A kind that is not here must never be. */
const explanations: Readonly<Record<string, (evidence: Evidence, subjectId: string) => boolean>> = {
  duplicate_payment: ({ orders }, subject) => orders.some(({ id, paid_at }) => id === subject && paid_at !== null),
  dispute_reversed: ({ disputes }, subject) => disputes.some(({ id }) => id === subject),
  late_payment: ({ orders }, subject) =>
    orders.some(({ id, failure_code }) => id === subject && failure_code === 'PAID_LATE'),
  refund_failed: ({ refunds }, subject) => refunds.some(({ id, status }) => id === subject && status === 'failed'),
  refund_unmatched: ({ refunds, atPaypal }, subject) =>
    atPaypal.refunds.some(({ id }) => id === subject) && !refunds.some((r) => r.provider_refund_id === subject),
  refund_unresolved: ({ refunds }, subject) => refunds.some(({ id, status }) => id === subject && status === 'pending'),
  payment_unresolved: ({ orders }, subject) =>
    orders.some(({ id, status }) => id === subject && status === 'processing'),
  dispute_opened: ({ disputes }, subject) =>
    disputes.some(({ id, status }) => id === subject && (status === 'open' || status === 'lost_unbooked')),
  gateway_difference: (evidence, subject) => {
    const payment = evidence.payments.find(({ id }) => id === subject);
    if (payment === undefined) return false;
    const { ours, theirs } = givenBack(evidence, payment);
    return ours !== theirs;
  },
};

/** → a sentence for each breach, which begins with the law; none when all hold */
export async function findBreaches(world: World): Promise<string[]> {
  const evidence = await gather(world);
  const breaches: string[] = [];
  for (const [law, broken] of Object.entries<Law>(laws)) {
    breaches.push(...(await broken(evidence, world)).map((breach) => `${law}: ${breach}`));
  }
  return breaches;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function isLive(status: string): boolean {
  return status === 'active' || status === 'past_due' || status === 'paused';
}

/** Paid, and not with a reason to give the money back at once, such as coming too late. */
function isHandedOver({ paid_at, failure_code }: OrderRow): boolean {
  return paid_at !== null && failure_code === null;
}

/** Whether a later order for another plan was paid for with what was left of this one. */
function isCounted(orders: readonly OrderRow[], { id }: Pick<OrderRow, 'id'>): boolean {
  return orders.some(
    (later) => isHandedOver(later) && later.snapshot.change?.credits.some(({ orderId }) => orderId === id),
  );
}

function isKept(order: Pick<OrderRow, 'status'>): boolean {
  return order.status === 'completed' || order.status === 'partially_refunded';
}

function isWithin(time: Date, { period_start: start, period_end: end }: OrderRow): boolean {
  return start !== null && start <= time && (end === null || time < end);
}

/** Until when nobody had given it back in full. */
/** A refund is dated before it waits for the locks which a month that begins at that moment has. */
const raceMs = 60_000;

function keptUntil({ refunds }: Evidence, { id, status }: OrderRow): Date {
  const ends = refunds
    .filter(({ order_id }) => order_id === id)
    .map(({ completed_at }) => completed_at?.getTime() ?? 0);
  return new Date(status === 'refunded' ? Math.max(...ends) : 8.64e15);
}

/** Of one payment, in minor units, at both sides; what PayPal holds up is not given back yet. */
function givenBack({ refunds, atPaypal }: Evidence, payment: PaymentRow): { ours: number; theirs: number } {
  const ours = refunds.filter(({ payment_id, status }) => payment_id === payment.id && status === 'completed');
  const theirs = atPaypal.refunds.filter(
    ({ captureId, status }) => captureId === payment.provider_capture_id && status === 'COMPLETED',
  );
  return {
    ours: sum(ours.map(({ amount_minor }) => amount_minor)),
    theirs: sum(theirs.map(({ amount }) => toMinor(amount))),
  };
}

function isReported({ incidents }: Evidence, payment: PaymentRow): boolean {
  return incidents.some(
    ({ kind, subject_id, status }) => kind === 'gateway_difference' && subject_id === payment.id && status === 'open',
  );
}
