import type { RecordAction } from './action.ts';
import { adjustCreditsAction } from './adjust-credits.ts';
import { askAboutPaymentAction, askAboutRefundAction } from './ask-gateway.ts';
import { archivePriceAction } from './archive-price.ts';
import { confirmTransferAction, recordTransferAction, rejectTransferAction } from './bank-transfers.ts';
import { approveAction, rejectAction, withdrawAction } from './decide-approval.ts';
import { cancelSubscriptionAction } from './cancel-subscription.ts';
import { refundDuplicateAction } from './refund-duplicate.ts';
import { refundOrderAction } from './refund-order.ts';
import { releaseHoldAction } from './release-hold.ts';
import { replayWebhookAction } from './replay-webhook.ts';
import { resolveIncidentAction } from './resolve-incident.ts';
import { reactivateUserAction, suspendUserAction } from './suspend-user.ts';

/** Everything staff can do to a row, in the order of the buttons. */
export const recordActions: readonly RecordAction[] = [
  adjustCreditsAction,
  suspendUserAction,
  reactivateUserAction,
  cancelSubscriptionAction,
  refundOrderAction,
  approveAction,
  rejectAction,
  withdrawAction,
  askAboutPaymentAction,
  askAboutRefundAction,
  recordTransferAction,
  confirmTransferAction,
  rejectTransferAction,
  releaseHoldAction,
  archivePriceAction,
  refundDuplicateAction,
  resolveIncidentAction,
  replayWebhookAction,
];
