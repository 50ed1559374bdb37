import type { Sequelize } from 'sequelize';
import { initApiKey } from '../accounts/api-key.model.ts';
import { initRefreshToken } from '../accounts/refresh-token.model.ts';
import { initStaffInvitation } from '../accounts/staff-invitation.model.ts';
import { initStaffRecoveryCode } from '../accounts/staff-recovery-code.model.ts';
import { initStaffSession } from '../accounts/staff-session.model.ts';
import { initStaff } from '../accounts/staff.model.ts';
import { initUser } from '../accounts/user.model.ts';
import { initApprovalRequest } from '../approvals/approval-request.model.ts';
import { initAuditEntry } from '../audit/audit-entry.model.ts';
import { initCreditAlert } from '../credits/credit-alert.model.ts';
import { initCreditBalance } from '../credits/credit-balance.model.ts';
import { initCreditGrant } from '../credits/credit-grant.model.ts';
import { initCreditHold } from '../credits/credit-hold.model.ts';
import { initCreditTransaction } from '../credits/credit-transaction.model.ts';
import { initIncidentComment } from '../incidents/incident-comment.model.ts';
import { initIncident } from '../incidents/incident.model.ts';
import { initJobRun } from '../jobs/job-run.model.ts';
import { initEmail } from '../mail/email.model.ts';
import { initOrderRequest } from '../orders/order-request.model.ts';
import { initOrder } from '../orders/order.model.ts';
import { initDispute } from '../payments/dispute.model.ts';
import { initBankTransfer } from '../payments/bank-transfer.model.ts';
import { initPayment } from '../payments/payment.model.ts';
import { initProviderEventRow } from '../payments/provider-event.model.ts';
import { initRefund } from '../payments/refund.model.ts';
import { initCreditPack } from '../plans/credit-pack.model.ts';
import { initPlan } from '../plans/plan.model.ts';
import { initPlanPrice } from '../plans/plan-price.model.ts';
import { initSubscription } from '../subscriptions/subscription.model.ts';

/** Every table that Sequelize knows. */
export function initModels(sequelize: Sequelize): void {
  for (const init of [
    initApiKey,
    initRefreshToken,
    initStaff,
    initStaffInvitation,
    initStaffRecoveryCode,
    initStaffSession,
    initUser,
    initApprovalRequest,
    initAuditEntry,
    initCreditAlert,
    initCreditBalance,
    initCreditGrant,
    initCreditHold,
    initCreditTransaction,
    initIncident,
    initIncidentComment,
    initJobRun,
    initEmail,
    initOrder,
    initOrderRequest,
    initDispute,
    initBankTransfer,
    initPayment,
    initProviderEventRow,
    initRefund,
    initCreditPack,
    initPlan,
    initPlanPrice,
    initSubscription,
  ]) {
    init(sequelize);
  }
}
