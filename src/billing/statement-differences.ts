import { toDecimal, type Money } from '../kit/money.ts';
import type { Payment } from '../payments/payments.ts';
import type { ProviderTransaction } from '../payments/provider.ts';
import type { Refund } from '../payments/refunds.ts';

export type StatementAspect = 'unknown capture' | 'unknown refund' | 'amount in the statement' | 'not in the statement';

export interface StatementDifference {
  aspect: StatementAspect;
  /** Ours where there is a row, else the line of the statement. */
  subjectType: 'transaction' | 'payment' | 'refund';
  subjectId: string;
  /** The payment of ours that it touches: what the comparison one by one said of it is not said twice. */
  paymentId: string | null;
  summary: string;
  /** Ours and the statement's: an amount with its currency, or `nothing`. */
  expected: string;
  found: string;
  amount: Money;
  details: { transaction: string | null; capture: string | null; order: string | null; [more: string]: unknown };
}

/** What our books have of one page of the statement. */
export interface OurRows {
  /** By the gateway's ids: of captures and of refunds. */
  payments: ReadonlyMap<string, Payment>;
  refunds: ReadonlyMap<string, Refund>;
  /** By our order id, for what names an order of ours and is no capture that we know. */
  paymentsByOrder: ReadonlyMap<string, Payment>;
  /** Refunds of ours whose answer is still missing. */
  unanswered: readonly Refund[];
}

export interface JudgedPage {
  /** Rows of ours that the page names, and those of them that it names with our amount. */
  named: { paymentIds: string[]; refundIds: string[] };
  agreed: string[];
  differences: StatementDifference[];
}

/** News of what touches our rows may be on its way for so long. */
const underwayMs = 3600 * 1000;

/** Holds a page of the statement against our rows, line by line. */
export function judgeTransactions(page: readonly ProviderTransaction[], ours: OurRows, now: Date): JudgedPage {
  const judged: JudgedPage = { named: { paymentIds: [], refundIds: [] }, agreed: [], differences: [] };
  const unanswered = [...ours.unanswered];
  for (const line of page) {
    if (line.status !== 'moved') continue;
    if (line.kind === 'capture') judgeCapture(line, ours, now, judged);
    if (line.kind === 'refund' || line.kind === 'reversal') judgeRefund(line, ours, unanswered, now, judged);
  }
  return judged;
}

function judgeCapture(line: ProviderTransaction, ours: OurRows, now: Date, judged: JudgedPage): void {
  const payment = ours.payments.get(line.transactionId);
  if (payment !== undefined) {
    judged.named.paymentIds.push(payment.id);
    judgeAmount(line, line.amountMinor, { row: payment, subjectType: 'payment', paymentId: payment.id }, judged);
    return;
  }
  const named = line.reference === null ? undefined : ours.paymentsByOrder.get(line.reference);
  if (named !== undefined && isNew(line, now)) return;
  judged.differences.push({
    aspect: 'unknown capture',
    ...unknown(line, named?.id ?? null),
    summary:
      named === undefined
        ? 'The gateway took money for something that is not in our books.'
        : 'The gateway took money for an order of ours by a capture that our books do not have.',
    found: text(line),
    details: { ...detailsOf(line), order: named?.orderId ?? null },
  });
}

function judgeRefund(
  line: ProviderTransaction,
  ours: OurRows,
  unanswered: Refund[],
  now: Date,
  judged: JudgedPage,
): void {
  const refund = ours.refunds.get(line.transactionId);
  if (refund !== undefined) {
    judged.named.refundIds.push(refund.id);
    judgeAmount(line, -line.amountMinor, { row: refund, subjectType: 'refund', paymentId: refund.paymentId }, judged);
    return;
  }
  const payment = line.captureId === null ? undefined : ours.payments.get(line.captureId);
  if (payment !== undefined) {
    // What was never paid with us has nothing to be given back: the comparison one by one sees to it.
    if (payment.status !== 'completed' || isNew(line, now)) return;
    const place = unanswered.findIndex(
      ({ paymentId, amountMinor }) => paymentId === payment.id && amountMinor === -line.amountMinor,
    );
    if (place >= 0) {
      unanswered.splice(place, 1);
      return;
    }
  }
  const verb = line.kind === 'refund' ? 'gave back' : 'took back';
  judged.differences.push({
    aspect: 'unknown refund',
    ...unknown(line, payment?.id ?? null),
    summary:
      payment === undefined
        ? `The gateway ${verb} money of a capture that is not in our books.`
        : `The gateway ${verb} money of a payment of ours, and our books do not have it.`,
    found: text(line),
    details: { ...detailsOf(line), order: payment?.orderId ?? null },
  });
}

function judgeAmount(
  line: ProviderTransaction,
  amountMinor: number,
  ours: { row: Payment | Refund; subjectType: 'payment' | 'refund'; paymentId: string },
  { agreed, differences }: JudgedPage,
): void {
  const { row, subjectType, paymentId } = ours;
  const theirs = { amountMinor, currency: line.currency };
  if (text(theirs) === text(row)) {
    agreed.push(row.id);
    return;
  }
  const isOneCurrency = row.currency === line.currency;
  differences.push({
    aspect: 'amount in the statement',
    subjectType,
    subjectId: row.id,
    paymentId,
    summary: `The gateway's statement has another amount for a ${subjectType} than our books.`,
    expected: text(row),
    found: text(theirs),
    amount: isOneCurrency ? { ...theirs, amountMinor: Math.abs(row.amountMinor - amountMinor) } : money(row),
    details: { ...detailsOf(line), order: row.orderId },
  });
}

/** A completed payment or refund that no statement has named, although there was time for it. */
export function missingFromStatement(row: Payment | Refund): StatementDifference {
  const isRefund = 'paymentId' in row;
  const what = isRefund ? 'refund' : 'payment';
  return {
    aspect: 'not in the statement',
    subjectType: what,
    subjectId: row.id,
    paymentId: isRefund ? row.paymentId : row.id,
    summary: `A completed ${what} of ours is not in the gateway's statement.`,
    expected: text(row),
    found: 'nothing',
    amount: money(row),
    details: {
      transaction: isRefund ? row.providerRefundId : row.providerCaptureId,
      capture: isRefund ? null : row.providerCaptureId,
      order: row.orderId,
    },
  };
}

function unknown(line: ProviderTransaction, paymentId: string | null) {
  return {
    subjectType: 'transaction' as const,
    subjectId: line.transactionId,
    paymentId,
    expected: 'nothing',
    amount: { amountMinor: Math.abs(line.amountMinor), currency: line.currency },
  };
}

function detailsOf({ transactionId, kind, code, captureId, reference, invoiceId, at }: ProviderTransaction) {
  return { transaction: transactionId, capture: captureId, kind, code, reference, invoice: invoiceId, at };
}

function isNew({ at }: ProviderTransaction, now: Date): boolean {
  return now.getTime() - at.getTime() < underwayMs;
}

function money({ amountMinor, currency }: Money): Money {
  return { amountMinor, currency };
}

function text(sum: Money): string {
  return `${toDecimal(sum)} ${sum.currency}`;
}
