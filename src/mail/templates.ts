import type { Money } from '../kit/money.ts';
import type { ReturnCode } from '../orders/order-states.ts';
import type { LocalizedText, SubscriptionType } from '../plans/plan-terms.ts';

/**
 * What each mail says, as plain JSON: it is stored in `emails.data` and rendered when the mail is sent.
 * Amounts are minor units with their currency, times ISO 8601 strings in UTC, names as the catalogue keeps them:
 * one text per language, of which the renderer takes the recipient's.
 */
export interface MailTemplates {
  welcome: Addressed;
  receipt: ReceiptData;
  renewal_reminder: RenewalReminderData;
  subscription_expired: SubscriptionExpiredData;
  subscription_cancelled: SubscriptionCancelledData;
  plan_granted: PlanGrantedData;
  low_balance: LowBalanceData;
  transfer_instructions: TransferInstructionsData;
  payment_pending: PaymentProblemData;
  payment_failed: PaymentProblemData;
  refund: RefundData;
  dispute_opened: DisputeOpenedData;
  staff_invitation: StaffLinkData;
  staff_password: StaffLinkData;
  approval_requested: ApprovalRequestedData;
}

export type MailTemplate = keyof MailTemplates;

interface Addressed {
  /** As the customer gave it, null when they did not; in a mail to staff, theirs. */
  customerName: string | null;
}

/** What an order was for, as far as a mail needs to know it. */
export type PurchasedItem =
  | {
      kind: 'plan';
      planCode: string;
      name: LocalizedText;
      subscriptionType: SubscriptionType;
      creditsMonthly: number;
    }
  | {
      kind: 'pack';
      packCode: string;
      name: LocalizedText;
      credits: number;
    };

export interface ReceiptData extends Addressed {
  orderNo: string;
  paidAt: string;
  item: PurchasedItem;
  total: Money;
  /** The time that was paid for; `end` is null for lifetime. Null for a pack. */
  period: { start: string; end: string | null } | null;
  /** When the credits of a pack expire; null when they never do, and for a plan. */
  creditsExpireAt: string | null;
  /** When the order moved the customer to another plan. */
  change?: ReceiptChange | null;
}

export interface ReceiptChange {
  /** The plan before it. */
  fromName: LocalizedText;
  effective: 'now' | 'period_end';
  price: Money;
  /** What was left of earlier orders and counted towards the price. */
  credits: { orderNo: string; daysLeft: number; days: number; credit: Money }[];
}

export interface RenewalReminderData extends Addressed {
  /** What the customer can pay for: the plan that ends, or the one that they chose to follow it. */
  planCode: string;
  planName: LocalizedText;
  /** The plan that ends, where it is to be followed by another plan or interval. */
  endingName?: LocalizedText;
  subscriptionType: SubscriptionType;
  creditsMonthly: number;
  endsAt: string;
  /** Whole days until then: 7, 3 or 1. */
  daysLeft: number;
  /** What renewing costs this customer; null when the plan is no longer sold. */
  price: Money | null;
}

export interface SubscriptionExpiredData extends Addressed {
  planCode: string;
  planName: LocalizedText;
  subscriptionType: SubscriptionType;
  /** What it was paid in. */
  currency?: string | undefined;
  endedAt: string;
  /** Credits from packs and adjustments: they are still the customer's. */
  creditsKept: number;
}

export interface SubscriptionCancelledData extends Addressed {
  planCode: string;
  planName: LocalizedText;
  /** Until when the plan works; in the past when it was ended at once. */
  endsAt: string;
  /** False: cancelled at period end, the customer may still resume. True: it has ended. */
  endedNow: boolean;
}

/** A plan that we gave, without payment. */
export interface PlanGrantedData extends Addressed {
  planName: LocalizedText;
  creditsMonthly: number;
  endsAt: string;
  /** Whether it had been given before, and runs longer now. */
  isLonger: boolean;
}

export interface LowBalanceData extends Addressed {
  planName: LocalizedText;
  /** Credits that can be spent, whatever they came from; 0: used up. */
  available: number;
  monthlyQuota: number;
  /** When `available` was read. */
  at: string;
  /** The end of the quota month. */
  monthEndsAt: string;
  /** What comes then: new credits, or new credits only if the customer renews, or none, because they have cancelled. */
  next: 'credits' | 'renewal' | 'none';
  /** Whether there are packs to buy. */
  packsOnSale: boolean;
}

/** What a customer needs at their bank. */
export interface TransferInstructionsData extends Addressed {
  orderNo: string;
  item: PurchasedItem;
  total: Money;
  /** Our bank account, in lines: `IBAN: …`. */
  account: string;
  /** What they write on the transfer. */
  reference: string;
  payUntil: string;
}

/** The gateway holds the money (pending), or in the end did not pay it (failed). */
export interface PaymentProblemData extends Addressed {
  orderNo: string;
  orderedAt: string;
  item: PurchasedItem;
  total: Money;
  /** As customers know it: `PayPal`. */
  providerName: string;
}

export interface RefundData extends Addressed {
  orderNo: string;
  refundedAt: string;
  item: PurchasedItem;
  total: Money;
  /** This refund, not the sum of all. */
  refunded: Money;
  creditsTakenBack: number;
  /** Whether the plan that the order paid for ended with it. */
  subscriptionEnded: boolean;
  /** Why the money went back by itself; null, or missing in older mails, when somebody gave it back. */
  why?: ReturnCode | null;
  /** As `payments.provider` has it; mails that were written before there were several do not say. */
  provider?: string;
  providerName: string;
}

/** To staff: somebody has to answer the gateway. */
export interface DisputeOpenedData extends Addressed {
  disputeId: string;
  orderNo: string;
  amount: Money;
  /** The gateway's own word; null when it gives none. */
  reason: string | null;
  openedAt: string;
  /** Until when the gateway waits for an answer; null when it does not say. */
  respondBy: string | null;
  creditsFrozen: boolean;
  providerName: string;
}

/** To somebody who works here, or is about to: a link by which they choose a password. */
export interface StaffLinkData extends Addressed {
  /** Who asked for it. */
  invitedBy: string;
  email: string;
  role: 'owner' | 'finance' | 'support' | 'viewer';
  expiresAt: string;
  /** What opens the link. Forgotten when the mail has been sent: whoever reads the outbox later cannot use it. */
  token?: string;
}

/** To staff: somebody else wants something done that takes two. */
export interface ApprovalRequestedData extends Addressed {
  requestId: string;
  /** The name of who asks. */
  requestedBy: string;
  reason: string;
  expiresAt: string;
  /** Of an adjustment: positive gives credits, negative takes them. */
  what: { kind: 'refund'; orderNo: string; amount: Money } | { kind: 'adjustment'; credits: number };
}
