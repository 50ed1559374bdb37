import { validate as isUuid } from 'uuid';
import {
  aspectOf,
  incidentsAbout,
  openSubjects,
  reportIncident,
  settleIncidents,
  type Incident,
} from '../incidents/incidents.ts';
import { findPaymentsByCaptures, paymentsOf, type Payment } from '../payments/payments.ts';
import type { PaymentProvider, Period, ProviderTransaction } from '../payments/provider.ts';
import { ProviderError } from '../payments/provider-errors.ts';
import { findProviderRefunds, unansweredRefundsOf, type Refund } from '../payments/refunds.ts';
import { markStated, noLongerMissing, paymentsNotStated, refundsNotStated } from '../payments/statement-marks.ts';
import type { Services } from './services.ts';
import {
  judgeTransactions,
  missingFromStatement,
  type OurRows,
  type StatementAspect,
  type StatementDifference,
} from './statement-differences.ts';

type Needed = Pick<Services, 'db' | 'clock' | 'log' | 'providers'>;

export interface StatementCounts {
  /** Lines of the gateways' statements that were read, and those of them that are no payment and no refund. */
  transactions: number;
  others: number;
  /** What differs now, each an open incident. */
  differences: number;
  /** Incidents of earlier runs whose difference is gone. */
  settled: number;
  /** Gateways whose statement could not be read to its end. */
  unread: number;
}

const hourMs = 3600 * 1000;
/** So late may a transaction appear. Source: developer.paypal.com/docs/api/transaction-search/v1. */
const lateMs = 3 * hourMs;
/** Our clock and the gateway's may differ. */
const marginMs = hourMs;
const batchSize = 500;
/** More than this is no list of differences but another account. */
const mostMissing = 1000;
const nothing = '00000000-0000-0000-0000-000000000000';

/**
 * Reads each gateway's statement since `since` and holds it against our books in both directions: each line must have
 * its payment or refund with the same amount, and each completed payment and refund must be named. What differs becomes
 * an incident, once, unless the comparison one by one says it already; nothing is repaired.
 */
export async function reconcileStatements(services: Needed, since: Date): Promise<StatementCounts> {
  const counts = { transactions: 0, others: 0, differences: 0, settled: 0, unread: 0 };
  const now = services.clock.now();
  for (const provider of services.providers.values()) {
    if (provider.listTransactions === null) continue;
    try {
      const period = { from: new Date(since.getTime() - marginMs), to: now };
      for await (const page of provider.listTransactions(period)) await comparePage(services, provider, page, counts);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      counts.unread += 1;
      services.log.error({ err: error, provider: provider.name }, "the gateway's statement could not be read");
      continue;
    }
    await compareMissing(services, provider, { from: since, to: new Date(now.getTime() - lateMs) }, counts);
  }
  counts.settled += await settleGone(services);
  return counts;
}

async function comparePage(
  services: Needed,
  { name }: PaymentProvider,
  page: readonly ProviderTransaction[],
  counts: StatementCounts,
): Promise<void> {
  const now = services.clock.now();
  const { named, agreed, differences } = judgeTransactions(page, await readOurs(name, page), now);
  await markStated(named, now);
  counts.transactions += page.length;
  counts.others += page.filter(({ kind }) => kind === 'fee' || kind === 'other').length;
  counts.differences += await record(services, name, differences);
  if (agreed.length > 0) {
    counts.settled += await settle(services, agreed, 'amount in the statement');
  }
}

/** One query for each kind of row, whatever the length of the page. */
async function readOurs(provider: string, page: readonly ProviderTransaction[]): Promise<OurRows> {
  const captures = page.filter(({ kind }) => kind === 'capture');
  const takenBack = page.filter(({ kind }) => kind === 'refund' || kind === 'reversal');
  const captureIds = [...captures.map(idOf), ...takenBack.flatMap(({ captureId }) => captureId ?? [])];
  const payments = byKey(await findPaymentsByCaptures(provider, captureIds), (row) => row.providerCaptureId ?? '');
  const refunds = byKey(await findProviderRefunds(provider, takenBack.map(idOf)), (row) => row.providerRefundId ?? '');
  const orderIds = captures
    .filter(({ transactionId }) => !payments.has(transactionId))
    .map(({ reference }) => reference ?? '')
    .filter(isUuid);
  const losing = takenBack
    .filter(({ transactionId }) => !refunds.has(transactionId))
    .flatMap(({ captureId }) => payments.get(captureId ?? '')?.id ?? []);
  return {
    payments,
    refunds,
    paymentsByOrder: byKey(orderIds.length === 0 ? [] : await paymentsOf(orderIds), ({ orderId }) => orderId),
    unanswered: await unansweredRefundsOf(losing),
  };
}

