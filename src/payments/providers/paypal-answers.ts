import type {
  CapturedPayment,
  LinkDescription,
  Order,
  OrdersCapture,
  PayeeBase,
  Payer,
  Refund,
} from '@paypal/paypal-server-sdk';
import { DateTime } from 'luxon';
import type { Money } from '../../kit/money.ts';
import { ProviderUnavailable } from '../provider-errors.ts';
import type { ProviderCapture, ProviderOrder, ProviderPayer, ProviderRefund } from '../provider.ts';
import { fromPaypalMoney } from './paypal-amounts.ts';

/**
 * PayPal's answers in our words. The SDK lets unknown enum values pass, so each status is looked up here, and one
 * that we do not know is an answer that cannot be trusted.
 */
const orderStatuses: Readonly<Record<string, ProviderOrder['status']>> = {
  CREATED: 'created',
  SAVED: 'created',
  PAYER_ACTION_REQUIRED: 'created',
  APPROVED: 'approved',
  COMPLETED: 'completed',
  VOIDED: 'voided',
};

const captureStatuses: Readonly<Record<string, ProviderCapture['status']>> = {
  COMPLETED: 'completed',
  PENDING: 'pending',
  DECLINED: 'declined',
  FAILED: 'failed',
  REFUNDED: 'refunded',
  PARTIALLY_REFUNDED: 'partially_refunded',
};

const refundStatuses: Readonly<Record<string, ProviderRefund['status']>> = {
  COMPLETED: 'completed',
  PENDING: 'pending',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
};

/** @throws ProviderUnavailable when the answer cannot be trusted */
export function readOrder(order: Order): ProviderOrder {
  const providerOrderId = required(order.id, 'ORDER_ID');
  const unit = order.purchaseUnits?.[0];
  const payee = readPayee(unit?.payee);
  const capture = decisiveCapture(unit?.payments?.captures ?? []);
  const status = known(orderStatuses, order.status, 'ORDER_STATUS');
  return {
    providerOrderId,
    status,
    approvalUrl: status === 'created' ? approvalUrl(order.links) : null,
    payee,
    payer: readPayer(order),
    capture: capture === undefined ? null : readOrderCapture(capture, payee, providerOrderId),
    refunds: readOrderRefunds(unit?.payments?.refunds ?? []),
  };
}

/** A refund that cannot be read must not keep the payment from being booked: then nothing is said of any. */
function readOrderRefunds(refunds: readonly Refund[]): ProviderRefund[] | null {
  try {
    return refunds.map(readRefund);
  } catch (error) {
    if (error instanceof ProviderUnavailable) return null;
    throw error;
  }
}

/** @throws ProviderUnavailable when the answer cannot be trusted */
export function readCapture(capture: CapturedPayment): ProviderCapture {
  const orderId = capture.supplementaryData?.relatedIds?.orderId ?? lastSegment(capture.links, 'up', 'orders');
  return readOrderCapture(capture, readPayee(capture.payee), orderId ?? null);
}

/** @throws ProviderUnavailable when the answer cannot be trusted */
export function readRefund(refund: Refund): ProviderRefund {
  return {
    refundId: required(refund.id, 'REFUND_ID'),
    status: known(refundStatuses, refund.status, 'REFUND_STATUS'),
    // `total_refunded_amount` is cumulative; this is the refund's own.
    ...readMoney(refund.amount),
    captureId: lastSegment(refund.links, 'up', 'captures'),
    reference: refund.customId ?? null,
    madeAt: readTime(refund.createTime),
  };
}

/** A time that cannot be read is as good as none. */
function readTime(text = ''): Date | null {
  const time = DateTime.fromISO(text, { zone: 'utc' });
  return time.isValid ? time.toJSDate() : null;
}

function readOrderCapture(capture: OrdersCapture, payee: string | null, orderId: string | null): ProviderCapture {
  return {
    captureId: required(capture.id, 'CAPTURE_ID'),
    status: known(captureStatuses, capture.status, 'CAPTURE_STATUS'),
    pendingReason: capture.statusDetails?.reason ?? null,
    ...readMoney(capture.amount),
    reference: capture.customId ?? null,
    payee,
    providerOrderId: orderId,
  };
}

/** Where a declined attempt stands beside one that went through, the latter counts. */
function decisiveCapture(captures: readonly OrdersCapture[]): OrdersCapture | undefined {
  const failed = (capture: OrdersCapture) => ['DECLINED', 'FAILED'].includes(capture.status ?? '');
  return captures.find((capture) => !failed(capture)) ?? captures.at(-1);
}

function readPayee(payee: PayeeBase | undefined): string | null {
  return payee?.merchantId ?? payee?.emailAddress ?? null;
}

function readPayer(order: Order): ProviderPayer | null {
  const payer: Payer | undefined = order.payer;
  const wallet = order.paymentSource?.paypal;
  if (payer?.payerId === undefined && wallet?.accountId === undefined) return null;
  const name = payer?.name ?? wallet?.name;
  const fullName = [name?.givenName, name?.surname].filter((part) => part !== undefined).join(' ');
  return {
    payerId: payer?.payerId ?? wallet?.accountId ?? null,
    email: payer?.emailAddress ?? wallet?.emailAddress ?? null,
    name: fullName === '' ? null : fullName,
    countryCode: payer?.address?.countryCode ?? wallet?.address?.countryCode ?? null,
  };
}

export function readMoney(money: { currencyCode: string; value: string } | undefined): Money {
  try {
    return fromPaypalMoney(required(money, 'AMOUNT'));
  } catch {
    throw unreadable('AMOUNT');
  }
}

function approvalUrl(links: readonly LinkDescription[] | undefined): string | null {
  const link = links?.find(({ rel }) => rel === 'payer-action' || rel === 'approve');
  return link !== undefined && URL.canParse(link.href) ? link.href : null;
}

/** The id at the end of a link: `…/v2/payments/captures/2GG…` → `2GG…`. */
export function lastSegment(
  links: readonly { rel: string; href: string }[] | undefined,
  rel: string,
  collection: string,
): string | null {
  for (const link of links ?? []) {
    const match = link.rel === rel ? /\/(\w+)\/([A-Za-z0-9]+)\/?$/.exec(link.href) : null;
    if (match?.[1] === collection) return match[2] ?? null;
  }
  return null;
}

/** What a word of PayPal's means to us. @throws ProviderUnavailable when we do not know it */
export function known<T>(table: Readonly<Record<string, T>>, value: string | undefined, what: string): T {
  const meaning = value !== undefined && Object.hasOwn(table, value) ? table[value] : undefined;
  if (meaning === undefined) throw unreadable(what);
  return meaning;
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw unreadable(what);
  return value;
}

/** An answer that cannot be trusted. */
export function unreadable(what: string): ProviderUnavailable {
  return new ProviderUnavailable('paypal', `UNKNOWN_${what}`);
}
