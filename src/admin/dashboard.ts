import { QueryTypes } from 'sequelize';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import { select } from '../db/index.ts';
import { queueDepth } from '../db/queue.ts';
import { readSummary, type Summary } from '../reports/summary.ts';

/** The ranges of the first page, in days, today included. */
export const dashboardRanges = [1, 30, 90, 365] as const;

/** What waits for somebody, and how the machine is. */
export interface Waiting {
  openIncidents: number;
  failedMails: number;
  failedJobs: number;
  openEvents: number;
  openRefunds: number;
  queued: number;
}

export interface Dashboard extends Summary {
  length: number;
  waiting: Waiting;
}

/** One statement for all counters, each over an index of open rows only. */
const counters = `
  SELECT
    (SELECT count(*) FROM incidents WHERE status = 'open') AS "openIncidents",
    (SELECT count(*) FROM emails WHERE status = 'failed') AS "failedMails",
    (SELECT count(*) FROM job_runs WHERE error IS NOT NULL AND started_at > $now::timestamptz - interval '7 days')
      AS "failedJobs",
    (SELECT count(*) FROM provider_events WHERE handled_at IS NULL) AS "openEvents",
    (SELECT count(*) FROM refunds WHERE status = 'pending') AS "openRefunds"`;

const asked = z.object({
  days: z.coerce.number().pipe(z.literal(dashboardRanges, 'Give 1, 30, 90 or 365.')).default(30),
});

/** @param query `days`: how many. What they mean stands in docs/metrics.md. @throws ZodError */
export async function readDashboard(services: Services, query: unknown = {}): Promise<Dashboard> {
  const { days: length } = asked.parse(query);
  const [summary, waiting] = await Promise.all([readFigures(services, length), readWaiting(services)]);
  return { ...summary, length, waiting };
}

async function readFigures({ db, clock }: Services, length: number): Promise<Summary> {
  return db.transaction(async (tx) => {
    // The statements are long and their answers short: to compile them would take longer than to run them.
    await select(tx, `SELECT set_config('jit', 'off', true)`);
    return readSummary(tx, length, clock.now());
  });
}

async function readWaiting({ db, clock }: Services): Promise<Waiting> {
  const [[counts], queued] = await Promise.all([
    db.sequelize.query<Omit<Waiting, 'queued'>>(counters, { type: QueryTypes.SELECT, bind: { now: clock.now() } }),
    queueDepth(db.pool),
  ]);
  if (counts === undefined) throw new Error('the counters have no row');
  return { ...counts, queued };
}
