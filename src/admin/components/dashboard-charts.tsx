import { useTranslation } from 'adminjs';
import type { ByDimension, MetricName } from '../../reports/summary.ts';
import { toDecimal } from '../../kit/money.ts';
import type { Dashboard } from '../dashboard.ts';
import { Chart, type Line } from './chart.tsx';
import { formatMoney, formatNumber } from './format.ts';

/** How the figures went, day by day; and why payments failed. */
export function DashboardCharts({ board, currency }: { board: Dashboard; currency: string }) {
  const { t, i18n } = useTranslation();
  const { series, days } = board;
  const zeros = days.map(() => 0);
  const line = (name: MetricName, look: Line['look'], key = ''): Line => ({
    label: t(`panel.board.figure.${name}`),
    values: series[name][key] ?? zeros,
    look,
  });
  /** Payments of all currencies, failures of all reasons: never amounts of money. */
  const summed = (name: MetricName, look: Line['look']): Line => ({
    label: t(`panel.board.figure.${name}`),
    values: Object.values(series[name]).reduce((sums, values) => sums.map((sum, at) => sum + (values[at] ?? 0)), zeros),
    look,
  });
  const unfinished = ({ values, ...rest }: Line): Line => ({ ...rest, values: [...values.slice(0, -1), null] });
  const compact = new Intl.NumberFormat(i18n.language, { notation: 'compact', maximumFractionDigits: 1 });
  const count = {
    days,
    show: (value: number) => formatNumber(value, i18n.language),
    brief: (value: number) => compact.format(value),
  };
  const money = {
    days,
    show: (value: number) => formatMoney(value, currency, i18n.language),
    brief: (value: number) => briefMoney(value, currency, i18n.language),
  };
  const title = (name: string) => t(`panel.board.charts.${name}`);
  return (
    <div className="p-charts">
      <Chart
        {...money}
        bars
        title={`${title('money')} (${currency})`}
        lines={[line('revenue', 'leaf', currency), line('refunds', 'loss', currency)]}
      />
      <Chart {...money} title={`${title('mrr')} (${currency})`} lines={[line('mrr', 'leaf', currency)]} />
      <Chart {...count} title={title('subscriptions')} lines={[line('active_subscriptions', 'leaf')]} />
      <Chart
        {...count}
        bars
        title={title('movement')}
        lines={[line('new_subscriptions', 'leaf'), line('churned_subscriptions', 'loss')]}
      />
      <Chart
        {...count}
        bars
        title={title('payments')}
        lines={[summed('payments_completed', 'leaf'), summed('payments_failed', 'loss')]}
      />
      <Reasons reasons={board.now.payments_failed} />
      <Chart
        {...count}
        title={title('users')}
        lines={[unfinished(line('active_users_30d', 'leaf')), line('active_users', 'soft')]}
      />
      <Chart
        {...count}
        bars
        title={title('credits')}
        lines={[line('credits_used', 'leaf'), line('credits_granted', 'soft'), line('credits_expired', 'loss')]}
      />
    </div>
  );
}

const mostReasons = 8;

/** By the gateway's own word, the commonest first. */
function Reasons({ reasons }: { reasons: ByDimension }) {
  const { t, i18n } = useTranslation();
  const all = Object.entries(reasons)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const most = all[0]?.[1] ?? 1;
  return (
    <section className="p-chart p-reasons" aria-label={t('panel.board.charts.reasons')}>
      <h2>{t('panel.board.charts.reasons')}</h2>
      {all.length === 0 && <p className="p-quiet-text">{t('panel.board.noneFailed')}</p>}
      {all.length > 0 && (
        <ul>
          {all.slice(0, mostReasons).map(([code, count]) => (
            <li key={code}>
              <span>
                {t(`panel.board.reason.${code}`, { defaultValue: code })} <code>{code}</code>
              </span>
              <span className="p-number">{formatNumber(count, i18n.language)}</span>
              <span className="p-reason-bar" aria-hidden="true" style={{ width: `${(count / most) * 100}%` }} />
            </li>
          ))}
        </ul>
      )}
      {all.length > mostReasons && (
        <p className="p-quiet-text">{t('panel.board.moreReasons', { shown: all.length - mostReasons })}</p>
      )}
    </section>
  );
}

/** `$1.2K` at an axis. */
function briefMoney(amountMinor: number, currency: string, locale: string): string {
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    notation: 'compact',
    minimumFractionDigits: 0,
    maximumFractionDigits: 1,
  });
  return format.format(Number(toDecimal({ amountMinor: Math.round(amountMinor), currency })));
}
