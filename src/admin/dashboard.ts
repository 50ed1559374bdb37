import { QueryTypes } from 'sequelize';
import type { Services } from '../billing/services.ts';

/** The figures of the first page. Money by currency: amounts of different currencies are never added. */
export interface Dashboard {
  users: number;
  newUsers: number;
  activeSubscriptions: number;
  ordersToday: number;
  paidToday: number;
  revenue: { currency: string; amountMinor: number; refundedMinor: number }[];
  openIncidents: number;
  failedMails: number;
  failedJobs: number;
  openEvents: number;
  openRefunds: number;
}

/** One statement for all counters; days are UTC days, months are 30 days back from now. */
const counters = `
  SELECT
    (SELECT count(*) FROM users WHERE status <> 'deleted') AS "users",
    (SELECT count(*) FROM users WHERE created_at > $now::timestamptz - interval '30 days') AS "newUsers",
    (SELECT count(*) FROM subscriptions WHERE status IN ('active', 'past_due') AND price_id IS NOT NULL)
      AS "activeSubscriptions",
    (SELECT count(*) FROM orders WHERE created_at >= $today) AS "ordersToday",
    (SELECT count(*) FROM orders WHERE created_at >= $today AND paid_at IS NOT NULL) AS "paidToday",
    (SELECT count(*) FROM incidents WHERE status = 'open') AS "openIncidents",
    (SELECT count(*) FROM emails WHERE status = 'failed') AS "failedMails",
    (SELECT count(*) FROM job_runs WHERE error IS NOT NULL AND started_at > $now::timestamptz - interval '7 days')
      AS "failedJobs",
    (SELECT count(*) FROM provider_events WHERE handled_at IS NULL) AS "openEvents",
    (SELECT count(*) FROM refunds WHERE status = 'pending') AS "openRefunds"`;

const revenue = `
  SELECT currency, sum(amount_minor)::bigint AS "amountMinor", sum(refunded_minor)::bigint AS "refundedMinor" FROM orders
  WHERE paid_at > $now::timestamptz - interval '30 days' GROUP BY currency ORDER BY 2 DESC`;

export async function readDashboard({ db, clock }: Services): Promise<Dashboard> {
  const now = clock.now();
  const bind = { now, today: `${now.toISOString().slice(0, 10)}T00:00:00Z` };
  const [[counts], byCurrency] = await Promise.all([
    db.sequelize.query<Omit<Dashboard, 'revenue'>>(counters, { type: QueryTypes.SELECT, bind }),
    db.sequelize.query<Dashboard['revenue'][number]>(revenue, { type: QueryTypes.SELECT, bind: { now } }),
  ]);
  if (counts === undefined) throw new Error('the counters have no row');
  return { ...counts, revenue: byCurrency };
}
