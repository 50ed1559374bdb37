import type { ResourceId } from '../permissions.ts';
import { approvalRequests } from './approvals.ts';
import { bankTransfers } from './bank-transfers.ts';
import { creditPacks, planPrices, plans } from './catalogue.ts';
import { creditAlerts, creditBalances, creditGrants, creditHolds, creditTransactions } from './credits.ts';
import { subscriptions, users } from './customers.ts';
import { disputes } from './disputes.ts';
import { incidents } from './incidents.ts';
import { orders, payments, refunds } from './money.ts';
import { apiKeys, auditLog, emails, jobRuns, providerEvents, staff } from './operations.ts';
import { staffSessions } from './staff-sessions.ts';
import type { ResourceSpec } from './spec.ts';

/** Everything the panel shows, in the order of its menu. */
export const resources = [
  users,
  subscriptions,
  orders,
  payments,
  refunds,
  approvalRequests,
  disputes,
  bankTransfers,
  creditTransactions,
  creditGrants,
  creditHolds,
  creditBalances,
  creditAlerts,
  plans,
  planPrices,
  creditPacks,
  incidents,
  emails,
  providerEvents,
  jobRuns,
  apiKeys,
  staff,
  staffSessions,
  auditLog,
] as const satisfies readonly ResourceSpec[];

export const specs = new Map<ResourceId, ResourceSpec>(resources.map((spec) => [spec.id, spec]));
