import {
  PaypalReferenceIdType,
  type SearchResponse,
  type TransactionInformation,
  type TransactionSearchController,
} from '@paypal/paypal-server-sdk';
import { DateTime } from 'luxon';
import type { Clock } from '../../kit/clock.ts';
import type { Money } from '../../kit/money.ts';
import { ProviderRejected, ProviderUnavailable } from '../provider-errors.ts';
import type { Period, ProviderTransaction } from '../provider.ts';
import { fromPaypalMoney, type PaypalMoney } from './paypal-amounts.ts';

type SearchQuery = Parameters<TransactionSearchController['searchTransactions']>[0];

/** Limits of PayPal's own: 31 days in a call, 500 lines on a page, three years back. */
const longestMs = 31 * 24 * 3600 * 1000;
const pageSize = 500;
const oldestMs = 3 * 365 * 24 * 3600 * 1000;
/** PayPal lists no more than 10,000 lines in one search; a second that has more cannot be cut smaller. */
const shortestMs = 1000;
const mostPages = 20;

/**
 * PayPal's Transaction Search, every page of it, oldest first. A period with too many lines for one search is halved.
 * @throws ProviderError when a page is missing: a statement with a hole is none
 */
export async function* readStatement(
  search: (query: SearchQuery) => Promise<SearchResponse>,
  { from, to }: Period,
  clock: Clock,
): AsyncGenerator<ProviderTransaction[]> {
  let start = Math.max(from.getTime(), clock.now().getTime() - oldestMs);
  let span = longestMs;
  while (start < to.getTime()) {
    const end = Math.min(start + span, to.getTime());
    try {
      yield* readWindow(search, start, end);
    } catch (error) {
      const isTooMuch = error instanceof ProviderRejected && error.issue === 'RESULTSET_TOO_LARGE';
      if (!isTooMuch || end - start <= shortestMs) throw error;
      span = (end - start) / 2;
      continue;
    }
    start = end;
  }
}

/** PayPal refuses a search that has too many lines at its first page, so that nothing is yielded twice. */
async function* readWindow(
  search: (query: SearchQuery) => Promise<SearchResponse>,
  start: number,
  end: number,
): AsyncGenerator<ProviderTransaction[]> {
  for (let page = 1; page <= mostPages; page += 1) {
    const answer = await search({
      startDate: timeOf(start),
      endDate: timeOf(end),
      fields: 'transaction_info',
      pageSize,
      page,
    });
    const lines = (answer.transactionDetails ?? []).map(({ transactionInfo }) =>
      readTransaction(transactionInfo ?? {}),
    );
    if (lines.length > 0) yield lines;
    if (answer.totalPages === undefined) throw unreadable('TOTAL_PAGES');
    if (page >= answer.totalPages) return;
  }
  throw unreadable('TOTAL_PAGES');
}

function timeOf(ms: number): string {
  return DateTime.fromMillis(ms, { zone: 'utc' }).toJSDate().toISOString();
}

/**
 * One line in our words. A status that is not known counts as money that moved, and a code that is not known as
 * `other`: the first must then be in our books, the second is counted.
 */
function readTransaction(info: TransactionInformation): ProviderTransaction {
  const { transactionId, transactionEventCode: code, transactionStatus: status } = info;
  const at = DateTime.fromISO(info.transactionInitiationDate ?? '');
  if (transactionId === undefined || code === undefined || !at.isValid) throw unreadable('TRANSACTION');
  const amount = readSigned(info.transactionAmount);
  return {
    transactionId,
    code,
    kind: kindOf(code, amount.amountMinor),
    status: status === 'P' ? 'pending' : status === 'D' ? 'denied' : 'moved',
    ...amount,
    captureId: info.paypalReferenceIdType === PaypalReferenceIdType.Txn ? (info.paypalReferenceId ?? null) : null,
    reference: info.customField ?? null,
    invoiceId: info.invoiceId ?? null,
    at: at.toJSDate(),
  };
}

/** Money that came back from a buyer or went back to one. Source: developer.paypal.com, transaction event codes. */
const refundCodes: ReadonlySet<string> = new Set(['T1107']);
/** By PayPal, by instant payment review, by the other wallet, by the card's bank, and again after we objected. */
const reversalCodes: ReadonlySet<string> = new Set(['T1106', 'T1116', 'T1118', 'T1201', 'T1207']);
const feeCodes = /^T01\d\d$|^T1108$|^T1109$/;
const paymentCodes = /^T00\d\d$/;

/** The same code stands for both directions: what we pay to others, or are given back by them, is none of our sales. */
function kindOf(code: string, amountMinor: number): ProviderTransaction['kind'] {
  if (feeCodes.test(code)) return 'fee';
  if (paymentCodes.test(code) && amountMinor > 0) return 'capture';
  if (refundCodes.has(code) && amountMinor < 0) return 'refund';
  if (reversalCodes.has(code) && amountMinor < 0) return 'reversal';
  return 'other';
}

function readSigned(money: PaypalMoney | undefined): Money {
  if (money === undefined) throw unreadable('AMOUNT');
  const isNegative = money.value.startsWith('-');
  try {
    const { amountMinor, currency } = fromPaypalMoney({ ...money, value: money.value.slice(isNegative ? 1 : 0) });
    return { amountMinor: isNegative ? 0 - amountMinor : amountMinor, currency };
  } catch {
    throw unreadable('AMOUNT');
  }
}

function unreadable(what: string): ProviderUnavailable {
  return new ProviderUnavailable('paypal', `UNKNOWN_${what}`);
}
