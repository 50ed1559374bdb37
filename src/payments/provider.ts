import type { Money } from '../kit/money.ts';

/**
 * What a payment gateway must be able to do for us. Flows in `billing/` know this interface only;
 * adding a gateway means writing one adapter in `providers/` and nothing else.
 *
 * Amounts are minor units of `currency` (ISO 4217). Every call that changes something at the gateway takes a
 * `requestId` of ours: calling again with the same id must not have a second effect.
 */
export interface PaymentProvider {
  /** Stored in `payments.provider`, and named in URLs: `paypal`. */
  readonly name: string;
  /** As customers of that language know it: `PayPal`. */
  displayName(locale: string): string;
  /** How long a buyer has to pay, from the order on: what the gateway itself keeps, or what its way of paying takes. */
  readonly openForMs: number;
  /**
   * How long the gateway remembers a request id, from when it was first sent. Within it the same call is safe; after it
   * the call could have a second effect, so it is looked first whether it was made.
   */
  readonly remembersRequestsMs: { readonly order: number; readonly refund: number };

  /**
   * Whether it can take such an amount at all, known without asking it.
   * @returns why not, in a sentence for people, or null
   */
  refusesAmount(money: Money): string | null;

  /**
   * Opens an order at the gateway that the buyer then approves.
   * @throws ProviderUnavailable when the outcome is unknown, ProviderRejected when the gateway refused
   */
  createOrder(input: ProviderOrderInput): Promise<ProviderOrder>;

  /** @throws ProviderUnavailable, ProviderRejected (`issue` RESOURCE_NOT_FOUND when there is none) */
  fetchOrder(providerOrderId: string): Promise<ProviderOrder>;

  /**
   * Takes the money of an approved order. An order that was captured before is fetched and returned as it is.
   * @throws ProviderUnavailable, ProviderNotApproved, ProviderDeclined, ProviderRejected
   */
  captureOrder(input: { providerOrderId: string; requestId: string }): Promise<ProviderOrder>;

  /** @throws ProviderUnavailable, ProviderRejected */
  fetchCapture(captureId: string): Promise<ProviderCapture>;

  /**
   * Gives back a capture in part or in whole.
   * @throws ProviderUnavailable when the outcome is unknown, ProviderRejected when the gateway refused
   */
  refundCapture(input: ProviderRefundInput): Promise<ProviderRefund>;

  /** @throws ProviderUnavailable, ProviderRejected */
  fetchRefund(refundId: string): Promise<ProviderRefund>;

  /** @throws ProviderUnavailable, ProviderRejected (`issue` RESOURCE_NOT_FOUND when there is none) */
  fetchDispute(disputeId: string): Promise<ProviderDispute>;

  /**
   * Ids of the disputes in which something happened since, whoever is concerned.
   * @throws ProviderUnavailable, ProviderRejected
   */
  listDisputes(updatedSince: Date): Promise<string[]>;

  /**
   * The gateway's statement: what moved on our account in a period, oldest first, page by page. Null when it keeps none.
   * What is new may be missing in it for hours.
   * @throws ProviderUnavailable, ProviderRejected (`issue` NOT_AUTHORIZED when we may not read it)
   */
  readonly listTransactions: ((period: Period) => AsyncIterable<readonly ProviderTransaction[]>) | null;

  /**
   * Checks that a webhook comes from the gateway, over the bytes as received.
   * @throws WebhookRejected with the reason (for the log; the sender learns only that it was refused)
   */
  verifyWebhook(rawBody: Buffer, headers: Readonly<Record<string, string | undefined>>): Promise<ProviderEvent>;

  /** Reads a stored, already verified event again. Throws SyntaxError when it is not the gateway's JSON. */
  parseEvent(rawBody: Buffer): ProviderEvent;
}

export interface ProviderOrderInput {
  /** Our payment id, as the gateway's idempotency key. */
  requestId: string;
  /** Our order id: comes back on the capture as `reference`. */
  reference: string;
  /** One per attempt: unique at the gateway. */
  invoiceId: string;
  amountMinor: number;
  currency: string;
  description: string;
  locale: string;
  /** Where the buyer's browser comes back to. */
  returnUrl: string;
  cancelUrl: string;
}

