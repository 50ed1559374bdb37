import { ViewHelpers, useTranslation } from 'adminjs';
import { Icon } from '@adminjs/design-system';
import { Link } from 'react-router-dom';
import type { StoryEvent } from '../story/source.ts';
import { formatDay, formatMoney, formatNumber } from './format.ts';
import { State, Time } from './value.tsx';

const icons: Readonly<Record<StoryEvent['kind'], string>> = {
  account: 'User',
  orders: 'ShoppingCart',
  payments: 'CreditCard',
  refunds: 'CornerUpLeft',
  disputes: 'AlertOctagon',
  subscriptions: 'RefreshCw',
  credits: 'Zap',
  consumption: 'BarChart2',
  alerts: 'Bell',
  mails: 'Mail',
  actions: 'Shield',
  incidents: 'AlertTriangle',
};

/** One thing that happened: when, what with its link, in which state it is, and what it moved, money and credits right. */
export function TimelineLine({ event, userId }: { event: StoryEvent; userId: string }) {
  const { t, tl, i18n } = useTranslation();
  const locale = i18n.language;
  const { kind, at, resource, amountMinor, currency, credits, state, note, by } = event;
  const shownNote = kind === 'subscriptions' && note !== null ? tl(`subscriptionType.${note}`) : note;
  return (
    <li className={`p-event p-event-${kind}`}>
      <span className="p-event-time">{kind === 'consumption' ? formatDay(at, locale) : <Time iso={at} />}</span>
      <span className="p-event-icon" aria-hidden="true">
        <Icon icon={icons[kind]} size={14} />
      </span>
      <span className="p-event-what">
        <What event={event} userId={userId} />
        {shownNote !== null && (
          <span className="p-event-note" title={shownNote}>
            {shownNote}
          </span>
        )}
        {by !== null && <span className="p-event-by">{t('panel.timeline.by', { name: by })}</span>}
      </span>
      <span className="p-event-state">
        {state !== null && <State value={state} label={tl(wordOf(kind, state), resource ?? undefined)} />}
      </span>
      <span className="p-event-figure">
        {amountMinor !== null && currency !== null && formatMoney(amountMinor, currency, locale)}
      </span>
      <span className="p-event-figure">
        {credits !== null &&
          t('panel.credits', { count: Math.abs(credits), shown: formatNumber(credits, locale, true) })}
      </span>
    </li>
  );
}

function wordOf(kind: StoryEvent['kind'], state: string): string {
  return `${kind === 'alerts' ? 'outcome' : 'status'}.${state}`;
}

/** In words, as a link where there is a row to look at. */
function What({ event, userId }: { event: StoryEvent; userId: string }) {
  const text = useWords(event);
  const { kind, resource, id } = event;
  const to =
    kind === 'consumption'
      ? `/admin/resources/credit_transactions?filters.userId=${userId}&filters.type=spend`
      : resource !== null && id !== null
        ? new ViewHelpers().recordActionUrl({ resourceId: resource, recordId: id, actionName: 'show' })
        : undefined;
  if (to === undefined) return <span>{text}</span>;
  return (
    <Link className="p-link" to={to}>
      {text}
    </Link>
  );
}

function useWords({ kind, what, title, names, count }: StoryEvent): string {
  const { t, tl, i18n } = useTranslation();
  const locale = i18n.language;
  const shown = count === null ? '' : formatNumber(count, locale);
  switch (kind) {
    case 'orders':
      return t('panel.timeline.order', { kind: tl(`kind.${what}`), orderNo: title });
    case 'mails':
      return tl(`template.${what}`, { defaultValue: what });
    case 'actions':
      return tl(`action.${what}`, { defaultValue: what });
    case 'incidents':
      return tl(`kind.${what}`);
    case 'subscriptions':
      return t(`panel.timeline.what.subscription_${what}`, { plan: names?.[locale] ?? names?.['en'] });
    case 'credits':
      if (what === 'archived') return t('panel.timeline.what.archived', { shown });
      if (what === 'adjust') return t('panel.timeline.what.adjusted', { shown });
      return t('panel.timeline.entry', {
        type: tl(`type.${what}`),
        source: tl(`source.${String(title)}`, { defaultValue: title }),
        shown,
      });
    case 'consumption':
      return t('panel.timeline.what.consumption', { count: count ?? 0, shown });
    default:
      return t(`panel.timeline.what.${what}`, { orderNo: title, shown });
  }
}
