import type { Tx } from '../db/index.ts';
import {
  addDays,
  dayAfter,
  lastComputedDay,
  readComputed,
  readLive,
  readStanding,
  toDay,
  type Figure,
} from './daily.ts';

/** Figures that add up over the days of a range. */
const sums = [
  'revenue',
  'refunds',
  'new_subscriptions',
  'churned_subscriptions',
  'payments_completed',
  'payments_failed',
  'checkouts',
  'checkouts_paid',
  'registrations',
  'registrations_paid',
  'credits_granted',
  'credits_used',
  'credits_expired',
] as const;

/** The others stand at the end of a day. */
export type MetricName = (typeof sums)[number] | 'mrr' | 'active_subscriptions' | 'active_users' | 'active_users_30d';

/** By dimension: a currency, a reason, or `''`. Money in minor units. */
export type ByDimension = Readonly<Record<string, number>>;
export type Figures = Record<MetricName, ByDimension>;

export interface Summary {
  /** UTC days, both included. The last one is today, so far. */
  from: string;
  to: string;
  now: Figures;
  /** The range of the same length before it. */
  before: Figures;
  /** The days of the charts, and a value for each. */
  days: string[];
  series: Record<MetricName, Readonly<Record<string, number[]>>>;
  /** The first day whose figures are missing because the job has not come to it; null when all are there. */
  missingSince: string | null;
}

/** Charts of a shorter range would say nothing. */
const leastChartDays = 30;
/** More days than these are not read from the tables themselves, however far behind the job is. */
const mostLiveDays = 3;

/** What the dashboard shows of the last `length` UTC days, today included, and of as many before them. */
export async function readSummary(tx: Tx, length: number, now: Date): Promise<Summary> {
  const today = toDay(now.getTime());
  const chartFrom = addDays(today, 1 - Math.max(length, leastChartDays));
  const from = addDays(today, 1 - length);
  const previousFrom = addDays(from, -length);
  const first = previousFrom < chartFrom ? previousFrom : chartFrom;

  const computed = await lastComputedDay(tx);
  const next = computed === null ? addDays(today, 1 - mostLiveDays) : dayAfter(computed);
  const liveFrom = [next, addDays(today, 1 - mostLiveDays)].sort().at(-1) ?? today;
  const [base, stored, live] = [
    await readStanding(tx, first),
    await readComputed(tx, first, liveFrom),
    await readLive(tx, daysFrom(liveFrom, today)),
  ];
  const days = daysFrom(first, today);
  const all = toSeries([...stored, ...live], base, days);
  const at = (day: string) => days.indexOf(day);
  const chart = at(chartFrom);
  return {
    from,
    to: today,
    now: figuresOf(all, at(from), days.length),
    before: figuresOf(all, at(previousFrom), at(from)),
    days: days.slice(chart),
    series: mapValues(all, (byDimension) => mapDimensions(byDimension, (values) => values.slice(chart))),
    missingSince: next < liveFrom ? next : null,
  };
}

type Series = Summary['series'];

function toSeries(figures: readonly Figure[], base: readonly Omit<Figure, 'day'>[], days: readonly string[]): Series {
  const places = new Map(days.map((day, nth) => [day, nth]));
  const table = new Map<string, Map<string, number[]>>();
  const valuesOf = (metric: string, dimension: string) => {
    const byDimension = table.get(metric) ?? new Map<string, number[]>();
    table.set(metric, byDimension);
    const values = byDimension.get(dimension) ?? days.map(() => 0);
    byDimension.set(dimension, values);
    return values;
  };
  for (const { day, metric, dimension, value } of figures) {
    const place = places.get(day);
    if (place !== undefined) valuesOf(metric, dimension)[place] = value;
  }
  const read = (metric: string) => Object.fromEntries(table.get(metric) ?? []);
  const running = (came: string, went: string) => {
    const before = (metric: string, dimension: string) =>
      base.find((one) => one.metric === metric && one.dimension === dimension)?.value ?? 0;
    for (const { metric, dimension } of base) if (metric === came) valuesOf(came, dimension);
    return mapDimensions(read(came), (values, dimension) => {
      let total = before(came, dimension) - before(went, dimension);
      const gone = table.get(went)?.get(dimension) ?? [];
      return values.map((value, nth) => (total += value - (gone[nth] ?? 0)));
    });
  };
  return {
    ...(Object.fromEntries([...sums, 'active_users', 'active_users_30d'].map((name) => [name, read(name)])) as Series),
    active_subscriptions: running('subscriptions_started', 'subscriptions_ended'),
    // A twelfth of what a year brings, rounded once.
    mrr: mapDimensions(running('arr_started', 'arr_ended'), (values) => values.map((year) => Math.round(year / 12))),
  };
}

function figuresOf(all: Series, start: number, end: number): Figures {
  const sum = (values: number[]) => values.slice(start, end).reduce((total, value) => total + value, 0);
  const last = (values: number[]) => values[end - 1] ?? 0;
  const isSum = (name: MetricName) => (sums as readonly string[]).includes(name);
  const figures = mapValues(all, (byDimension, name) => mapDimensions(byDimension, isSum(name) ? sum : last));
  // Today's is not known before today is over, so it is yesterday's, and for the range before that of the day before.
  return { ...figures, active_users_30d: mapDimensions(all.active_users_30d, (values) => values[end - 2] ?? 0) };
}

function daysFrom(first: string, last: string): string[] {
  const days: string[] = [];
  for (let day = first; day <= last; day = dayAfter(day)) days.push(day);
  return days;
}

function mapDimensions<A, B>(of: Readonly<Record<string, A>>, change: (value: A, dimension: string) => B) {
  return Object.fromEntries(Object.entries(of).map(([dimension, value]) => [dimension, change(value, dimension)]));
}

function mapValues<A, B>(of: Record<MetricName, A>, change: (value: A, name: MetricName) => B): Record<MetricName, B> {
  const entries = Object.entries(of) as [MetricName, A][];
  return Object.fromEntries(entries.map(([name, value]) => [name, change(value, name)])) as Record<MetricName, B>;
}
