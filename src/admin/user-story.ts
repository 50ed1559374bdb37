import { Op } from 'sequelize';
import type { Services } from '../billing/services.ts';
import { AuditEntry } from '../audit/audit-entry.model.ts';
import { CreditAlert } from '../credits/credit-alert.model.ts';
import { CreditBalance } from '../credits/credit-balance.model.ts';
import { CreditGrant } from '../credits/credit-grant.model.ts';
import { CreditTransaction } from '../credits/credit-transaction.model.ts';
import { Email } from '../mail/email.model.ts';
import { Order } from '../orders/order.model.ts';
import { Plan } from '../plans/plan.model.ts';
import { incidentsOfCustomer } from './incident-subjects.ts';
import { liveStatuses } from '../subscriptions/subscription-states.ts';
import { Subscription } from '../subscriptions/subscription.model.ts';

const shown = 8;

type Row = Record<string, unknown>;

/** What a support mail asks about, on one page: what the customer has, and what happened last. */
export interface UserStory {
  balance: Row | null;
  /** The lowest threshold that was reached in this quota month. */
  alert: Row | null;
  /** Credits that never expire. */
  lasting: number;
  subscription: (Row & { planName: Row }) | null;
  paid: { currency: string; amountMinor: number; orders: number }[];
  orders: Row[];
  entries: Row[];
  mails: Row[];
  actions: Row[];
  incidents: Row[];
}

export async function readUserStory(services: Services, userId: string): Promise<UserStory> {
  const newest = { order: [['createdAt', 'DESC']] as [string, string][], limit: shown, raw: true as const };
  const [balance, lasting, subscription, paid, orders, entries, mails, actions, incidents] = await Promise.all([
    CreditBalance.findByPk(userId, { raw: true }),
    CreditGrant.sum('remaining', { where: { userId, expiresAt: null, remaining: { [Op.gt]: 0 } } }),
    readSubscription(userId),
    readPaid(userId),
    Order.findAll({
      ...newest,
      where: { userId },
      attributes: ['id', 'orderNo', 'kind', 'status', 'amountMinor', 'currency', 'createdAt'],
    }),
    CreditTransaction.findAll({
      ...newest,
      where: { userId },
      order: [['seq', 'DESC']],
      attributes: ['id', 'type', 'amount', 'balanceAfter', 'description', 'createdAt'],
    }),
    Email.findAll({ ...newest, where: { userId }, attributes: ['id', 'template', 'status', 'createdAt'] }),
    readActions(userId),
    incidentsOfCustomer(services, userId, shown),
  ]);
  const rows = (list: object[]) => list as Row[];
  return {
    balance: balance as Row | null,
    alert: balance?.quotaResetAt == null ? null : await readAlert(userId, balance.quotaResetAt),
    // The sum of nothing is null, whatever Sequelize's type says.
    lasting: lasting || 0,
    subscription,
    paid,
    orders: rows(orders),
    entries: rows(entries),
    mails: rows(mails),
    actions,
    incidents: rows(incidents),
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

/** What is left of what was paid, by currency: amounts of different currencies are never added. */
async function readPaid(userId: string): Promise<UserStory['paid']> {
  const orders = await Order.findAll({
    where: { userId, paidAt: { [Op.ne]: null } },
    attributes: ['currency', 'amountMinor', 'refundedMinor'],
    raw: true,
  });
  const currencies = [...new Set(orders.map(({ currency }) => currency))];
  return currencies.map((currency) => {
    const own = orders.filter((order) => order.currency === currency);
    const amountMinor = own.reduce((sum, order) => sum + order.amountMinor - order.refundedMinor, 0);
    return { currency, amountMinor, orders: own.length };
  });
}

/** What staff did to the account itself; refunds and cancellations stand with the order and the subscription. */
async function readActions(userId: string): Promise<Row[]> {
  const entries = await AuditEntry.findAll({
    where: { subjectType: 'user', subjectId: userId },
    attributes: ['id', 'actor', 'action', 'reason', 'createdAt'],
    order: [['createdAt', 'DESC']],
    limit: shown,
    raw: true,
  });
  return entries as unknown as Row[];
}
