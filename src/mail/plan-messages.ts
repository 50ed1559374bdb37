import { checkoutPath, headed, inLanguage, planFact, type Fact, type Language, type Message } from './message.ts';
import type {
  LowBalanceData,
  PlanGrantedData,
  RenewalReminderData,
  SubscriptionCancelledData,
  SubscriptionExpiredData,
} from './templates.ts';

export function renewalReminder(data: RenewalReminderData, { locale, t }: Language): Message {
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

export function subscriptionExpired(data: SubscriptionExpiredData, { locale, t }: Language): Message {
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

export function subscriptionCancelled(data: SubscriptionCancelledData, { locale, t }: Language): Message {
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

export function planGranted(data: PlanGrantedData, { locale, t }: Language): Message {
  const { creditsMonthly, endsAt, isLonger } = data;
  const plan = inLanguage(data.planName, locale);
  return {
    ...headed('plan_granted', { plan, endsAt }, t),
    paragraphs: [
      t(`mail:plan_granted.${isLonger ? 'longer' : 'text'}`, { plan, endsAt }),
      t('mail:plan_granted.no_charge', { endsAt }),
    ],
    facts: [
      { term: t('mail:fact.plan'), text: plan },
      { term: t('mail:fact.credits'), text: t('mail:fact.credits_monthly', { count: creditsMonthly }) },
      { term: t('mail:fact.ends'), text: t('common:date', { date: endsAt }) },
    ],
    button: { label: t('mail:plan_granted.button'), path: '/account' },
  };
}

export function lowBalance(data: LowBalanceData, { locale, t }: Language): Message {
  const { available, monthlyQuota, at, monthEndsAt, next, packsOnSale } = data;
  const plan = inLanguage(data.planName, locale);
  const stage = available === 0 ? 'used_up' : 'left';
  const plans = { label: t('mail:low_balance.button_plans'), path: '/pricing' };
  return {
    subject: t(`mail:low_balance.${stage}_subject`, { count: available, at }),
    heading: t(`mail:low_balance.${stage}_heading`, { count: available }),
    paragraphs: [
      t(`mail:low_balance.${stage}_text`, { count: available, plan, quota: monthlyQuota }),
      t(`mail:low_balance.next_${next}`, { monthEndsAt, plan }),
      t(`mail:low_balance.${packsOnSale ? 'more_packs' : 'more_plans'}`),
    ],
    facts: [
      { term: t('mail:fact.plan'), text: plan },
      { term: t('mail:fact.credits'), text: t('mail:fact.credits_monthly', { count: monthlyQuota }) },
      {
        term: t(`mail:fact.${next === 'credits' ? 'next_credits' : 'ends'}`),
        text: t('common:date', { date: monthEndsAt }),
      },
      { term: t('mail:fact.left'), text: t('common:number', { value: available }), total: true },
    ],
    ...(packsOnSale
      ? { button: { label: t('mail:low_balance.button'), path: '/pricing#packs' }, more: plans }
      : { button: plans }),
    optOut: { label: t('mail:low_balance.opt_out'), path: '/account#mails' },
  };
}
