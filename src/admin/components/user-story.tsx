import { useTranslation, type RecordJSON } from 'adminjs';
import type { ReactNode } from 'react';
import { Link } from 'react-router-dom';
import type { UserStory as Story } from '../user-story.ts';
import { formatMoney, formatNumber, formatPercent, formatTime } from './format.ts';
import { State, Time } from './value.tsx';

/** A customer at a glance: credits, quota, plan and money on top, then what happened last. */
export function UserStory({ record }: { record: RecordJSON }) {
  const story = JSON.parse(String(record.params['story'] ?? 'null')) as Story | null;
  if (story === null) return null;
  return (
    <div className="p-story">
      <dl className="p-facts">
        <Available story={story} />
        <Quota story={story} />
        <Plan story={story} />
        <Paid story={story} />
      </dl>
      {story.incidents.length > 0 && <Incidents story={story} />}
      <div className="p-two">
        <Orders story={story} userId={record.id} />
        <Entries story={story} userId={record.id} />
        <Mails story={story} userId={record.id} />
        <Actions story={story} userId={record.id} />
      </div>
    </div>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
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

interface TableProps {
  title: string;
  /** The list of all of them, where there is one. */
  all?: string;
  rows: unknown[];
  children: ReactNode;
}

function Table({ title, all, rows, children }: TableProps) {
  const { t } = useTranslation();
  return (
    <section>
      <h2>
        {title}{' '}
        {all !== undefined && rows.length > 0 && <Link to={`/admin/resources/${all}`}>{t('panel.story.all')}</Link>}
      </h2>
      {rows.length === 0 ? (
        <p className="p-quiet-text">{t('panel.story.nothing')}</p>
      ) : (
        <div className="p-scroll">
          <table className="p-table">
            <tbody>{children}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Incidents({ story: { incidents } }: Part) {
  const { t, tl } = useFormats();
  return (
    <Table title={t('panel.story.recentIncidents')} rows={incidents}>
      {incidents.map((row) => (
        <tr key={String(row['id'])}>
          <td>
            <State value={String(row['status'])} label={tl(`status.${String(row['status'])}`)} />
          </td>
          <td>
            <Link className="p-link" to={`/admin/resources/incidents/records/${String(row['id'])}/show`}>
              {tl(`kind.${String(row['kind'])}`)}
            </Link>
          </td>
          <td className="p-rest">
            <span className="p-clip" title={textOf(row['summary'])}>
              {textOf(row['summary'])}
            </span>
          </td>
          <td className="p-right">
            <Time iso={String(row['lastSeenAt'])} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

type ListPart = Part & { userId: string };

function Orders({ story: { orders }, userId }: ListPart) {
  const { t, tl, locale } = useFormats();
  return (
    <Table title={t('panel.story.recentOrders')} all={`orders?filters.userId=${userId}`} rows={orders}>
      {orders.map((row) => (
        <tr key={String(row['id'])}>
          <td>
            <Link className="p-link" to={`/admin/resources/orders/records/${String(row['id'])}/show`}>
              {String(row['orderNo'])}
            </Link>
          </td>
          <td>
            <State value={String(row['status'])} label={tl(`status.${String(row['status'])}`)} />
          </td>
          <td className="p-right">{formatMoney(Number(row['amountMinor']), String(row['currency']), locale)}</td>
          <td className="p-right">
            <Time iso={String(row['createdAt'])} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Entries({ story: { entries }, userId }: ListPart) {
  const { t, tl, locale, number } = useFormats();
  return (
    <Table title={t('panel.story.recentEntries')} all={`credit_transactions?filters.userId=${userId}`} rows={entries}>
      {entries.map((row) => (
        <tr key={String(row['id'])}>
          <td>{tl(`type.${String(row['type'])}`)}</td>
          <td>
            <span className="p-clip">{textOf(row['description'])}</span>
          </td>
          <td className="p-right">{formatNumber(Number(row['amount']), locale, true)}</td>
          <td className="p-right">{number(row['balanceAfter'])}</td>
          <td className="p-right">
            <Time iso={String(row['createdAt'])} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Mails({ story: { mails }, userId }: ListPart) {
  const { t, tl } = useFormats();
  return (
    <Table title={t('panel.story.recentMails')} all={`emails?filters.userId=${userId}`} rows={mails}>
      {mails.map((row) => (
        <tr key={String(row['id'])}>
          <td>{tl(`template.${String(row['template'])}`, { defaultValue: String(row['template']) })}</td>
          <td>
            <State value={String(row['status'])} label={tl(`status.${String(row['status'])}`)} />
          </td>
          <td className="p-right">
            <Time iso={String(row['createdAt'])} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Actions({ story: { actions }, userId }: ListPart) {
  const { t, tl } = useFormats();
  return (
    <Table title={t('panel.story.recentActions')} all={`audit_log?filters.subjectId=${userId}`} rows={actions}>
      {actions.map((row) => (
        <tr key={String(row['id'])}>
          <td>{tl(`action.${String(row['action'])}`, { defaultValue: String(row['action']) })}</td>
          <td>
            <span className="p-clip" title={textOf(row['reason'])}>
              {textOf(row['reason'])}
            </span>
          </td>
          <td>{String(row['actor'])}</td>
          <td className="p-right">
            <Time iso={String(row['createdAt'])} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
