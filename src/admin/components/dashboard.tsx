import { ApiClient, useTranslation } from 'adminjs';
import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'react-router-dom';
import type { Dashboard } from '../dashboard.ts';
import { formatMoney, formatNumber } from './format.ts';

/** The first page: how business is, and what waits for somebody. */
export function PanelDashboard() {
  const { t, i18n } = useTranslation();
  const [figures, setFigures] = useState<Dashboard | 'failed'>();
  useEffect(() => {
    new ApiClient().getDashboard<Dashboard>().then(
      ({ data }) => {
        setFigures(data);
      },
      () => {
        setFigures('failed');
      },
    );
  }, []);
  if (figures === 'failed')
    return (
      <p className="p-page p-problem" role="alert">
        {t('panel.dashboard.failed')}
      </p>
    );
  if (figures === undefined)
    return (
      <p className="p-page p-quiet-text" role="status">
        {t('panel.loading')}
      </p>
    );
  const number = (value: number) => formatNumber(value, i18n.language);
  const money = (amountMinor: number, currency: string) => formatMoney(amountMinor, currency, i18n.language);
  return (
    <div className="p-page">
      <h1>{t('panel.dashboard.title')}</h1>
      <div className="p-tiles">
        <Tile
          to="users"
          label={t('panel.dashboard.users')}
          value={number(figures.users)}
          more={t('panel.dashboard.newUsers', { shown: number(figures.newUsers) })}
        />
        <Tile
          to="subscriptions?filters.status=active"
          label={t('panel.dashboard.subscriptions')}
          value={number(figures.activeSubscriptions)}
          more={t('panel.dashboard.paying')}
        />
        <Tile
          to="orders"
          label={t('panel.dashboard.orders')}
          value={number(figures.ordersToday)}
          more={t('panel.dashboard.paid', { shown: number(figures.paidToday) })}
        />
        <Tile
          to="orders?filters.status=completed"
          label={t('panel.dashboard.revenue')}
          value={<Revenue figures={figures} money={money} />}
          more={<Refunded figures={figures} money={money} />}
        />
      </div>
      <h2>{t('panel.dashboard.waiting')}</h2>
      <Waiting figures={figures} />
    </div>
  );
}

interface TileProps {
  to: string;
  label: string;
  value: ReactNode;
  more: ReactNode;
}

function Tile({ to, label, value, more }: TileProps) {
  return (
    <Link className="p-tile" to={`/admin/resources/${to}`}>
      <span className="p-tile-label">{label}</span>
      <span className="p-tile-value">{value}</span>
      <span className="p-tile-more">{more}</span>
    </Link>
  );
}

interface MoneyProps {
  figures: Dashboard;
  money: (amountMinor: number, currency: string) => string;
}

function Revenue({ figures: { revenue }, money }: MoneyProps) {
  if (revenue.length === 0) return <>–</>;
  return (
    <>
      {revenue.map(({ currency, amountMinor, refundedMinor }) => (
        <span key={currency}>{money(amountMinor - refundedMinor, currency)}</span>
      ))}
    </>
  );
}

function Refunded({ figures: { revenue }, money }: MoneyProps) {
  const { t } = useTranslation();
  const refunded = revenue.filter(({ refundedMinor }) => refundedMinor > 0);
  if (refunded.length === 0) return <>{t('panel.dashboard.noRefunds')}</>;
  return (
    <>
      {t('panel.dashboard.refunded', {
        amounts: refunded.map(({ currency, refundedMinor }) => money(refundedMinor, currency)).join(', '),
      })}
    </>
  );
}

function Waiting({ figures }: { figures: Dashboard }) {
  const { t, i18n } = useTranslation();
  const items = [
    ['openIncidents', 'incidents?filters.status=open'],
    ['failedMails', 'emails?filters.status=failed'],
    ['failedJobs', 'job_runs?filters.error=some'],
    ['openEvents', 'provider_events?filters.handledAt=none'],
    ['openRefunds', 'refunds?filters.status=pending'],
  ] as const;
  const open = items.filter(([name]) => figures[name] > 0);
  if (open.length === 0) return <p className="p-calm">{t('panel.dashboard.nothingWaits')}</p>;
  return (
    <ul className="p-waiting">
      {open.map(([name, to]) => (
        <li key={name}>
          <Link to={`/admin/resources/${to}`}>
            <strong>{formatNumber(figures[name], i18n.language)}</strong>{' '}
            {t(`panel.dashboard.${name}`, { count: figures[name] })}
          </Link>
        </li>
      ))}
    </ul>
  );
}
