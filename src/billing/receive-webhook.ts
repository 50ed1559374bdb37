import { enqueue } from '../db/queue.ts';
import { storeEvent } from '../payments/provider-events.ts';
import { providerOf, type Services } from './services.ts';

/**
 * Takes in a webhook: verified over its raw bytes, stored once, handled by the queue.
 * @returns whether it is new
 * @throws WebhookRejected when it does not come from the gateway; nothing is stored
 * @throws ProviderUnavailable when that cannot be said now; nothing is stored
 */
export async function receiveWebhook(
  services: Services,
  webhook: { provider: string; rawBody: Buffer; headers: Record<string, string> },
): Promise<boolean> {
  const { db, sealer, clock } = services;
  const { provider, rawBody, headers } = webhook;
  const event = await providerOf(services, provider).verifyWebhook(rawBody, headers);
  const bodySealed = sealer.seal(rawBody.toString('utf8'));
  return db.transaction(async (tx) => {
    const row = await storeEvent(tx, event, { provider, bodySealed, headers, now: clock.now() });
    if (row === null) return false;
    await enqueue(db, tx, 'handle_provider_event', { eventRowId: row.id }, `event:${row.id}`);
    return true;
  });
}
