import { useTranslation } from 'adminjs';
import { useId } from 'react';
import type { Dashboard } from '../dashboard.ts';
import type { ByDimension, Figures, MetricName } from '../../reports/summary.ts';
import { formatMoney, formatNumber } from './format.ts';

/** How a figure is made from what the server counts. `good`: whether more of it is. */
interface Tile {
  name: string;
  kind: 'money' | 'count' | 'ratio';
  good: boolean | null;
  read: (figures: Figures, currency: string) => number | null;
}

const total = (values: ByDimension) => Object.values(values).reduce((sum, value) => sum + value, 0);
const money = (name: 'revenue' | 'refunds' | 'mrr', good: boolean): Tile => ({
  name,
  kind: 'money',
  good,
  read: (figures, currency) => figures[name][currency] ?? 0,
});
const count = (name: MetricName, good: boolean | null): Tile => ({
  name,
  kind: 'count',
  good,
  read: (figures) => total(figures[name]),
});
const ratio = (name: string, part: MetricName, rest: (figures: Figures) => number): Tile => ({
  name,
  kind: 'ratio',
  good: true,
  read: (figures) => (rest(figures) === 0 ? null : total(figures[part]) / rest(figures)),
});

const groups = (length: number): Readonly<Record<string, readonly Tile[]>> => ({
  money: [money('revenue', true), money('refunds', false), money('mrr', true)],
  subscriptions: [
    count('active_subscriptions', true),
    count('new_subscriptions', true),
    count('churned_subscriptions', false),
  ],
  conversion: [
    ratio(
      'payment_success',
      'payments_completed',
      (figures) => total(figures.payments_completed) + total(figures.payments_failed),
    ),
    ratio('checkout_conversion', 'checkouts_paid', (figures) => total(figures.checkouts)),
    ratio('registration_conversion', 'registrations_paid', (figures) => total(figures.registrations)),
  ],
  use: [
    count(length === 1 ? 'active_users' : 'active_users_30d', true),
    count('credits_granted', null),
    count('credits_used', true),
    count('credits_expired', null),
  ],
});

/** The figures by what they are about, each with what it was before and what it counts. */
export function DashboardFigures({ board, currency }: { board: Dashboard; currency: string }) {
  const { t } = useTranslation();
  return (
    <div className="p-tiles">
      {Object.entries(groups(board.length)).map(([group, tiles]) => (
        <section key={group} className="p-tile-group" aria-label={t(`panel.board.group.${group}`)}>
          {tiles.map((tile) => (
            <FigureTile key={tile.name} tile={tile} board={board} currency={currency} />
          ))}
        </section>
      ))}
    </div>
  );
}

function FigureTile({ tile, board, currency }: { tile: Tile; board: Dashboard; currency: string }) {
  const { t, i18n } = useTranslation();
  const id = useId();
  const [now, before] = [tile.read(board.now, currency), tile.read(board.before, currency)];
  const show = (value: number | null) => shown(value, tile.kind, currency, i18n.language);
  const label = t(`panel.board.figure.${tile.name}`);
  const change = changeOf(now, before, tile.kind, i18n.language, t);
  return (
    <div className="p-tile" data-figure={tile.name}>
      <div className="p-tile-label">
        {label}
        <span className="p-tip">
          <button type="button" aria-label={String(t('panel.board.define', { label }))} aria-describedby={id}>
            ?
          </button>
          <span role="tooltip" id={id}>
            {t(`panel.board.about.${tile.name}`)}
          </span>
        </span>
      </div>
      <div className="p-tile-value">{show(now)}</div>
      <div className="p-tile-more">
        {change !== null && <span className={toneOf(now, before, tile.good)}>{change}</span>}{' '}
        {t('panel.board.before', { value: show(before) })}
      </div>
    </div>
  );
}

function shown(value: number | null, kind: Tile['kind'], currency: string, locale: string): string {
  if (value === null) return '–';
  if (kind === 'money') return formatMoney(value, currency, locale);
  if (kind === 'count') return formatNumber(value, locale);
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(value);
}

/** In percent of what was; a ratio in points; null where there is nothing to compare with. */
function changeOf(
  now: number | null,
  before: number | null,
  kind: Tile['kind'],
  locale: string,
  t: (key: string, values: object) => string,
): string | null {
  if (now === null || before === null || (kind !== 'ratio' && before === 0)) return null;
  if (kind === 'ratio') {
    const format = new Intl.NumberFormat(locale, { signDisplay: 'exceptZero', maximumFractionDigits: 1 });
    return t('panel.board.points', { points: format.format((now - before) * 100) });
  }
  const format = new Intl.NumberFormat(locale, {
    style: 'percent',
    signDisplay: 'exceptZero',
    maximumFractionDigits: 0,
  });
  return format.format((now - before) / before);
}

function toneOf(now: number | null, before: number | null, good: boolean | null): string {
  if (good === null || now === null || before === null || now === before) return 'p-change';
  return now > before === good ? 'p-change p-better' : 'p-change p-worse';
}
