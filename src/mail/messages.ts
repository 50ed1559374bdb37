import type { Translate } from '../kit/i18n.ts';
import { accountLines } from '../kit/format.ts';
import type { LocalizedText } from '../plans/plan-terms.ts';
import type {
  DisputeOpenedData,
  MailTemplate,
  MailTemplates,
  PaymentProblemData,
  PurchasedItem,
  ReceiptChange,
  ReceiptData,
  RefundData,
  RenewalReminderData,
  SubscriptionCancelledData,
  SubscriptionExpiredData,
  TransferInstructionsData,
} from './templates.ts';

/** What a mail says, before it becomes HTML and its plain-text twin: both are laid out from this, so both say it all. */
export interface Message {
  subject: string;
  heading: string;
  paragraphs: string[];
  facts: Fact[];
  /** `path` is on our own site. */
  button: { label: string; path: string };
  /** It goes to somebody who works here. */
  forStaff?: boolean;
}

interface Fact {
  term: string;
  text: string;
  total?: boolean;
}

interface Language {
  locale: string;
  t: Translate;
}

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
  transfer_instructions: transferInstructions,
  payment_pending: (data, language) => paymentProblem('payment_pending', data, language),
  payment_failed: (data, language) => paymentProblem('payment_failed', data, language),
  refund,
  dispute_opened: disputeOpened,
};

export function composeMessage<Name extends MailTemplate>(
  template: Name,
  data: MailTemplates[Name],
  language: Language,
): Message {
  return compose[template](data, language);
}

function receipt(data: ReceiptData, { locale, t }: Language): Message {
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

function renewalReminder(data: RenewalReminderData, { locale, t }: Language): Message {
  const { endsAt, price } = data;
  const plan = inLanguage(data.endingName ?? data.planName, locale);
  const next = data.endingName && t(`mail:item.${data.subscriptionType}`, { name: inLanguage(data.planName, locale) });
  const facts: Fact[] = [
    planFact(data.planName, data.subscriptionType, { locale, t }),
    { term: t('mail:fact.credits'), text: t('mail:fact.credits_monthly', { count: data.creditsMonthly }) },
    { term: t('mail:fact.ends'), text: t('common:date', { date: endsAt }) },
  ];
  if (price !== null) {
    facts.push({ term: t('mail:fact.renewal'), text: t('common:total', { total: price }), total: true });
  }
  return {
    ...headed('renewal_reminder', { plan, endsAt, count: data.daysLeft }, t),
    paragraphs: [
      price === null
        ? t('mail:renewal_reminder.not_sold')
        : t(`mail:renewal_reminder.text${next === undefined ? '' : '_next'}`, { endsAt, plan, next }),
      t('mail:renewal_reminder.otherwise'),
    ],
    facts,
    button:
      price === null
        ? { label: t('mail:renewal_reminder.button_plans'), path: '/pricing' }
        : {
            label: t(`mail:renewal_reminder.button${next === undefined ? '' : '_next'}`, {
              price,
              plan: inLanguage(data.planName, locale),
            }),
            path: checkoutPath(data),
          },
  };
}

function subscriptionExpired(data: SubscriptionExpiredData, { locale, t }: Language): Message {
  const { endedAt, creditsKept } = data;
  const plan = inLanguage(data.planName, locale);
  const kept = creditsKept > 0 ? [t('mail:subscription_expired.kept', { count: creditsKept })] : [];
  return {
    ...headed('subscription_expired', { plan, endedAt }, t),
    paragraphs: [t('mail:subscription_expired.text'), ...kept, t('mail:subscription_expired.again')],
    facts: [
      planFact(data.planName, data.subscriptionType, { locale, t }),
      { term: t('mail:fact.ended'), text: t('common:date', { date: endedAt }) },
    ],
    button: { label: t('mail:subscription_expired.button', { plan }), path: checkoutPath(data, data.currency) },
  };
}

function subscriptionCancelled(data: SubscriptionCancelledData, { locale, t }: Language): Message {
  const { endsAt, endedNow } = data;
  const plan = inLanguage(data.planName, locale);
  if (endedNow) {
    return {
      subject: t('mail:subscription_cancelled.now_subject', { plan, endsAt }),
      heading: t('mail:subscription_cancelled.now_heading', { plan }),
      paragraphs: [t('mail:subscription_cancelled.now_text', { endsAt })],
      facts: [],
      button: { label: t('mail:subscription_cancelled.now_button'), path: '/pricing' },
    };
  }
  return {
    ...headed('subscription_cancelled', { plan, endsAt }, t),
    paragraphs: [t('mail:subscription_cancelled.text', { endsAt }), t('mail:subscription_cancelled.undo')],
    facts: [],
    button: { label: t('mail:subscription_cancelled.button'), path: '/account' },
  };
}

function transferInstructions(data: TransferInstructionsData, { locale, t }: Language): Message {
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

function paymentProblem(
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

function refund(data: RefundData, { locale, t }: Language): Message {
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

function disputeOpened(data: DisputeOpenedData, { t }: Language): Message {
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

function headed(template: MailTemplate, values: Record<string, unknown>, t: Translate) {
  return { subject: t(`mail:${template}.subject`, values), heading: t(`mail:${template}.heading`, values) };
}

function inLanguage(text: LocalizedText, locale: string): string {
  return text[locale] ?? text.en;
}

function itemName(item: PurchasedItem, { locale, t }: Language): string {
  const name = inLanguage(item.name, locale);
  return item.kind === 'pack' ? name : t(`mail:item.${item.subscriptionType}`, { name });
}

function planFact(name: LocalizedText, type: string, { locale, t }: Language): Fact {
  return { term: t('mail:fact.item'), text: t(`mail:item.${type}`, { name: inLanguage(name, locale) }) };
}

function creditsFact(item: PurchasedItem, t: Translate): Fact {
  const text =
    item.kind === 'pack'
      ? t('common:number', { value: item.credits })
      : t('mail:fact.credits_monthly', { count: item.creditsMonthly });
  return { term: t('mail:fact.credits'), text };
}

function checkoutPath(
  { planCode, subscriptionType }: { planCode: string; subscriptionType: string },
  currency?: string,
): string {
  return `/checkout/${planCode}?type=${subscriptionType}${currency === undefined ? '' : `&currency=${currency}`}`;
}
