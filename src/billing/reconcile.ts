import { openSubjects, reportIncident, settleIncidents } from '../incidents/incidents.ts';
import { findOrder, type Order } from '../orders/orders.ts';
import {
  countPaymentsToCompare,
  findPayment,
  paymentsToCompare,
  updatePayment,
  type Payment,
} from '../payments/payments.ts';
import { ProviderRejected } from '../payments/provider-errors.ts';
import { refundsOf } from '../payments/refunds.ts';
import { workOff } from './batches.ts';
import {
  aspects,
  findGatewayDifferences,
  type GatewayDifference,
  type OurSide,
  type TheirSide,
} from './gateway-differences.ts';
import { reconcileStatements, type StatementCounts } from './reconcile-statement.ts';
import { providerOf, type Services } from './services.ts';
import { settlingOf } from './settle-payment.ts';

type Needed = Pick<Services, 'db' | 'clock' | 'log' | 'providers'>;

export interface ReconcileCounts extends StatementCounts, Record<string, number> {
  /** Payments of which both sides were seen, and our refunds of them. */
  compared: number;
  refunds: number;
  /** Payments of which the gateway did not tell; the next run begins with those that were not asked about. */
  left: number;
}

export const usualDays = 35;
const dayMs = 24 * 3600 * 1000;
const batchSize = 50;
/** The gateway has customers to serve besides. */
const atOnce = 3;
const incidentsLookedAt = 1000;

/**
 * Compares every payment of the last days with the gateway, and those with an open difference however old they are; then
 * the gateway's statement of these days with our books. What differs becomes an incident and nothing is repaired; where
 * both sides agree again, the incident is settled. One run at a time; it stops when the gateway is down.
 */
export async function reconcile(services: Needed, { days = usualDays } = {}): Promise<ReconcileCounts> {
  return services.db.exclusively('reconcile', async () => {
    const startedAt = services.clock.now();
    const since = new Date(startedAt.getTime() - days * dayMs);
    const one = await compareAll(services, since, startedAt);
    const { differences, settled, ...lines } = await reconcileStatements(services, since);
    return { ...one, ...lines, differences: one.differences + differences, settled: one.settled + settled };
  });
}

async function compareAll(services: Needed, since: Date, startedAt: Date) {
  const suspects = await openSubjects(
    { kind: 'gateway_difference', subjectType: 'payment', aspects },
    incidentsLookedAt,
  );
  const comparison = { since, also: suspects, startedAt };
  const counts = { compared: 0, refunds: 0, differences: 0, settled: 0, left: 0 };
  const due = await countPaymentsToCompare(comparison);
  for (;;) {
    const batch = await paymentsToCompare(comparison, batchSize);
    const work = async (payment: Payment): Promise<void> => {
      // Before it is asked about, so that one that fails is not asked about again in this run.
      await updatePayment(null, payment, { comparedAt: services.clock.now() });
      const { differences, refunds } = await compare(services, payment);
      counts.compared += 1;
      counts.refunds += refunds;
      counts.differences += differences.length;
      counts.settled += await record(services, payment, differences, suspects.includes(payment.id));
    };
    const { gaveUp } = await workOff(services, 'a comparison with the gateway', batch, work, { atOnce });
    if (gaveUp || batch.length < batchSize) break;
  }
  counts.left = due - counts.compared;
  if (counts.left > 0) services.log.error(counts, 'the gateway did not tell of all payments');
  return counts;
}

/** What differs is looked at again while nobody settles it: what was on its way has arrived then. */
async function compare(
  services: Needed,
  { id }: Payment,
): Promise<{ differences: GatewayDifference[]; refunds: number }> {
  const ours = await readOurs(id);
  const refunds = ours.refunds.length;
  const look = async (side: OurSide) => findGatewayDifferences(side, await ask(services, side), services.clock.now());
  if ((await look(ours)).length === 0) return { differences: [], refunds };
  const again = services.db.exclusively(settlingOf(ours.order), async () => look(await readOurs(id)));
  return { differences: await again, refunds };
}

async function readOurs(paymentId: string): Promise<OurSide & { order: Order }> {
  const payment = await findPayment(paymentId);
  const order = payment === null ? null : await findOrder(payment.orderId);
  if (payment === null || order === null) throw new Error(`there is no payment ${paymentId}`);
  const refunds = (await refundsOf([order.id])).filter((refund) => refund.paymentId === paymentId);
  return { order, payment, refunds };
}

/** What the gateway does not name in its order is asked for by its own id before it counts as missing. */
async function ask(services: Needed, { payment, refunds }: OurSide): Promise<TheirSide> {
  const provider = providerOf(services, payment.provider);
  const { providerOrderId, providerCaptureId } = payment;
  const order = providerOrderId === null ? null : await orNull(provider.fetchOrder(providerOrderId));
  const named = order?.capture ?? null;
  const capture =
    named === null && providerCaptureId !== null ? await orNull(provider.fetchCapture(providerCaptureId)) : named;
  const known = [...(order?.refunds ?? [])];
  for (const { providerRefundId: id } of refunds) {
    if (id === null || known.some(({ refundId }) => refundId === id)) continue;
    const refund = await orNull(provider.fetchRefund(id));
    if (refund !== null) known.push(refund);
  }
  return { capture, refunds: known };
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProviderRejected && error.issue === 'RESOURCE_NOT_FOUND') return null;
    throw error;
  }
}

/** → how many incidents are settled */
async function record(
  { db, clock, log }: Needed,
  { id, orderId, provider, providerOrderId, providerCaptureId }: Payment,
  differences: readonly GatewayDifference[],
  isSuspect: boolean,
): Promise<number> {
  if (differences.length === 0 && !isSuspect) return 0;
  const now = clock.now();
  return db.transaction(async (tx) => {
    for (const { captureId: atGateway = null, refundIds: refunds = [], ...difference } of differences) {
      const { aspect, expected, found } = difference;
      log.error({ payment: id, order: orderId, aspect, expected, found }, 'the gateway and our books differ');
      await reportIncident(tx, {
        kind: 'gateway_difference',
        subjectType: 'payment',
        subjectId: id,
        ...difference,
        details: { order: orderId, provider, providerOrderId, capture: providerCaptureId, atGateway, refunds },
        now,
      });
    }
    const gone = aspects.filter((aspect) => differences.every((difference) => difference.aspect !== aspect));
    const settled = { kinds: ['gateway_difference'] as const, subjectId: id, aspects: gone };
    return settleIncidents(tx, { ...settled, resolution: 'The gateway and our books agree again.', now });
  });
}
