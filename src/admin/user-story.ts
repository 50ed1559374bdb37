import { Op, QueryTypes } from 'sequelize';
import type { StaffRole } from '../accounts/staff.ts';
import type { Services } from '../billing/services.ts';
import { CreditAlert } from '../credits/credit-alert.model.ts';
import { CreditBalance } from '../credits/credit-balance.model.ts';
import { CreditGrant } from '../credits/credit-grant.model.ts';
import { Plan } from '../plans/plan.model.ts';
import { liveStatuses } from '../subscriptions/subscription-states.ts';
import { Subscription } from '../subscriptions/subscription.model.ts';
import { may } from './permissions.ts';
import { own } from './story/own.ts';
import { readTimeline, type Timeline } from './story/timeline.ts';

const shownIncidents = 8;

type Row = Record<string, unknown>;

export interface OpenIncident {
  id: string;
  kind: string;
  summary: string;
  lastSeenAt: Date;
}

/** What a support mail asks about, on one page: what the customer has, what is wrong, and what happened, newest first. */
export interface UserStory {
  balance: Row | null;
  /** The lowest threshold that was reached in this quota month. */
  alert: Row | null;
  /** Credits that never expire. */
  lasting: number;
  subscription: (Row & { planName: Row }) | null;
  /** What is left of what was paid, by currency: amounts of different currencies are never added. */
  paid: { currency: string; amountMinor: number; orders: number }[];
  /** Open ones. */
  incidents: OpenIncident[];
  timeline: Timeline;
}

export async function readUserStory(services: Services, userId: string, role: StaffRole): Promise<UserStory> {
  const [balance, lasting, subscription, paid, incidents, timeline] = await Promise.all([
    CreditBalance.findByPk(userId, { raw: true }),
    CreditGrant.sum('remaining', { where: { userId, expiresAt: null, remaining: { [Op.gt]: 0 } } }),
    readSubscription(userId),
    readPaid(services, userId),
    may(role, 'incidents', 'list') ? openIncidentsOf(services, userId) : [],
    readTimeline(services, role, userId),
  ]);
  return {
    balance: balance as Row | null,
    alert: balance?.quotaResetAt == null ? null : await readAlert(userId, balance.quotaResetAt),
    // The sum of nothing is null, whatever Sequelize's type says.
    lasting: lasting || 0,
    subscription,
    paid,
    incidents,
    timeline,
  };
}

async function readAlert(userId: string, periodEnd: Date): Promise<Row | null> {
  const alert = await CreditAlert.findOne({
    where: { userId, periodEnd },
    attributes: ['percent', 'raisedAt'],
    order: [['percent', 'ASC']],
    raw: true,
  });
  return alert as Row | null;
}

async function readSubscription(userId: string): Promise<UserStory['subscription']> {
  const subscription = await Subscription.findOne({
    where: { userId, status: { [Op.in]: liveStatuses } },
    attributes: ['id', 'planId', 'priceId', 'subscriptionType', 'status', 'endDate', 'cancelAtPeriodEnd'],
    raw: true,
  });
  if (subscription === null) return null;
  const plan = await Plan.findByPk(subscription.planId, { attributes: ['names'], raw: true });
  return Object.assign({}, subscription as unknown as Row, { planName: plan?.names ?? {} });
}

async function readPaid({ db }: Services, userId: string): Promise<UserStory['paid']> {
  const sql = `
    SELECT currency, sum(amount_minor - refunded_minor)::bigint AS "amountMinor", count(*) AS orders
    FROM orders WHERE user_id = $userId AND paid_at IS NOT NULL GROUP BY currency ORDER BY orders DESC, currency`;
  return db.sequelize.query(sql, { type: QueryTypes.SELECT, bind: { userId } });
}

/** What is wrong with a customer or with what they bought, the last seen first. */
async function openIncidentsOf({ db }: Services, userId: string): Promise<OpenIncident[]> {
  const sql = `${own}
    SELECT i.id, i.kind, i.summary, i.last_seen_at AS "lastSeenAt" FROM troubles JOIN incidents i USING (id)
    WHERE i.status = 'open' ORDER BY i.last_seen_at DESC, i.id DESC LIMIT ${shownIncidents}`;
  return db.sequelize.query<OpenIncident>(sql, { type: QueryTypes.SELECT, bind: { userId } });
}
