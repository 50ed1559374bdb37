import { z } from 'zod';
import type { Database } from '../../db/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { defaultLocale, matchLocale, translator } from '../../kit/i18n.ts';
import {
  bankTransferProvider as name,
  findTransfer,
  lockTransfer,
  openTransfer,
  returnsOf,
  type BankTransfer,
} from '../bank-transfers.ts';
import { ProviderNotApproved, ProviderRejected, WebhookRejected } from '../provider-errors.ts';
import type { PaymentProvider, ProviderCapture, ProviderOrder, ProviderRefund } from '../provider.ts';

export interface ManualOptions {
  db: Database;
  clock: Clock;
  /** The bank account that customers pay to, in lines: `IBAN: …`. */
  account: string;
  /** Where customers reach us, without a trailing slash. */
  publicUrl: () => string;
}

const dayMs = 24 * 3600 * 1000;

const event = z.strictObject({
  eventId: z.string(),
  type: z.string(),
  kind: z.enum(['capture', 'refund']),
  providerOrderId: z.string().nullable(),
  captureId: z.string().nullable(),
  refundId: z.string().nullable(),
  disputeId: z.null(),
});

/**
 * A gateway without a machine at its other side: customers send bank transfers, and two members of staff say what
 * arrived and what was sent back. Its orders, captures and refunds are rows of `bank_transfers`, under their ids.
 */
export function createManualProvider({ db, clock, account, publicUrl }: ManualOptions): PaymentProvider {
  const pageOf = ({ reference }: BankTransfer) => `${publicUrl()}/checkout/transfer/${reference}`;

  async function fetchOrder(id: string): Promise<ProviderOrder> {
    return readOrder(await transferOf(id, 'incoming'), pageOf);
  }

  return {
    name,
    displayName: (locale) => translator(matchLocale(locale) ?? defaultLocale)('common:bank_transfer'),
    openForMs: 14 * dayMs,
    // Its rows are kept, and found by their request ids.
    remembersRequestsMs: { order: Infinity, refund: Infinity },
    refusesAmount: () => null,
    fetchOrder,

    async createOrder({ requestId, reference: orderId, invoiceId: reference, amountMinor, currency }) {
      const asked = { requestId, orderId, reference, amountMinor, currency, account };
      const now = clock.now();
      const transfer = await openTransfer(null, { ...asked, direction: 'incoming', originalId: null, now });
      if (transfer === null) throw new ProviderRejected(name, 'DUPLICATE_INVOICE_ID');
      return readOrder(transfer, pageOf);
    },

    async captureOrder({ providerOrderId }) {
      const order = await fetchOrder(providerOrderId);
      if (order.capture === null) throw new ProviderNotApproved(name, 'TRANSFER_NOT_CONFIRMED');
      return order;
    },

    async fetchCapture(captureId) {
      const { capture } = await fetchOrder(captureId);
      if (capture === null) throw new ProviderRejected(name, 'RESOURCE_NOT_FOUND');
      return capture;
    },

    async refundCapture({ requestId, captureId, amountMinor, currency }) {
      const { id: originalId } = await transferOf(captureId, 'incoming');
      return db.transaction(async (tx) => {
        // One refund after the other: together they give back what came, and no more.
        const original = await lockTransfer(tx, originalId);
        const others = (await returnsOf(originalId, tx)).filter((other) => other.requestId !== requestId);
        refuseExcess(original, others, { amountMinor, currency });
        const { orderId, reference } = original;
        const asked = { requestId, orderId, reference, amountMinor, currency, account: null };
        const now = clock.now();
        const transfer = await openTransfer(tx, { ...asked, direction: 'outgoing', originalId, now });
        if (transfer === null) throw new Error(`the refund ${requestId} of the transfer ${originalId} is not there`);
        return readRefund(transfer);
      });
    },

    async fetchRefund(refundId) {
      return readRefund(await transferOf(refundId, 'outgoing'));
    },

    // Nobody disputes what they sent from their own bank.
    fetchDispute: () => Promise.reject(new ProviderRejected(name, 'RESOURCE_NOT_FOUND')),
    listDisputes: () => Promise.resolve([]),
    // The bank's statement is on paper: staff read it, two of them.
    listTransactions: null,

    verifyWebhook: () => Promise.reject(new WebhookRejected(name, 'NO_WEBHOOKS')),

    parseEvent(rawBody) {
      const parsed = event.safeParse(JSON.parse(rawBody.toString('utf8')));
      if (!parsed.success) throw new SyntaxError('this is no news of a bank transfer');
      return parsed.data;
    },
  };
}

/** @throws ProviderRejected when there is none */
async function transferOf(id: string, direction: BankTransfer['direction']): Promise<BankTransfer> {
  const transfer = await findTransfer(id);
  if (transfer?.direction !== direction) throw new ProviderRejected(name, 'RESOURCE_NOT_FOUND');
  return transfer;
}

async function readOrder(transfer: BankTransfer, pageOf: (transfer: BankTransfer) => string): Promise<ProviderOrder> {
  const { id, status, reference, account } = transfer;
  const returns = await returnsOf(id);
  const isPaid = status === 'confirmed';
  return {
    providerOrderId: id,
    status: isPaid ? 'completed' : 'created',
    approvalUrl: isPaid ? null : pageOf(transfer),
    payee: payeeOf(transfer),
    payer: null,
    capture: readCapture(transfer, returns),
    refunds: returns.map(readRefund),
    transfer: { account: account ?? '', reference },
  };
}

/** Nothing before two people have seen the money: then what the statement says, whatever was asked for. */
function readCapture(transfer: BankTransfer, returns: readonly BankTransfer[]): ProviderCapture | null {
  const { id, status, orderId, bankAmountMinor, bankCurrency } = transfer;
  if (status !== 'confirmed' || bankAmountMinor === null || bankCurrency === null) return null;
  const sentMinor = sum(returns.filter((sent) => sent.status === 'confirmed'));
  return {
    captureId: id,
    status: sentMinor === 0 ? 'completed' : sentMinor < bankAmountMinor ? 'partially_refunded' : 'refunded',
    pendingReason: null,
    amountMinor: bankAmountMinor,
    currency: bankCurrency,
    reference: orderId,
    payee: payeeOf(transfer),
    providerOrderId: id,
  };
}

function readRefund({ id, status, requestId, amountMinor, currency, originalId }: BankTransfer): ProviderRefund {
  const isSent = status === 'confirmed';
  return {
    refundId: id,
    status: isSent ? 'completed' : 'pending',
    amountMinor,
    currency,
    captureId: originalId,
    reference: requestId,
    madeAt: null,
  };
}

/** The account as one line, as a merchant id is elsewhere. */
function payeeOf({ account }: BankTransfer): string | null {
  return account?.split('\n').join(', ') ?? null;
}

/** @throws ProviderRejected, with PayPal's words for it where it has them */
function refuseExcess(
  { status, bankAmountMinor, bankCurrency }: BankTransfer,
  others: readonly BankTransfer[],
  { amountMinor, currency }: { amountMinor: number; currency: string },
): void {
  if (status !== 'confirmed' || bankAmountMinor === null) throw new ProviderRejected(name, 'TRANSFER_NOT_CONFIRMED');
  if (currency !== bankCurrency) throw new ProviderRejected(name, 'CURRENCY_MISMATCH');
  if (amountMinor > bankAmountMinor - sum(others)) throw new ProviderRejected(name, 'REFUND_AMOUNT_EXCEEDED');
}

function sum(transfers: readonly BankTransfer[]): number {
  return transfers.reduce((total, { amountMinor }) => total + amountMinor, 0);
}
