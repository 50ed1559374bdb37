import { toDecimal, type Money } from '../kit/money.ts';
import type { Order } from '../orders/orders.ts';
import type { Payment } from '../payments/payments.ts';
import type { ProviderCapture, ProviderRefund } from '../payments/provider.ts';
import { matchRefund, type Refund } from '../payments/refunds.ts';

/** What our books say of one attempt to pay. */
export interface OurSide {
  order: Pick<Order, 'id' | 'orderNo'>;
  payment: Payment;
  refunds: readonly Refund[];
}

/** What the gateway says of it. */
export interface TheirSide {
  capture: ProviderCapture | null;
  /** Those that it lists, and those of ours that it knows beside. */
  refunds: readonly ProviderRefund[];
}

export const aspects = [
  'captured, not paid',
  'paid, not captured',
  'another capture',
  'amount',
  'refund not booked',
  'refund not made',
  'refund amount',
] as const;

export interface GatewayDifference {
  aspect: (typeof aspects)[number];
  summary: string;
  /** Ours and theirs: an amount with its currency, a state, or an id. */
  expected: string;
  found: string;
  /** How much money is at stake; null when the gateway does not tell. */
  amount: Money | null;
  /** The gateway's id of the capture that our books do not have. */
  captureId?: string;
  /** The gateway's ids of the refunds that differ, where it says them. */
  refundIds?: string[];
}

/** What began so recently may not have arrived on both sides: the follow-up job is still at it. */
const underwayMs = 3600 * 1000;

/** Holds the two sides of a payment against each other. → at most one difference of each aspect */
export function findGatewayDifferences(ours: OurSide, theirs: TheirSide, now: Date): GatewayDifference[] {
  const { order, payment } = ours;
  const { capture } = theirs;
  const taken = capture !== null && isTaken(capture) ? capture : null;
  if (payment.status !== 'completed') {
    // What was taken and given back whole leaves both sides with nothing.
    if (taken === null || taken.status === 'refunded' || isUnderway(payment, now)) return [];
    const summary = `The gateway has taken the money for ${order.orderNo}, and our payment is ${payment.status}.`;
    const { captureId } = taken;
    const sides = { expected: payment.status, found: text(taken), amount: money(taken) };
    return [{ aspect: 'captured, not paid', summary, ...sides, captureId }];
  }
  if (taken === null) {
    const summary = `${order.orderNo} is paid with us, and the gateway has not taken the money.`;
    const found = capture?.status ?? 'nothing';
    return [{ aspect: 'paid, not captured', summary, expected: text(payment), found, amount: money(payment) }];
  }
  return [...captureDifferences(ours, taken), ...refundDifferences(ours, taken, theirs.refunds, now)];
}

function captureDifferences({ order, payment }: OurSide, capture: ProviderCapture): GatewayDifference[] {
  const differences: GatewayDifference[] = [];
  const { captureId } = capture;
  if (captureId !== payment.providerCaptureId) {
    const summary = `The gateway names another capture for ${order.orderNo} than our payment does.`;
    const expected = payment.providerCaptureId ?? 'none';
    const sides = { expected, found: captureId, amount: money(capture) };
    differences.push({ aspect: 'another capture', summary, ...sides, captureId });
  }
  if (text(capture) !== text(payment)) {
    const summary = `The gateway has taken another amount for ${order.orderNo} than our books say.`;
    const sides = { expected: text(payment), found: text(capture), amount: between(payment, capture) };
    differences.push({ aspect: 'amount', summary, ...sides });
  }
  return differences;
}

