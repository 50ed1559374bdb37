import { headed, type Fact, type Language, type Message } from './message.ts';
import type { ApprovalRequestedData, StaffLinkData } from './templates.ts';

/** An invitation to the panel, or a new password for somebody who is there already. */
export function staffLink(
  template: 'staff_invitation' | 'staff_password',
  data: StaffLinkData,
  { t }: Language,
): Message {
  const { invitedBy, email, role, expiresAt, token } = data;
  const values = { invitedBy, expiresAt };
  return {
    ...headed(template, values, t),
    paragraphs: [t(`mail:${template}.text`, values), t('mail:staff_link.once', values)],
    facts: [
      { term: t('mail:fact.sign_in_as'), text: email },
      { term: t('mail:fact.role'), text: t(`mail:role.${role}`) },
      { term: t('mail:fact.link_until'), text: t('common:time', { at: expiresAt }) },
    ],
    button: {
      label: t(`mail:${template}.button`),
      // Sent before: its link was forgotten then, and only a new one leads further.
      path: token === undefined ? '/admin/login' : `/admin/invitation?token=${token}`,
    },
    foot: [t(`mail:${template}.why`, values)],
  };
}

export function approvalRequested(data: ApprovalRequestedData, { t }: Language): Message {
  const { requestId, requestedBy, reason, expiresAt, what } = data;
  const facts: Fact[] =
    what.kind === 'refund'
      ? [
          { term: t('mail:fact.order'), text: what.orderNo },
          { term: t('mail:fact.refunded'), text: t('common:total', { total: what.amount }), total: true },
        ]
      : [{ term: t('mail:fact.credits'), text: t('common:number', { value: what.credits }), total: true }];
  return {
    ...headed('approval_requested', { requestedBy, expiresAt, context: what.kind }, t),
    paragraphs: [t('mail:approval_requested.text', { requestedBy }), t('mail:approval_requested.until', { expiresAt })],
    facts: [{ term: t('mail:fact.reason'), text: reason }, ...facts],
    button: {
      label: t('mail:approval_requested.button'),
      path: `/admin/resources/approval_requests/records/${requestId}/show`,
    },
    forStaff: true,
  };
}