/** The other direction: what we call completed and no line has named. */
async function compareMissing(
  services: Needed,
  { name }: PaymentProvider,
  period: Period,
  counts: StatementCounts,
): Promise<void> {
  const reads: ((place: { after: string; limit: number }) => Promise<(Payment | Refund)[]>)[] = [
    (place) => paymentsNotStated(name, period, place),
    (place) => refundsNotStated(name, period, place),
  ];
  for (const read of reads) {
    let after = nothing;
    for (let seen = 0; seen < mostMissing;) {
      const rows = await read({ after, limit: batchSize });
      counts.differences += await record(services, name, rows.map(missingFromStatement));
      seen += rows.length;
      after = rows.at(-1)?.id ?? after;
      if (rows.length < batchSize) break;
      if (seen >= mostMissing) services.log.error({ provider: name, seen }, 'more is missing from the statement');
    }
  }
}

/** → how many are open now */
async function record(
  { db, clock, log }: Needed,
  provider: string,
  differences: readonly StatementDifference[],
): Promise<number> {
  if (differences.length === 0) return 0;
  const known = await incidentsAbout(
    ['payment', 'refund'],
    [
      ...differences.flatMap(({ paymentId }) => paymentId ?? []),
      ...differences.flatMap(({ details }) => details.transaction ?? []),
    ],
  );
  const now = clock.now();
  return db.transaction(async (tx) => {
    let open = 0;
    for (const { paymentId, details, ...difference } of differences) {
      if (known.some((incident) => saysAlready(incident, { paymentId, details, ...difference }))) continue;
      const { aspect, subjectId, expected, found } = difference;
      log.error({ subject: subjectId, aspect, expected, found }, "the gateway's statement and our books differ");
      const incident = { kind: 'gateway_difference' as const, ...difference, details: { provider, ...details } };
      if (await reportIncident(tx, { ...incident, once: true, now })) open += 1;
    }
    return open;
  });
}

/** Whether the comparison one by one, or a webhook, put the same money before staff. */
function saysAlready(incident: Incident, { aspect, subjectType, paymentId, details }: StatementDifference): boolean {
  const { transaction } = details;
  // Also after it was judged: the refund does not change any more.
  if (incident.kind === 'refund_unmatched') return aspect === 'unknown refund' && incident.subjectId === transaction;
  const isOpen = incident.kind === 'gateway_difference' && incident.status === 'open';
  if (!isOpen || incident.subjectId !== paymentId) return false;
  const said = aspectOf(incident);
  const about = incident.details as { atGateway?: string | null; refunds?: string[] } | null;
  const isThisRefund = transaction !== null && about?.refunds?.includes(transaction) === true;
  switch (aspect) {
    case 'unknown capture':
      return (said === 'captured, not paid' || said === 'another capture') && about?.atGateway === transaction;
    case 'unknown refund':
      return said === 'refund not booked';
    case 'amount in the statement':
      return subjectType === 'payment' ? said === 'amount' : said === 'refund amount' && isThisRefund;
    case 'not in the statement':
      if (subjectType === 'refund') return said === 'refund not made' && isThisRefund;
      return said === 'paid, not captured' || said === 'another capture';
  }
}

const settledAtOnce = 1000;

/** What our books have by now, or what the statement has named since, however old it is. */
async function settleGone(services: Needed): Promise<number> {
  const open = (subjectType: 'transaction' | 'payment' | 'refund', aspect: StatementAspect) =>
    openSubjects({ kind: 'gateway_difference', subjectType, aspects: [aspect] }, settledAtOnce);
  let settled = 0;
  for (const { name } of services.providers.values()) {
    const payments = await findPaymentsByCaptures(name, await open('transaction', 'unknown capture'));
    settled += await settle(services, payments.map(({ providerCaptureId }) => providerCaptureId ?? ''), 'unknown capture'); // prettier-ignore
    const refunds = await findProviderRefunds(name, await open('transaction', 'unknown refund'));
    settled += await settle(services, refunds.map(({ providerRefundId }) => providerRefundId ?? ''), 'unknown refund'); // prettier-ignore
  }
  for (const of of ['payment', 'refund'] as const) {
    const gone = await noLongerMissing(of, await open(of, 'not in the statement'));
    settled += await settle(services, gone, 'not in the statement');
  }
  return settled;
}

async function settle({ db, clock }: Needed, subjectId: readonly string[], aspect: StatementAspect): Promise<number> {
  if (subjectId.length === 0) return 0;
  const settled = { kinds: ['gateway_difference'] as const, subjectId, aspects: [aspect] };
  const resolution = "The gateway's statement and our books agree.";
  return db.transaction((tx) => settleIncidents(tx, { ...settled, resolution, now: clock.now() }));
}

function idOf({ transactionId }: ProviderTransaction): string {
  return transactionId;
}

function byKey<Row>(rows: readonly Row[], key: (row: Row) => string): Map<string, Row> {
  return new Map(rows.map((row) => [key(row), row]));
}
