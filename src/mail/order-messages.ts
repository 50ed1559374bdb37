import { accountLines } from '../kit/format.ts';
import type { Translate } from '../kit/i18n.ts';
import { checkoutPath, headed, itemName, type Fact, type Language, type Message } from './message.ts';
import type {
  DisputeOpenedData,
  PaymentProblemData,
  PurchasedItem,
  ReceiptChange,
  ReceiptData,
  RefundData,
  TransferInstructionsData,
} from './templates.ts';

export function receipt(data: ReceiptData, { locale, t }: Language): Message {
  const item = itemName(data.item, { locale, t });
  const { period, orderNo, paidAt, total } = data;
  const facts: Fact[] = [
    { term: t('mail:fact.order'), text: orderNo },
    { term: t('mail:fact.item'), text: item },
    creditsFact(data.item, t),
  ];
  if (period !== null) {
    const key = period.end === null ? 'mail:fact.period_open' : 'mail:fact.period_text';
    facts.push({ term: t('mail:fact.period'), text: t(key, period) });
  } else {
    const until = data.creditsExpireAt;
    const text = until === null ? t('mail:fact.never') : t('mail:fact.until', { end: until });
    facts.push({ term: t('mail:fact.validity'), text });
  }
  facts.push(
    ...changeFacts(data.change ?? null, t),
    { term: t('mail:fact.paid_at'), text: t('common:time', { at: paidAt }) },
    { term: t('mail:fact.total'), text: t('common:total', { total }), total: true },
  );
  return {
    ...headed('receipt', { item, total, paidAt }, t),
    paragraphs: receiptText(data, t),
    facts,
    button: { label: t('mail:receipt.button'), path: `/account/orders/${orderNo}` },
  };
}

/** The calculation, line by line. */
function changeFacts(change: ReceiptChange | null, t: Translate): Fact[] {
  if (change === null || change.credits.length === 0) return [];
  return [
    { term: t('mail:fact.price'), text: t('common:total', { total: change.price }) },
    ...change.credits.map(({ orderNo, daysLeft, days, credit }) => ({
      term: t('mail:fact.credited', { orderNo }),
      text: t('mail:fact.credited_text', { credit, daysLeft, days }),
    })),
  ];
}

function receiptText({ period, paidAt, change }: ReceiptData, t: Translate): string[] {
  if (period === null) return [t('mail:receipt.pack')];
  if (change?.effective === 'period_end' && period.end !== null) {
    return [t('mail:receipt.change_later', period), t('mail:receipt.no_charge', { end: period.end })];
  }
  if (period.end === null) return [t('mail:receipt.plan'), t('mail:receipt.lifetime')];
  // A renewal's period begins where the current one ends; a new plan's begins with the payment.
  const isRenewal = new Date(period.start) > new Date(paidAt);
  return [
    t(isRenewal ? 'mail:receipt.renewal' : 'mail:receipt.plan'),
    t('mail:receipt.no_charge', { end: period.end }),
  ];
}

function creditsFact(item: PurchasedItem, t: Translate): Fact {
  const text =
    item.kind === 'pack'
      ? t('common:number', { value: item.credits })
      : t('mail:fact.credits_monthly', { count: item.creditsMonthly });
  return { term: t('mail:fact.credits'), text };
}

export function transferInstructions(data: TransferInstructionsData, { locale, t }: Language): Message {
  const { orderNo, total, reference, payUntil } = data;
  const item = itemName(data.item, { locale, t });
  const values = { item, total, payUntil };
  return {
    ...headed('transfer_instructions', values, t),
    paragraphs: ['text', 'next', 'late'].map((part) => t(`mail:transfer_instructions.${part}`, values)),
    facts: [
      ...accountLines(data.account).map(({ term, text }) => ({ term: term ?? t('mail:fact.account'), text })),
      { term: t('mail:fact.reference'), text: reference },
      { term: t('mail:fact.item'), text: item },
      { term: t('mail:fact.pay_until'), text: t('common:date', { date: payUntil }) },
      { term: t('mail:fact.amount'), text: t('common:total', { total }), total: true },
    ],
    button: { label: t('mail:transfer_instructions.button'), path: `/account/orders/${orderNo}` },
  };
}

export function paymentProblem(
  template: 'payment_pending' | 'payment_failed',
  data: PaymentProblemData,
  { locale, t }: Language,
): Message {
  const { orderNo, orderedAt, total, item } = data;
  const values = { provider: data.providerName, total, orderedAt };
  const again = item.kind === 'pack' ? `/checkout/packs/${item.packCode}` : checkoutPath(item, total.currency);
  return {
    ...headed(template, values, t),
    paragraphs: [t(`mail:${template}.text`, values), t(`mail:${template}.next`)],
    facts: [
      { term: t('mail:fact.order'), text: orderNo },
      { term: t('mail:fact.item'), text: itemName(item, { locale, t }) },
      { term: t('mail:fact.ordered_at'), text: t('common:time', { at: orderedAt }) },
      { term: t('mail:fact.amount'), text: t('common:total', { total }), total: true },
    ],
    button: {
      label: t(`mail:${template}.button`),
      path: template === 'payment_failed' ? again : `/account/orders/${orderNo}`,
    },
  };
}

export function refund(data: RefundData, { locale, t }: Language): Message {
  const { orderNo, refunded, refundedAt, total, creditsTakenBack, subscriptionEnded } = data;
  const why = data.why == null ? [] : [t(`mail:refund.why.${data.why}`)];
  const paragraphs = [...why, t('mail:refund.text', { provider: data.providerName, context: data.provider })];
  if (creditsTakenBack > 0) paragraphs.push(t('mail:refund.credits', { count: creditsTakenBack }));
  if (subscriptionEnded) paragraphs.push(t('mail:refund.ended'));
  return {
    ...headed('refund', { refunded, refundedAt }, t),
    paragraphs,
    facts: [
      { term: t('mail:fact.order'), text: orderNo },
      { term: t('mail:fact.item'), text: itemName(data.item, { locale, t }) },
      { term: t('mail:fact.original'), text: t('common:total', { total }) },
      { term: t('mail:fact.refunded_at'), text: t('common:time', { at: refundedAt }) },
      { term: t('mail:fact.refunded'), text: t('common:total', { total: refunded }), total: true },
    ],
    button: { label: t('mail:refund.button'), path: `/account/orders/${orderNo}` },
  };
}

export function disputeOpened(data: DisputeOpenedData, { t }: Language): Message {
  const { orderNo, amount, openedAt, respondBy, reason, providerName: provider } = data;
  const facts: Fact[] = [
    { term: t('mail:fact.order'), text: orderNo },
    { term: t('mail:fact.reason'), text: reason ?? t('mail:fact.reason_none') },
    { term: t('mail:fact.disputed_at'), text: t('common:time', { at: openedAt }) },
  ];
  if (respondBy !== null) facts.push({ term: t('mail:fact.respond_by'), text: t('common:time', { at: respondBy }) });
  facts.push({ term: t('mail:fact.disputed'), text: t('common:total', { total: amount }), total: true });
  return {
    ...headed('dispute_opened', { amount, orderNo, openedAt }, t),
    paragraphs: [
      t('mail:dispute_opened.text', { provider }),
      t(data.creditsFrozen ? 'mail:dispute_opened.frozen' : 'mail:dispute_opened.not_frozen'),
    ],
    facts,
    button: {
      label: t('mail:dispute_opened.button'),
      path: `/admin/resources/disputes/records/${data.disputeId}/show`,
    },
    forStaff: true,
  };
}
