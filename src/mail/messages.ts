import { headed, type Language, type Message } from './message.ts';
import { disputeOpened, paymentProblem, receipt, refund, transferInstructions } from './order-messages.ts';
import {
  lowBalance,
  planGranted,
  renewalReminder,
  subscriptionCancelled,
  subscriptionExpired,
} from './plan-messages.ts';
import { approvalRequested, staffLink } from './staff-messages.ts';
import type { MailTemplate, MailTemplates } from './templates.ts';

/** By template. What concerns an order and its money is in one file, what concerns a running plan in the other. */
const compose: { [Name in MailTemplate]: (data: MailTemplates[Name], language: Language) => Message } = {
  welcome: (_data, { t }) => ({
    ...headed('welcome', {}, t),
    paragraphs: [t('mail:welcome.text')],
    facts: [],
    button: { label: t('mail:welcome.button'), path: '/pricing' },
  }),
  receipt,
  renewal_reminder: renewalReminder,
  subscription_expired: subscriptionExpired,
  subscription_cancelled: subscriptionCancelled,
  plan_granted: planGranted,
  low_balance: lowBalance,
  transfer_instructions: transferInstructions,
  payment_pending: (data, language) => paymentProblem('payment_pending', data, language),
  payment_failed: (data, language) => paymentProblem('payment_failed', data, language),
  refund,
  dispute_opened: disputeOpened,
  staff_invitation: (data, language) => staffLink('staff_invitation', data, language),
  staff_password: (data, language) => staffLink('staff_password', data, language),
  approval_requested: approvalRequested,
};

export function composeMessage<Name extends MailTemplate>(
  template: Name,
  data: MailTemplates[Name],
  language: Language,
): Message {
  return compose[template](data, language);
}
