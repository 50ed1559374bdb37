import type { RecordAction } from './action.ts';
import { adjustCreditsAction } from './adjust-credits.ts';
import { askAboutPaymentAction, askAboutRefundAction } from './ask-gateway.ts';
import { archivePriceAction } from './archive-price.ts';
import { confirmTransferAction, recordTransferAction, rejectTransferAction } from './bank-transfers.ts';
import { approveAction, rejectAction, withdrawAction } from './decide-approval.ts';
import { cancelSubscriptionAction, resumeSubscriptionAction } from './cancel-subscription.ts';
import { changePlanAction } from './change-plan.ts';
import { eraseUserAction } from './erase-user.ts';
import { grantPlanAction } from './grant-plan.ts';
import { assignIncidentAction, commentIncidentAction, reopenIncidentAction } from './handle-incident.ts';
import { staffActions } from './manage-staff.ts';
import { refundDuplicateAction } from './refund-duplicate.ts';
import { refundOrderAction } from './refund-order.ts';
import { releaseHoldAction } from './release-hold.ts';
import { replayWebhookAction } from './replay-webhook.ts';
import { resendMailAction } from './resend-mail.ts';
import { resolveIncidentAction } from './resolve-incident.ts';
import { runJobAction } from './run-job.ts';
import { reactivateUserAction, suspendUserAction } from './suspend-user.ts';

/** Everything staff can do to a row, in the order of the buttons. */
export const recordActions: readonly RecordAction[] = [
  adjustCreditsAction,
  grantPlanAction,
  suspendUserAction,
  reactivateUserAction,
  eraseUserAction,
  cancelSubscriptionAction,
  resumeSubscriptionAction,
  changePlanAction,
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
  reopenIncidentAction,
  assignIncidentAction,
  commentIncidentAction,
  replayWebhookAction,
  ...staffActions,
  resendMailAction,
  runJobAction,
];
