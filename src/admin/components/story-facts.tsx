import { useTranslation } from 'adminjs';
import type { ReactNode } from 'react';
import { Link } from 'react-router-dom';
import type { UserStory as Story } from '../user-story.ts';
import { formatMoney, formatNumber, formatPercent, formatTime } from './format.ts';

/** A customer at a glance: credits, quota, plan and money. */
export function StoryFacts({ story }: Part) {
  return (
    <dl className="p-facts">
      <Available story={story} />
      <Quota story={story} />
      <Plan story={story} />
      <Paid story={story} />
    </dl>
  );
}

interface Part {
  story: Story;
}

function useFormats() {
  const { i18n, t, tl } = useTranslation();
  const locale = i18n.language;
  return {
    t,
    tl,
    locale,
    number: (value: unknown) => formatNumber(Number(value ?? 0), locale),
    percent: (value: unknown) => formatPercent(Number(value), locale),
    time: (iso: unknown) => formatTime(String(iso), locale),
  };
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="p-fact">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Available({ story: { balance, lasting } }: Part) {
  const { t, number } = useFormats();
  const held = Number(balance?.['held'] ?? 0);
  return (
    <Fact label={t('panel.story.available')}>
      {number(balance?.['available'])}
      {held > 0 && <small>{t('panel.story.held', { shown: number(held) })}</small>}
      {lasting > 0 && <small>{t('panel.story.neverExpire', { shown: number(lasting) })}</small>}
    </Fact>
  );
}

function Quota({ story: { balance, alert } }: Part) {
  const { t, number, time, percent } = useFormats();
  const quota = Number(balance?.['monthlyQuota'] ?? 0);
  const used = Number(balance?.['quotaUsed'] ?? 0);
  if (quota === 0) return <Fact label={t('panel.story.quota')}>{t('panel.story.noQuota')}</Fact>;
  return (
    <Fact label={t('panel.story.quota')}>
      {t('panel.story.quotaUsed', { used: number(used), quota: number(quota) })}
      {balance?.['quotaResetAt'] != null && (
        <small>{t('panel.story.resets', { when: time(balance['quotaResetAt']) })}</small>
      )}
      {alert !== null && (
        <small>{t('panel.story.alerted', { percent: percent(alert['percent']), when: time(alert['raisedAt']) })}</small>
      )}
      <div className="p-bar" aria-hidden="true">
        <span style={{ width: `${Math.min(100, (used / quota) * 100)}%` }} />
      </div>
    </Fact>
  );
}

function Plan({ story: { subscription } }: Part) {
  const { t, tl, locale, time } = useFormats();
  if (subscription === null) return <Fact label={t('panel.story.subscription')}>{t('panel.story.none')}</Fact>;
  const { id, planName, subscriptionType, priceId, endDate, cancelAtPeriodEnd } = subscription;
  const names = planName as Record<string, string>;
  const until = () => {
    if (endDate === null) return t(priceId === null ? 'panel.story.noEnd' : 'panel.story.forLife');
    return t(cancelAtPeriodEnd === true ? 'panel.story.cancels' : 'panel.story.until', { when: time(endDate) });
  };
  return (
    <Fact label={t('panel.story.subscription')}>
      <Link className="p-link" to={`/admin/resources/subscriptions/records/${String(id)}/show`}>
        {names[locale] ?? names['en']}
      </Link>
      <small>
        {priceId !== null && `${tl(`subscriptionType.${String(subscriptionType)}`)}, `}
        {until()}
      </small>
    </Fact>
  );
}

function Paid({ story: { paid } }: Part) {
  const { t, locale, number } = useFormats();
  const orders = paid.reduce((sum, one) => sum + one.orders, 0);
  return (
    <Fact label={t('panel.story.paid')}>
      {paid.length === 0
        ? '–'
        : paid.map(({ currency, amountMinor }) => formatMoney(amountMinor, currency, locale)).join(' + ')}
      <small>{t('panel.story.orderCount', { shown: number(orders) })}</small>
    </Fact>
  );
}
