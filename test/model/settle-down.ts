import { gather, type Evidence } from './evidence.ts';
import { handleNews, pass } from './passing.ts';
import type { World } from './world.ts';

const hour = 60;
const day = 24 * hour;
/** Minutes. An order may be paid for six hours, and what has no end is asked about once a day for fourteen days. */
const waits = [3, 7 * hour, day, day, 2 * day];

/** Nothing goes wrong any more, nobody does anything, and time goes by until all has come to its end. */
export async function settleDown(world: World): Promise<void> {
  await world.app(0).simulator.control.clearFaults();
  await handleNews(world, 0);
  for (const minutes of waits) {
    if (findOpen(await gather(world)).length === 0) break;
    await pass(world, 0, minutes);
    await handleNews(world, 0);
  }
  // The jobs of a whole day once more: the comparison with PayPal is one of them.
  await pass(world, 0, day);
  await handleNews(world, 0);
}

/** What has not come to its end, though nobody has to decide anything. */
export function findOpen({
  orders,
  payments,
  refunds,
  events,
  emails,
  deliveries,
  incidents,
  atPaypal,
}: Evidence): string[] {
  const heldCaptures = new Set(atPaypal.captures.filter(({ status }) => status === 'PENDING').map(({ id }) => id));
  const heldRefunds = new Set(atPaypal.refunds.filter(({ status }) => status === 'PENDING').map(({ id }) => id));
  const isHeld = (orderId: string) =>
    payments.some(({ order_id, provider_capture_id: id }) => order_id === orderId && heldCaptures.has(id ?? ''));
  // Given up after fourteen days: from then on it is for people to ask.
  const isGivenUp = (subject: string) =>
    incidents.some((one) => one.subject_id === subject && one.status === 'open' && one.kind.endsWith('_unresolved'));
  return [
    ...orders
      .filter(({ id }) => !isGivenUp(id))
      .filter(({ id, status }) => status === 'pending' || (status === 'processing' && !isHeld(id)))
      .map(({ order_no, status }) => `the order ${order_no} is ${status}`),
    ...payments
      .filter(({ order_id }) => !isGivenUp(order_id))
      .filter(
        ({ status, provider_capture_id: id }) =>
          status === 'pending' || (status === 'processing' && !heldCaptures.has(id ?? '')),
      )
      .map(({ id, status }) => `the payment ${id} is ${status}`),
    ...refunds
      .filter(({ id }) => !isGivenUp(id))
      .filter(({ status, provider_refund_id: id }) => status === 'pending' && !heldRefunds.has(id ?? ''))
      .map(({ id }) => `the refund ${id} is pending`),
    ...events
      .filter(({ handled_at }) => handled_at === null)
      .map(({ type, error }) => `the webhook ${type} is not handled: ${error ?? 'nobody tried'}`),
    ...emails
      .filter(({ status }) => status !== 'sent')
      .map(({ template, status }) => `the mail ${template} is ${status}`),
    ...deliveries
      .filter(({ state }) => state === 'waiting' || state === 'given_up')
      .map(({ event_type, state, last_error: error }) => `PayPal's ${event_type} is ${state}: ${error ?? 'not tried'}`),
  ];
}
