import { useTranslation } from 'adminjs';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import uPlot from 'uplot';

export interface Line {
  label: string;
  /** A value for each day; null where there is none yet. */
  values: readonly (number | null)[];
  /** Its colour, and how it is drawn, so that colour alone never tells two apart. */
  look: 'leaf' | 'loss' | 'soft';
}

export interface ChartProps {
  title: string;
  /** UTC days, `2026-11-24`. */
  days: readonly string[];
  lines: readonly Line[];
  /** As it stands in a table. */
  show: (value: number) => string;
  /** As it stands at an axis. */
  brief: (value: number) => string;
  /** Days stand apart, as what happened on each. */
  bars?: boolean;
}

const heightPx = 190;
/** In seconds: room for the first bar and the last. */
const halfDay = 12 * 3600;

/** A chart with the values of one day above it, which arrow keys or the pointer choose, and a table that says the same. */
export function Chart(props: ChartProps) {
  const { title, days, lines, show } = props;
  const { t, i18n } = useTranslation();
  const [picked, setPicked] = useState(days.length - 1);
  const { place, pick } = useDrawing(props, i18n.language, setPicked);
  const day = days[Math.min(picked, days.length - 1)];
  const move = (event: KeyboardEvent) => {
    const to = { ArrowLeft: picked - 1, ArrowRight: picked + 1, Home: 0, End: days.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    pick(Math.max(0, Math.min(days.length - 1, to)));
  };
  return (
    <figure className="p-chart">
      <figcaption>{title}</figcaption>
      <dl className="p-chart-key" aria-live="polite">
        <dt className="p-chart-day">{day === undefined ? '' : formatDay(day, i18n.language)}</dt>
        {lines.map(({ label, values, look }) => (
          <div key={label}>
            <dt>
              <span className={`p-chart-line p-chart-${look}`} aria-hidden="true" /> {label}
            </dt>
            <dd>{valueAt(values, picked, show)}</dd>
          </div>
        ))}
      </dl>
      <div
        className="p-chart-plot"
        ref={place}
        tabIndex={0}
        role="group"
        aria-label={String(t('panel.board.chart', { title }))}
        onKeyDown={move}
      />
      <Twin {...props} />
    </figure>
  );
}

function valueAt(values: Line['values'], at: number, show: (value: number) => string): string {
  const value = values[at];
  return value === null || value === undefined ? '–' : show(value);
}

/** The same in words and numbers; its rows are there once it is opened. */
function Twin({ title, days, lines, show }: ChartProps) {
  const { t, i18n } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>{t('panel.board.asTable')}</summary>
      {isOpen && (
        <div className="p-chart-table" tabIndex={0} role="region" aria-label={title}>
          <table className="p-table">
            <thead>
              <tr>
                <th scope="col">{t('panel.board.day')}</th>
                {lines.map(({ label }) => (
                  <th key={label} scope="col" className="p-right">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {days
                .map((day, nth) => (
                  <tr key={day}>
                    <th scope="row">{formatDay(day, i18n.language)}</th>
                    {lines.map(({ label, values }) => (
                      <td key={label} className="p-right">
                        {valueAt(values, nth, show)}
                      </td>
                    ))}
                  </tr>
                ))
                .reverse()}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

/** Draws into `place`, anew when what is drawn changes, and as wide as there is room. */
function useDrawing(props: ChartProps, locale: string, onPick: (at: number) => void) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { days, lines } = props;
  const drawn = JSON.stringify([days, lines, locale]);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const times = days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000);
    const data = [times, ...lines.map(({ values }) => [...values])] as uPlot.AlignedData;
    const made = new uPlot(optionsOf(props, locale, element, onPick), data, element);
    plot.current = made;
    onPick(days.length - 1);
    const watch = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: heightPx });
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [drawn]);
  const pick = (at: number) => {
    const { current } = plot;
    const time = current?.data[0][at];
    if (current === null || time === undefined) return;
    current.setCursor({ left: current.valToPos(time, 'x'), top: 0 });
    onPick(at);
  };
  return { place, pick };
}

function optionsOf(
  { lines, brief, bars = false }: ChartProps,
  locale: string,
  element: HTMLElement,
  onPick: (at: number) => void,
): uPlot.Options {
  const styles = getComputedStyle(element);
  const colour = (name: string) => styles.getPropertyValue(`--${name}`).trim();
  const font = `12px ${styles.fontFamily}`;
  const axis = { stroke: colour('ink-soft'), font, ticks: { show: false } };
  const tick = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', timeZone: 'UTC' });
  return {
    width: element.clientWidth,
    height: heightPx,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { size: 8 } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: {
      x: { range: (_plot, first, last) => (bars ? [first - halfDay, last + halfDay] : [first, last]) },
      y: { range: (_plot, low, high) => rangeOf(low, high, bars) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 70,
        size: 26,
        values: (_plot, ticks) => ticks.map((at) => tick.format(at * 1000)),
      },
      { ...axis, grid: { stroke: colour('line'), width: 1 }, size: 60, values: (_plot, ticks) => ticks.map(brief) },
    ],
    series: [{}, ...lines.map((line) => seriesOf(line, colour, bars))],
    hooks: {
      setCursor: [
        ({ cursor: { idx } }) => {
          if (typeof idx === 'number') onPick(idx);
        },
      ],
    },
  };
}

function seriesOf({ label, look }: Line, colour: (name: string) => string, bars: boolean): uPlot.Series {
  const stroke = colour(look === 'soft' ? 'ink-soft' : look);
  const isFirst = look === 'leaf';
  const drawBars = uPlot.paths.bars?.({ size: [0.7, 24], align: 0 });
  if (bars && isFirst && drawBars !== undefined) {
    return { label, stroke, fill: stroke, width: 0, paths: drawBars, points: { show: false } };
  }
  const dash = { leaf: [], loss: [2, 4], soft: [7, 5] }[look];
  return { label, stroke, width: 2, dash, points: { show: false }, ...(isFirst && { fill: colour('leaf-tint') }) };
}

/** What happened on days begins at nothing; what stands is shown where it stands. */
function rangeOf(low: number | null, high: number | null, bars: boolean): [number, number] {
  const [least, most] = [low ?? 0, high ?? 0];
  if (most === 0) return [0, 1];
  const floor = bars || least < most * 0.5 ? 0 : least - (most - least) * 0.5;
  return [Math.max(0, floor), most + (most - floor) * 0.08 + (most === floor ? 1 : 0)];
}

export function formatDay(day: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));
}
