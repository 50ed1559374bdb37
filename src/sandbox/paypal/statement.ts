import type { Request } from 'express';
import { DateTime } from 'luxon';
import type { Queryable } from './database.ts';
import { buyer, merchant } from './identity.ts';
import { feeOf, paypalMoney, toMinor } from './money.ts';
import { badRequest, PaypalProblem } from './problems.ts';
import type { CaptureRecord, PaypalMoney, RefundRecord } from './records.ts';
import type { Json } from './representation.ts';

interface Search {
  start: DateTime;
  end: DateTime;
  pageSize: number;
  page: number;
  /** What is pending or was refused too. */
  all: boolean;
}

/** PayPal's own limits. */
const longestDays = 31;
const mostLines = 10_000;

/**
 * Transaction Search: what moved on the account, from the oldest on.
 * @param until what is newer is not in it yet
 * @throws PaypalProblem
 */
export async function searchTransactions(db: Queryable, base: string, req: Request, until: Date): Promise<Json> {
  const search = readSearch(req);
  const { start, end, page, pageSize, all } = search;
  const last = DateTime.min(end, DateTime.fromJSDate(until));
  const { rows } = await db.query<Line & { total: number }>(
    `SELECT kind, doc, (count(*) OVER ())::int AS total FROM (
       SELECT 'capture' AS kind, id, created_at, doc FROM sandbox.paypal_captures
       UNION ALL SELECT 'refund', id, created_at, doc FROM sandbox.paypal_refunds
     ) AS lines
     WHERE created_at BETWEEN $1 AND $2 AND ($3 OR doc->>'status' NOT IN ('PENDING', 'DECLINED', 'FAILED', 'CANCELLED'))
     ORDER BY created_at, id LIMIT $4 OFFSET $5`,
    [start.toJSDate(), last.toJSDate(), all, pageSize, (page - 1) * pageSize],
  );
  const total = rows[0]?.total ?? 0;
  if (total > mostLines) throw tooLarge();
  const lines = rows.map((line) => ({
    transaction_info: line.kind === 'capture' ? ofCapture(line.doc) : ofRefund(line.doc),
  }));
  return {
    // PayPal's description forbids an empty list.
    ...(lines.length === 0 ? {} : { transaction_details: lines }),
    account_number: merchant.merchant_id,
    start_date: start.toUTC().toISO({ suppressMilliseconds: true }),
    end_date: end.toUTC().toISO({ suppressMilliseconds: true }),
    last_refreshed_datetime: DateTime.fromJSDate(until, { zone: 'utc' }).toISO({ suppressMilliseconds: true }),
    page,
    total_items: total,
    total_pages: Math.ceil(total / pageSize),
    links: [{ href: `${base}${req.url}`, rel: 'self', method: 'GET' }],
  };
}

type Line = { kind: 'capture'; doc: CaptureRecord } | { kind: 'refund'; doc: RefundRecord };

/** `S` went through, `V` too and was given back whole, `P` waits, `D` was refused. */
const captureStates = { COMPLETED: 'S', PARTIALLY_REFUNDED: 'S', REFUNDED: 'V', PENDING: 'P', DECLINED: 'D' } as const;
const refundStates = { COMPLETED: 'S', PENDING: 'P', FAILED: 'D', CANCELLED: 'D' } as const;

function ofCapture(capture: CaptureRecord): Json {
  const grossMinor = toMinor(capture.amount);
  const currency = capture.amount.currency_code;
  return {
    ...common(capture),
    transaction_event_code: 'T0006',
    transaction_amount: capture.amount,
    fee_amount: negative(paypalMoney(feeOf(grossMinor, currency), currency)),
    transaction_status: captureStates[capture.status],
    protection_eligibility: '01',
  };
}

function ofRefund(refund: RefundRecord): Json {
  return {
    ...common(refund),
    paypal_reference_id: refund.captureId,
    paypal_reference_id_type: 'TXN',
    transaction_event_code: refund.kind === 'refund' ? 'T1107' : 'T1106',
    transaction_amount: negative(refund.amount),
    transaction_status: refundStates[refund.status],
  };
}

function common({ id, createdAt, updatedAt, invoiceId, customId }: CaptureRecord | RefundRecord): Json {
  return {
    paypal_account_id: buyer.payer_id,
    transaction_id: id,
    transaction_initiation_date: createdAt,
    transaction_updated_date: updatedAt,
    ...(invoiceId === null ? {} : { invoice_id: invoiceId }),
    ...(customId === null ? {} : { custom_field: customId }),
  };
}

function negative(money: PaypalMoney): PaypalMoney {
  return { ...money, value: `-${money.value}` };
}

/** @throws PaypalProblem where PayPal refuses */
function readSearch({ query }: Request): Search {
  const start = readTime(query, 'start_date');
  const end = readTime(query, 'end_date');
  if (end < start) throw refusal('end_date', query, 'End date must be later than start date');
  if (end.diff(start, 'days').days > longestDays) {
    throw refusal('end_date', query, `Date range is greater than ${longestDays} days`);
  }
  const pageSize = readNumber(query, 'page_size', 100, 500);
  return {
    start,
    end,
    pageSize,
    page: readNumber(query, 'page', 1, 2 ** 31 - 1),
    all: query.balance_affecting_records_only === 'N',
  };
}

function readTime(query: Request['query'], name: string): DateTime {
  const value = query[name];
  if (value === undefined) throw refusal(name, query, 'MISSING_REQUIRED_PARAMETER');
  const hasSeconds = typeof value === 'string' && /T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/.test(value);
  const time = DateTime.fromISO(hasSeconds ? value : '');
  if (!time.isValid) throw refusal(name, query, 'INVALID_PARAMETER_SYNTAX');
  return time;
}

function readNumber(query: Request['query'], name: string, otherwise: number, most: number): number {
  const value = query[name] === undefined ? otherwise : Number(query[name]);
  if (!Number.isInteger(value) || value < 1 || value > most) throw refusal(name, query, 'INVALID_PARAMETER_VALUE');
  return value;
}

function refusal(field: string, query: Request['query'], issue: string): PaypalProblem {
  const value = query[field];
  return badRequest([{ field, location: 'query', issue, ...(typeof value === 'string' ? { value } : {}) }]);
}

function tooLarge(): PaypalProblem {
  const message = 'Result set size is greater than the maximum limit. Change the filter criteria and try again.';
  return new PaypalProblem(400, 'RESULTSET_TOO_LARGE', message);
}
