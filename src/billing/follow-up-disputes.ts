import { markChecked, unsettledDisputes } from '../payments/disputes.ts';
import { workOff } from './batches.ts';
import type { Services } from './services.ts';
import { settleDispute } from './settle-dispute.ts';

const batchSize = 500;
/** The job runs daily: what was missed for longer than this was missed by people too. */
const lookBackMs = 30 * 24 * 3600 * 1000;

/** Asks about disputes that are not settled, and about those that the gateway lists and no webhook told us of. */
export async function followUpDisputes(services: Services): Promise<{ asked: number; unanswered: number }> {
  const unsettled = await unsettledDisputes(batchSize);
  const known = await workOff(services, 'a dispute', unsettled, async (dispute) => {
    await markChecked(dispute, services.clock.now());
    await settleDispute(services, dispute.provider, dispute.providerDisputeId);
  });
  const counts = { asked: known.done + known.failed, unanswered: known.failed };
  const asked = new Set(unsettled.map(({ providerDisputeId }) => providerDisputeId));
  const since = new Date(services.clock.now().getTime() - lookBackMs);
  const lists = await workOff(services, "a gateway's disputes", [...services.providers.values()], async (provider) => {
    const listed = (await provider.listDisputes(since)).filter((id) => !asked.has(id));
    const { done, failed } = await workOff(services, 'a dispute', listed, (id) =>
      settleDispute(services, provider.name, id),
    );
    counts.asked += done + failed;
    counts.unanswered += failed;
  });
  return { ...counts, unanswered: counts.unanswered + lists.failed };
}
