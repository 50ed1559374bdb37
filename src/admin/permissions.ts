import type { StaffRole } from '../accounts/staff.ts';

/**
 * Who may do what in the panel: the only place. Menu, buttons, pages and the JSON behind them all ask `may`. What is
 * not named here nobody may do; so `new`, `edit`, `delete` and `bulkDelete`, which AdminJS offers on every resource,
 * are closed unless they are opened below. Money and ledger tables open none of them.
 */
const everyone = ['owner', 'finance', 'support', 'viewer'] as const satisfies readonly StaffRole[];
const read = { list: everyone, show: everyone, search: everyone };

const table = {
  users: {
    ...read,
    explain: everyone,
    timeline: everyone,
    adjustCredits: ['owner', 'finance'],
    grantPlan: ['owner', 'finance'],
    suspend: ['owner', 'support'],
    reactivate: ['owner', 'support'],
    erase: ['owner'],
  },
  subscriptions: {
    ...read,
    cancel: ['owner', 'finance', 'support'],
    resume: ['owner', 'finance', 'support'],
    changePlan: ['owner', 'finance', 'support'],
  },
  orders: { ...read, refund: ['owner', 'finance'] },
  payments: { ...read, askGateway: ['owner', 'finance', 'support'] },
  refunds: { ...read, askGateway: ['owner', 'finance'] },
  // Who asked cannot decide: the flow and the database see to that.
  approval_requests: {
    ...read,
    approve: ['owner', 'finance'],
    reject: ['owner', 'finance'],
    withdraw: ['owner', 'finance'],
  },
  disputes: read,
  // Who records cannot confirm: the flow and the database see to that.
  bank_transfers: {
    ...read,
    recordTransfer: ['owner', 'finance', 'support'],
    confirmTransfer: ['owner', 'finance'],
    rejectTransfer: ['owner', 'finance', 'support'],
  },
  credit_transactions: read,
  credit_grants: read,
  credit_holds: { ...read, releaseHold: ['owner', 'finance', 'support'] },
  credit_balances: read,
  credit_alerts: read,
  plans: { ...read, new: ['owner'], edit: ['owner'] },
  plan_prices: { ...read, new: ['owner'], archive: ['owner'] },
  credit_packs: { ...read, new: ['owner'], edit: ['owner'] },
  incidents: {
    ...read,
    refundDuplicate: ['owner', 'finance'],
    resolve: ['owner', 'finance', 'support'],
    reopen: ['owner', 'finance', 'support'],
    // Also: to whom.
    assign: ['owner', 'finance', 'support'],
    comment: ['owner', 'finance', 'support'],
  },
  emails: { ...read, resend: ['owner', 'finance', 'support'] },
  provider_events: { ...read, replay: ['owner', 'finance', 'support'] },
  job_runs: { ...read, runJob: ['owner'] },
  api_keys: read,
  staff: {
    ...read,
    new: ['owner'],
    edit: ['owner'],
    inviteAgain: ['owner'],
    withdrawInvitation: ['owner'],
    resetPassword: ['owner'],
    unlock: ['owner'],
    resetFactor: ['owner'],
    endSessions: ['owner'],
  },
  // Where others are signed in. Their own sessions, and those only, everybody sees and ends on `/admin/me`.
  staff_sessions: { list: ['owner'], show: ['owner'], search: ['owner'], endSession: ['owner'] },
  audit_log: read,
} as const satisfies Record<string, Record<string, readonly StaffRole[]>>;

/** The same for pages that are about no table. */
const pageTable = {
  dashboard: { view: everyone },
  /** Outside production only: everybody may read, who owns the place may turn the clock and arm faults. */
  sandbox: { view: everyone, change: ['owner'] },
} as const satisfies Record<string, Record<string, readonly StaffRole[]>>;

export type PageId = keyof typeof pageTable;

export const pagePermissions: Readonly<Record<PageId, Readonly<Record<string, readonly StaffRole[]>>>> = pageTable;

export function mayOnPage(role: StaffRole, page: PageId, what: 'view' | 'change'): boolean {
  const allowed = pagePermissions[page];
  return allowed[what]?.includes(role) ?? false;
}

export type ResourceId = keyof typeof table;

export const resourceIds = Object.keys(table) as ResourceId[];

/** Resource → action → roles, for readers that walk the whole table. */
export const permissions: Readonly<Record<ResourceId, Readonly<Record<string, readonly StaffRole[]>>>> = table;

export function isResourceId(id: string): id is ResourceId {
  return Object.hasOwn(table, id);
}

export function may(role: StaffRole, resource: ResourceId, action: string): boolean {
  const actions = permissions[resource];
  return Object.hasOwn(actions, action) && (actions[action]?.includes(role) ?? false);
}

/** The actions that only look: everything else writes, and is taken by POST only. */
export const readingActions: readonly string[] = [...Object.keys(read), 'explain', 'timeline'];