export interface ProviderOrder {
  providerOrderId: string;
  status: 'created' | 'approved' | 'completed' | 'voided';
  /** Where the buyer approves; null once there is nothing to approve. */
  approvalUrl: string | null;
  /** Who receives the money at the gateway, e.g. a merchant id; null when the gateway does not say. */
  payee: string | null;
  payer: ProviderPayer | null;
  capture: ProviderCapture | null;
  /** All that was given back of it, by whomever, failed attempts too; null when the gateway does not tell. */
  refunds: readonly ProviderRefund[] | null;
  /** Only where the buyer has to send the money by themselves: no page of the gateway takes it from them. */
  transfer?: ProviderTransfer;
}

export interface ProviderTransfer {
  /** Where the money has to go, in lines: `IBAN: …`. */
  account: string;
  /** What the buyer writes on it, so that it is found again. */
  reference: string;
}

export interface ProviderPayer {
  payerId: string | null;
  email: string | null;
  name: string | null;
  countryCode: string | null;
}

export interface ProviderCapture {
  captureId: string;
  /** Only `completed` means that the money is ours. */
  status: 'completed' | 'pending' | 'declined' | 'failed' | 'refunded' | 'partially_refunded';
  pendingReason: string | null;
  amountMinor: number;
  currency: string;
  /** Our order id, as the gateway kept it; null when it did not. */
  reference: string | null;
  payee: string | null;
  /** The gateway's order that this capture belongs to, when it says. */
  providerOrderId: string | null;
}

export interface ProviderRefundInput {
  /** Our refund id, as the gateway's idempotency key; comes back on the refund as `reference`. */
  requestId: string;
  captureId: string;
  amountMinor: number;
  currency: string;
  /** Shown to the buyer by the gateway. */
  note: string | null;
}

export interface ProviderRefund {
  refundId: string;
  status: 'completed' | 'pending' | 'failed' | 'cancelled';
  amountMinor: number;
  currency: string;
  captureId: string | null;
  /**
   * What the gateway keeps with it for us: our refund id on one that we asked for, something else on one that was made
   * elsewhere; null when it keeps nothing.
   */
  reference: string | null;
  /** By the gateway's clock; null when it does not say. */
  madeAt: Date | null;
}

export interface ProviderDispute {
  disputeId: string;
  /** `won`: the money stays with us, by decision, withdrawal or because the gateway pays. `lost`: the buyer gets it back. */
  status: 'open' | 'won' | 'lost';
  /** The gateway's own words. */
  reason: string | null;
  outcome: string | null;
  /** What is disputed. */
  amountMinor: number;
  currency: string;
  /** What the decision gives back to the buyer, in `currency`; null when the gateway does not say. */
  refundedMinor: number | null;
  captureId: string | null;
  openedAt: Date;
  /** Tells old news from new. */
  updatedAt: Date;
  /** Until when we have to answer. */
  respondBy: Date | null;
}

export interface Period {
  from: Date;
  to: Date;
}

/** One line of the gateway's statement. */
export interface ProviderTransaction {
  /** Of a capture, refund or reversal: its id. */
  transactionId: string;
  /** A reversal was not ours to make: a bank, a card or the gateway took the money back. */
  kind: 'capture' | 'refund' | 'reversal' | 'fee' | 'other';
  /** The gateway's own name for it, e.g. `T0006`. */
  code: string;
  /** Only what `moved` must be in our books; what was reversed moved as well, and back in a line of its own. */
  status: 'moved' | 'pending' | 'denied';
  /** Negative where money left our account. */
  amountMinor: number;
  currency: string;
  /** What was given back of, when the gateway says. */
  captureId: string | null;
  /** Our order id and order number, as the gateway kept them. */
  reference: string | null;
  invoiceId: string | null;
  at: Date;
}

/** A webhook is a hint: it names what changed, and the truth is then fetched. */
export interface ProviderEvent {
  eventId: string;
  /** The gateway's own name, e.g. `PAYMENT.CAPTURE.COMPLETED`. */
  type: string;
  kind: 'order_approved' | 'order_reversed' | 'capture' | 'refund' | 'dispute' | 'unknown';
  providerOrderId: string | null;
  captureId: string | null;
  refundId: string | null;
  disputeId: string | null;
}
