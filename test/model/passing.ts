import { sweepOutbox } from '../../src/billing/deliver-mail.ts';
import { handleProviderEvent } from '../../src/billing/handle-provider-event.ts';
import { runDueJobs } from '../../src/jobs/runner.ts';
import { inTransaction } from '../../src/sandbox/paypal/database.ts';
import { reverseLapsedApprovals } from '../../src/sandbox/paypal/orders.ts';
import type { Place, World } from './world.ts';

/** Time goes by: approvals lapse at PayPal, and the jobs that have become due run. */
export async function pass(world: World, at: Place, minutes: number): Promise<void> {
  const { clock } = world.stage;
  clock.advance(minutes);
  const { db, url, services } = world.app(at);
  await inTransaction(db.pool, (tx) => reverseLapsedApprovals({ tx, now: clock.now(), base: `${url}/sandbox/paypal` }));
  await runDueJobs(services);
}

/** What the queue does: the webhooks that came are handled, and the mails that wait go out. */
export async function handleNews(world: World, at: Place, backwards = false): Promise<void> {
  await world.stage.quieten();
  const { db, services } = world.app(at);
  const { rows } = await db.pool.query<{ id: string }>(
    `SELECT id FROM provider_events WHERE handled_at IS NULL ORDER BY received_at ${backwards ? 'DESC' : 'ASC'}`,
  );
  for (const { id } of rows) await world.attempt('a webhook', () => handleProviderEvent(services, id));
  await sweepOutbox(services, world.stage.clock.now());
}