function refundDifferences(
  { order, payment, refunds }: OurSide,
  capture: ProviderCapture,
  atGateway: readonly ProviderRefund[],
  now: Date,
): GatewayDifference[] {
  const byId = new Map(atGateway.map((refund) => [refund.refundId, refund]));
  const booked = refunds.filter(({ status }) => status === 'completed');
  const gone = atGateway.filter(({ status }) => status === 'completed' || status === 'pending');
  const { currency } = payment;
  const sides = {
    expected: text({ amountMinor: sum(booked), currency }),
    found: text({ amountMinor: sum(gone), currency: capture.currency }),
  };
  const differences: GatewayDifference[] = [];

  const notBooked = refundsNotBooked(refunds, gone, now);
  const hidden = notBooked.length === 0 ? hiddenRefund(capture, sum(refunds.filter(isPromised)), sum(gone)) : null;
  if (notBooked.length > 0 || hidden !== null) {
    const summary = `The gateway has given back money of ${order.orderNo} that is not in our books.`;
    const refundIds = notBooked.map(({ refundId }) => refundId);
    const amountMinor = hidden === null ? sum(notBooked) : hidden.amountMinor;
    const amount = amountMinor === null ? null : { amountMinor, currency: capture.currency };
    const found = hidden?.found ?? sides.found;
    differences.push({ aspect: 'refund not booked', summary, ...sides, found, amount, refundIds });
  }
  const notMade = booked.filter(({ providerRefundId: id }) => byId.get(id ?? '')?.status !== 'completed');
  if (notMade.length > 0) {
    const summary = `Our books have a refund of ${order.orderNo} that the gateway has not made.`;
    const states = notMade.map(({ providerRefundId: id }) => byId.get(id ?? '')?.status ?? 'unknown');
    const found = `${text({ amountMinor: sum(booked) - sum(notMade), currency })} (${states.join(', ')})`;
    const refundIds = notMade.flatMap(({ providerRefundId: id }) => id ?? []);
    const amount = { amountMinor: sum(notMade), currency };
    differences.push({ aspect: 'refund not made', summary, expected: sides.expected, found, amount, refundIds });
  }
  const otherwise = booked.filter((refund) => {
    const theirs = byId.get(refund.providerRefundId ?? '');
    return theirs?.status === 'completed' && text(theirs) !== text(refund);
  });
  if (otherwise.length > 0) {
    const summary = `A refund of ${order.orderNo} has another amount at the gateway than in our books.`;
    const refundIds = otherwise.flatMap(({ providerRefundId: id }) => id ?? []);
    const theirs = otherwise.flatMap(({ providerRefundId: id }) => byId.get(id ?? '') ?? []);
    const amount = between(
      { amountMinor: sum(otherwise), currency },
      { amountMinor: sum(theirs), currency: capture.currency },
    );
    differences.push({ aspect: 'refund amount', summary, ...sides, amount, refundIds });
  }
  return differences;
}

/** Of the refunds at the gateway, those without a row of ours, or with one that is not, or not yet, booked. */
function refundsNotBooked(refunds: readonly Refund[], gone: readonly ProviderRefund[], now: Date): ProviderRefund[] {
  // Each of ours stands for one of theirs.
  const left = [...refunds];
  return gone.filter((theirs) => {
    const ours = matchRefund(left, theirs);
    if (ours === undefined) return true;
    left.splice(left.indexOf(ours), 1);
    // Promised, and the answer is still missing: this is it, and the follow-up will hear of it.
    if (ours.status === 'pending' && ours.providerRefundId === null) return false;
    if (ours.status === 'completed' || theirs.status === 'pending') return false;
    return ours.status === 'failed' || !isUnderway(ours, now);
  });
}

/** A capture can say that money was given back of which the gateway lists no refund: a chargeback, for one. */
function hiddenRefund(
  capture: ProviderCapture,
  promisedMinor: number,
  listedMinor: number,
): { found: string; amountMinor: number | null } | null {
  const knownMinor = Math.max(promisedMinor, listedMinor);
  const leftMinor = capture.amountMinor - knownMinor;
  if (capture.status === 'refunded' && leftMinor > 0) return { found: text(capture), amountMinor: leftMinor };
  const isPart = capture.status === 'partially_refunded' && knownMinor === 0;
  return isPart ? { found: 'a part of it', amountMinor: null } : null;
}

function isTaken({ status }: ProviderCapture): boolean {
  return status === 'completed' || status === 'partially_refunded' || status === 'refunded';
}

function isPromised({ status }: Refund): boolean {
  return status === 'completed' || status === 'pending';
}

function isUnderway({ status, createdAt }: { status: string; createdAt: Date }, now: Date): boolean {
  return (status === 'pending' || status === 'processing') && now.getTime() - createdAt.getTime() < underwayMs;
}

function sum(amounts: readonly { amountMinor: number }[]): number {
  return amounts.reduce((total, { amountMinor }) => total + amountMinor, 0);
}

/** How far apart two sums are; of two currencies, all of ours. */
function between(ours: Money, theirs: Money): Money {
  if (ours.currency !== theirs.currency) return money(ours);
  return { amountMinor: Math.abs(ours.amountMinor - theirs.amountMinor), currency: ours.currency };
}

function money({ amountMinor, currency }: Money): Money {
  return { amountMinor, currency };
}

function text(amount: Money): string {
  return `${toDecimal(amount)} ${amount.currency}`;
}
