import type { OrderCredits } from '../credits/ledger.ts';
import { isPaid } from '../orders/order-states.ts';
import type { Order } from '../orders/orders.ts';
import { pendingMinor, type Refund } from '../payments/refunds.ts';

/** What a refund would do, or did: the preview and the deed are this one calculation. */
export interface RefundPlan {
  amountMinor: number;
  currency: string;
  /** Credits that can still be taken back. */
  creditsTakenBack: number;
  /** Credits of the order that were spent or have expired: they cannot. */
  creditsUnrecovered: number;
  /** Whether the whole order is given back, which ends what it paid for unless somebody decides otherwise. */
  isFull: boolean;
  /**
   * What becomes of the subscription that the order paid for. none: there is none that runs. stays: its time is left to
   * the customer. ends: now. shortened: the order's period lay ahead and is cut off, at `endsAt`. goes_on: other paid
   * periods follow the order's, which only loses its credits.
   */
  subscription: 'none' | 'stays' | 'ends' | 'shortened' | 'goes_on';
  endsAt: Date | null;
  /** Further credits of the plan that are lost with a subscription that ends. */
  creditsEnding: number;
}

/** Money of the order that has not gone back and was not promised. Minor units. */
export function keptMinor(order: Order, refunds: readonly Refund[]): number {
  if (!isPaid(order.status)) return 0;
  return order.amountMinor - order.refundedMinor - pendingMinor(refunds);
}

/** What staff can still give back: what was counted towards a later order is spent there. Minor units. */
export function refundableMinor(order: Order, refunds: readonly Refund[]): number {
  return Math.max(0, keptMinor(order, refunds) - order.creditedMinor);
}

/** Credits that earlier refunds of the order have claimed, taken back or not. */
export function claimedCredits(refunds: readonly Refund[]): number {
  return refunds.reduce(
    (sum, { creditsClawedBack, creditsUnrecovered }) => sum + creditsClawedBack + creditsUnrecovered,
    0,
  );
}

/** Whether a paid order's time still counts: a refund may have taken it back, and one in full does unless it was decided. */
export function holdsItsTime({ id, status }: Pick<Order, 'id' | 'status'>, refunds: readonly Refund[]): boolean {
  const made = refunds.filter((refund) => refund.orderId === id && refund.status === 'completed');
  if (made.some(({ endsSubscription }) => endsSubscription === true)) return false;
  return status !== 'refunded' || made.some(({ endsSubscription }) => endsSubscription === false);
}

/** The money and the credits of giving back `amountMinor`; `already` is what was given back before it, and `claimed` its credits. */
export function planRefund(
  order: Pick<Order, 'amountMinor' | 'currency'>,
  amountMinor: number,
  already: number,
  credits: Pick<OrderCredits, 'granted' | 'remaining'>,
  claimed: number,
): RefundPlan {
  const isFull = already + amountMinor === order.amountMinor;
  // All of the order's credits when all of its money goes back, else its share of the whole, in the customer's favour.
  const share = Math.floor((credits.granted * amountMinor) / order.amountMinor);
  const claim = isFull ? credits.granted - claimed : Math.min(share, credits.granted - claimed);
  const creditsTakenBack = Math.min(claim, credits.remaining);
  const creditsUnrecovered = claim - creditsTakenBack;
  const money = { amountMinor, currency: order.currency, isFull };
  return { ...money, creditsTakenBack, creditsUnrecovered, subscription: 'none', endsAt: null, creditsEnding: 0 };
}
