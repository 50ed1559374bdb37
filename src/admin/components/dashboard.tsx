import { ApiClient, useTranslation } from 'adminjs';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { Dashboard } from '../dashboard.ts';
import { formatDay } from './chart.tsx';
import { DashboardCharts } from './dashboard-charts.tsx';
import { DashboardFigures } from './dashboard-figures.tsx';
import { DashboardWaiting } from './dashboard-waiting.tsx';
import { Problem, problemOf, type ProblemDocument } from './send.tsx';

const ranges = ['1', '30', '90', '365'] as const;

/** The first page: how business is, and what waits for somebody. Range and currency are in the address. */
export function PanelDashboard() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const days = ranges.find((range) => range === params.get('days')) ?? '30';
  const { board, problem } = useBoard(days);
  const choose = (name: string, value: string) => {
    const changed = new URLSearchParams(params);
    changed.set(name, value);
    setParams(changed, { replace: true });
  };
  if (board === undefined)
    return (
      <div className="p-page" role="status">
        {problem === undefined ? <p className="p-quiet-text">{t('panel.loading')}</p> : <Problem problem={problem} />}
      </div>
    );
  const currencies = currenciesOf(board);
  const currency = currencies.find((one) => one === params.get('currency')) ?? currencies[0] ?? 'USD';
  return (
    <div className="p-page" aria-busy={String(board.length) !== days}>
      <div className="p-board-head">
        <h1>{t('panel.dashboard.title')}</h1>
        <div className="p-segments" role="group" aria-label={t('panel.board.range')}>
          {ranges.map((range) => (
            <button key={range} type="button" aria-pressed={range === days} onClick={() => choose('days', range)}>
              {t(`panel.board.days_${range}`)}
            </button>
          ))}
        </div>
        {currencies.length > 1 && (
          <div className="p-segments" role="group" aria-label={t('panel.board.currency')}>
            {currencies.map((one) => (
              <button key={one} type="button" aria-pressed={one === currency} onClick={() => choose('currency', one)}>
                {one}
              </button>
            ))}
          </div>
        )}
      </div>
      <Problem problem={problem} />
      <Span board={board} />
      <DashboardWaiting waiting={board.waiting} />
      <DashboardFigures board={board} currency={currency} />
      <DashboardCharts board={board} currency={currency} />
    </div>
  );
}

/** Keeps what is shown until the next range is there. */
function useBoard(days: string): { board: Dashboard | undefined; problem: ProblemDocument | undefined } {
  const [board, setBoard] = useState<Dashboard>();
  const [problem, setProblem] = useState<ProblemDocument>();
  useEffect(() => {
    let isLate = false;
    new ApiClient().getDashboard<Dashboard>({ params: { days } }).then(
      ({ data }) => {
        if (isLate) return;
        setBoard(data);
        setProblem(undefined);
      },
      (error: unknown) => {
        if (!isLate) setProblem(problemOf(error));
      },
    );
    return () => {
      isLate = true;
    };
  }, [days]);
  return { board, problem };
}

/** From when to when, and what is missing. */
function Span({ board: { from, to, length, missingSince } }: { board: Dashboard }) {
  const { t, i18n } = useTranslation();
  const day = (value: string) => formatDay(value, i18n.language);
  return (
    <>
      <p className="p-quiet-text">
        {length === 1
          ? t('panel.board.today', { to: day(to) })
          : t('panel.board.span', { from: day(from), to: day(to) })}
      </p>
      {missingSince !== null && (
        <p className="p-board-missing" role="status">
          {t('panel.board.missing', { since: day(missingSince) })}
        </p>
      )}
    </>
  );
}

/** Those in which money moved, the one with most payments first. */
function currenciesOf({ now, before }: Dashboard): string[] {
  const all = [now.revenue, before.revenue, now.refunds, now.mrr].flatMap((byCurrency) => Object.keys(byCurrency));
  const weight = (currency: string) =>
    (now.payments_completed[currency] ?? 0) + (before.payments_completed[currency] ?? 0);
  return [...new Set(all)].sort((a, b) => weight(b) - weight(a) || a.localeCompare(b));
}
