import { isLastFollowUp } from '../payments/follow-up-due.ts';
import { findPaymentByCapture, findPaymentByProviderOrder, type Payment } from '../payments/payments.ts';
import {
  countAttempt,
  findEvent,
  markFailed,
  markHandled,
  unhandledEvents,
  type ProviderEventRow,
} from '../payments/provider-events.ts';
import type { ProviderEvent } from '../payments/provider.ts';
import { reportIncident, settleIncidents } from '../incidents/incidents.ts';
import { describeError } from '../kit/logger.ts';
import { workOff } from './batches.ts';
import { recordProviderRefund } from './record-provider-refund.ts';
import { providerOf, type Services } from './services.ts';
import { closeBookedDisputes, settleDispute } from './settle-dispute.ts';
import { settlePayment } from './settle-payment.ts';

/**
 * Acts on a webhook that was taken in. What it says is a hint: the truth is fetched from the gateway.
 * @throws Error when it could not be done; the queue tries again
 */
export async function handleProviderEvent(services: Services, eventRowId: string): Promise<void> {
  const row = await findEvent(eventRowId);
  if (row?.handledAt !== null) return;
  await countAttempt(row, services.clock.now());
  try {
    const body = Buffer.from(services.sealer.open(row.bodySealed));
    const event = providerOf(services, row.provider).parseEvent(body);
    await markHandled(row, await act(services, row.provider, event), services.clock.now());
    if (isWorrying(services, row)) await settle(services, row.id);
  } catch (error) {
    await markFailed(row, String(describeError(error).message));
    if (isWorrying(services, row)) await report(services, row, String(describeError(error).message));
    throw error;
  }
}

/** After so many attempts it is no hiccup any more. */
const worrying = 5;

/** Nor is it when nobody will try again by himself. */
function isWorrying({ clock }: Services, { attempts, receivedAt }: ProviderEventRow): boolean {
  return attempts >= worrying || isLastFollowUp(receivedAt, clock.now());
}

async function report({ db, clock }: Services, { id, type, attempts }: ProviderEventRow, error: string): Promise<void> {
  await db.transaction((tx) =>
    reportIncident(tx, {
      kind: 'webhook_unhandled',
      subjectType: 'webhook',
      subjectId: id,
      summary: `The webhook ${type} could not be handled in ${attempts} attempts: ${error}`,
      now: clock.now(),
    }),
  );
}

async function settle({ db, clock }: Services, subjectId: string): Promise<void> {
  const settled = { kinds: ['webhook_unhandled'] as const, subjectId, resolution: 'It was handled.', now: clock.now() };
  await db.transaction((tx) => settleIncidents(tx, settled));
}

async function act(services: Services, provider: string, event: ProviderEvent): Promise<string> {
  switch (event.kind) {
    case 'order_approved':
    case 'order_reversed':
    case 'capture': {
      const payment = await paymentOf(provider, event);
      if (payment === null) return 'not a payment of ours';
      const { outcome } = await settlePayment(services, payment.id);
      return `payment ${payment.id}: ${outcome}`;
    }
    case 'refund': {
      if (event.refundId === null) return 'names no refund';
      const refund = await providerOf(services, provider).fetchRefund(event.refundId);
      const captureId = refund.captureId ?? event.captureId;
      const outcome = await recordProviderRefund(services, provider, { ...refund, captureId });
      if (captureId !== null) await closeBookedDisputes(services, provider, captureId);
      return outcome;
    }
    case 'dispute': {
      if (event.disputeId === null) return 'names no dispute';
      const dispute = await settleDispute(services, provider, event.disputeId);
      if (dispute !== null) return `dispute ${dispute.id} is ${dispute.status}`;
      await reportForeignDispute(services, event.disputeId, event);
      return 'a dispute about no payment of ours';
    }
    case 'unknown':
      return `kept: ${event.type} asks for nothing here`;
  }
}

/** It may be about what another system on the same account sold; only a person can tell. */
async function reportForeignDispute(
  { db, clock, log }: Services,
  disputeId: string,
  { type, captureId }: ProviderEvent,
): Promise<void> {
  log.warn({ dispute: disputeId, type }, 'a dispute needs a person');
  await db.transaction((tx) =>
    reportIncident(tx, {
      kind: 'dispute_opened',
      subjectType: 'dispute',
      subjectId: disputeId,
      summary: `A buyer disputes a payment that is not in our books (${type}). Look into it at the gateway.`,
      details: { capture: captureId },
      now: clock.now(),
    }),
  );
}

async function paymentOf(provider: string, { providerOrderId, captureId }: ProviderEvent): Promise<Payment | null> {
  const byOrder = providerOrderId === null ? null : await findPaymentByProviderOrder(provider, providerOrderId);
  return byOrder ?? (captureId === null ? null : await findPaymentByCapture(provider, captureId));
}

const batchSize = 100;

/** Takes up events whose task was lost or has given up, at the times of the schedule. */
export async function sweepEvents(services: Services): Promise<{ handled: number; failed: number }> {
  const due = await unhandledEvents(services.clock.now(), batchSize);
  const { done, failed } = await workOff(services, 'a webhook', due, (id) => handleProviderEvent(services, id));
  return { handled: done, failed };
}
