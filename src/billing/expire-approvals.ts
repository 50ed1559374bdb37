import { decideApproval, lockExpiredApprovals } from '../approvals/approvals.ts';
import { recordAudit } from '../audit/audit.ts';
import { substanceOf } from './ask-approval.ts';
import { inBatches } from './batches.ts';
import type { Services } from './services.ts';

/** Closes requests that nobody decided in time. */
export async function expireApprovals(services: Services): Promise<{ expired: number; failed: number }> {
  const lock = lockExpiredApprovals;
  const { sum, failed } = await inBatches(services, 'the end of a request', lock, async (tx, request, now) => {
    await decideApproval(tx, request, { status: 'expired', decidedBy: null, decision: null, now });
    await recordAudit(tx, {
      staffId: null,
      actor: 'system',
      action: 'approval.expire',
      subjectType: 'approval',
      subjectId: request.id,
      before: { status: 'pending', requestedBy: request.requestedBy, ...substanceOf(request) },
      after: { status: 'expired' },
      now,
    });
    return 1;
  });
  return { expired: sum, failed };
}
