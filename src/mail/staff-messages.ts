import { headed, type Fact, type Language, type Message } from './message.ts';
import type { ApprovalRequestedData } from './templates.ts';

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
