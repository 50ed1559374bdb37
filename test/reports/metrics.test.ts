import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { updateMetrics } from '../../src/billing/update-metrics.ts';
import { FixedClock } from '../../src/kit/clock.ts';
import { computeDays, daysToCompute, firstInstantOf } from '../../src/reports/daily.ts';
import { readSummary, type MetricName, type Summary } from '../../src/reports/summary.ts';
import { useTestDatabase } from '../support/database.ts';
import { inventBusiness } from './business.ts';

/** Each figure as docs/metrics.md defines it: its name → its SQL. */
const documented = new Map(
  [
    ...readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8').matchAll(/```sql\n-- (\w+)\n(.*?)```/gs),
  ].map(([, name = '', sql = '']) => [name as MetricName, sql]),
);

const dayMs = 24 * 3600 * 1000;

describe('the figures of the dashboard', function () {
  this.timeout(120_000);
  const database = useTestDatabase({ seeded: true });
  const noon = new Date('2026-06-15T12:00:00Z');
  const clock = new FixedClock(noon);
  const services = () => ({ db: database.db, clock });

  before(async () => {
    await inventBusiness(database.db.pool, firstInstantOf(noon));
    await updateMetrics(services());
  });

  const sql = async <Row>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];
  const summary = (length: number, now = clock.now()) => database.db.transaction((tx) => readSummary(tx, length, now));

  /** What docs/metrics.md says of a range. */
  async function asDocumented(name: MetricName, from: Date, to: Date): Promise<Record<string, number>> {
    const statement = (documented.get(name) ?? '')
      .replaceAll(`:'from'`, `'${from.toISOString()}'`)
      .replaceAll(`:'to'`, `'${to.toISOString()}'`);
    const rows = await sql<{ dimension: string; value: number | null }>(statement);
    return nothingIsZero(Object.fromEntries(rows.map(({ dimension, value }) => [dimension, value ?? 0])));
  }

  it('are documented, every one', async () => {
    expect([...documented.keys()]).to.have.members(Object.keys((await summary(30)).now));
  });

  for (const length of [1, 30, 90, 365]) {
    it(`equal their documented SQL over ${length} days, and over as many before them`, async () => {
      const today = firstInstantOf(noon).getTime();
      const found = await summary(length);
      expect(found.missingSince).to.equal(null);
      const range = (end: number): [Date, Date] => [new Date(end - length * dayMs), new Date(end)];
      for (const name of documented.keys()) {
        const now = await asDocumented(name, ...range(today + dayMs));
        expect(nothingIsZero(found.now[name]), `${name} now`).to.deep.equal(now);
        const before = await asDocumented(name, ...range(today + dayMs - length * dayMs));
        expect(nothingIsZero(found.before[name]), `${name} before`).to.deep.equal(before);
      }
    });
  }

  it('are seen to be there: no figure is nothing in the business that they were tried on', async () => {
    const { now } = await summary(90);
    for (const [name, values] of Object.entries(now)) expect(Object.keys(nothingIsZero(values)), name).to.not.be.empty;
    expect(Object.keys(now.revenue)).to.include.members(['GBP', 'USD']);
  });

  it('of each day make up the figure of the range', async () => {
    const { now, series, days } = await summary(90);
    const whole = (found: Summary['series'][MetricName]) =>
      Object.fromEntries(
        Object.entries(found).map(([key, values]) => [key, values.reduce((sum, one) => sum + one, 0)]),
      );
    for (const name of ['revenue', 'refunds', 'payments_failed', 'credits_used', 'registrations'] as const) {
      expect(nothingIsZero(whole(series[name])), name).to.deep.equal(nothingIsZero(now[name]));
    }
    expect(days).to.have.length(90);
    expect(days.at(-1)).to.equal('2026-06-15');
  });

  it('are computed again for days that can still change, once a day, and not for others', async () => {
    expect(await updateMetrics(services())).to.deep.equal({ days: 0 });
    const [order] = await sql<{ id: string; day: string }>(
      `SELECT id, (created_at AT TIME ZONE 'UTC')::date::text AS day FROM orders
       WHERE paid_at IS NULL AND created_at < $1::timestamptz - interval '8 days' ORDER BY created_at DESC LIMIT 1`,
      noon,
    );
    const paidOf = async () =>
      (await sql<{ value: number }>(
        `SELECT coalesce(sum(value), 0) AS value FROM metrics_daily WHERE metric = 'checkouts_paid' AND day = $1`,
        order?.day,
      ))[0]?.value ?? 0; // prettier-ignore
    const before = await paidOf();
    await sql(`UPDATE orders SET status = 'completed', paid_at = $2 WHERE id = $1`, order?.id, noon);
    clock.set('2026-06-16T00:05:00Z');
    expect(await updateMetrics(services())).to.deep.equal({ days: 36 });
    expect(await paidOf()).to.equal(before + 1);
    expect(await updateMetrics(services())).to.deep.equal({ days: 0 });
  });

  it('make up for a year in which nobody computed them', async () => {
    clock.set('2027-06-20T07:00:00Z');
    const behind = await summary(30);
    expect(behind.missingSince).to.equal('2026-06-16');
    const { days } = await updateMetrics(services());
    expect(days).to.be.within(369, 369 + 36);
    expect(await daysToCompute(database.db, firstInstantOf(clock.now()))).to.be.empty;
    const caughtUp = await summary(365);
    expect(caughtUp.missingSince).to.equal(null);
    const end = new Date('2027-06-21T00:00:00Z');
    for (const name of ['mrr', 'active_subscriptions', 'revenue', 'credits_used'] as const) {
      const range: [Date, Date] = [new Date(end.getTime() - 365 * dayMs), end];
      expect(nothingIsZero(caughtUp.now[name]), name).to.deep.equal(await asDocumented(name, ...range));
    }
  });

  it('are whole or not there when a run breaks off, and the next one goes on', async () => {
    clock.set('2027-09-20T07:00:00Z');
    const [first] = await daysToCompute(database.db, firstInstantOf(clock.now()));
    const broken = database.db.transaction(async (tx) => {
      await computeDays(tx, [first ?? ''], clock.now());
      throw new Error('killed');
    });
    expect(await broken.catch(String)).to.include('killed');
    expect((await daysToCompute(database.db, firstInstantOf(clock.now())))[0]).to.equal(first);
    const runs = await Promise.all([updateMetrics(services()), updateMetrics(services())]);
    expect(Math.min(...runs.map(({ days }) => days)), 'two at once: one does it').to.equal(0);
    const rows = await sql(`SELECT day FROM metric_days GROUP BY day HAVING count(*) > 1`);
    expect(rows).to.be.empty;
    expect((await summary(90)).missingSince).to.equal(null);
  });
});

function nothingIsZero(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));
}
