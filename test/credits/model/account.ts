/*
 * A customer's credits as plainly as they can be told: lists in memory, no locks, no SQL, sums taken anew each time.
 * Times are in milliseconds.
 */

export interface Grant {
  key: string;
  source: string;
  amount: number;
  remaining: number;
  held: number;
  expiresAt: number | null;
  createdAt: number;
  /** Decides between grants of the same moment: the id that the database gave it. */
  rank: string;
  order: number | null;
  subscription: number | null;
}

/** How much of which grant, by its key. */
export type Part = readonly [grant: string, amount: number];

export interface Entry {
  /** Of what a caller is told: the id that they were given. */
  id: string | null;
  type: string;
  amount: number;
  after: number;
  source: string;
  feature: string | null;
  quantity: number | null;
  key: string | null;
  drawn: Part[];
  at: number;
  fingerprint?: string;
}

export interface Hold {
  id: string;
  amount: number;
  settled: number;
  status: 'open' | 'settled' | 'released' | 'expired';
  feature: string;
  quantity: number | null;
  key: string | null;
  fingerprint: string;
  drawn: Part[];
  createdAt: number;
  expiresAt: number;
  closedAt: number | null;
  /** What was available right after it was opened. */
  after: number;
  closing?: { key: string | null; fingerprint: string; available: number; entry: string | null };
}

export interface Alert {
  periodEnd: number;
  percent: number;
  threshold: number;
  available: number;
  quota: number;
  at: number;
}

export interface Account {
  grants: Grant[];
  entries: Entry[];
  holds: Hold[];
  alerts: Alert[];
  /** What disputes have set apart and not given back, by order. */
  disputed: { order: number; drawn: Part[] }[];
  frozen: boolean;
  plan: number | null;
  quota: number;
  quotaUsed: number;
  quotaResetAt: number | null;
  alertAt: number | null;
}

export interface Terms {
  prices: Readonly<Record<string, number>> | null;
  percents: readonly number[];
}

/** When something happens, and what the plans are then. */
export interface Moment {
  now: number;
  plans: readonly Terms[];
  ranks?: ReadonlyMap<string, string>;
}

export function emptyAccount(): Account {
  return {
    grants: [],
    entries: [],
    holds: [],
    alerts: [],
    disputed: [],
    frozen: false,
    plan: null,
    quota: 0,
    quotaUsed: 0,
    quotaResetAt: null,
    alertAt: null,
  };
}

export function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

export function free({ remaining, held }: Grant): number {
  return remaining - held;
}

export function available({ grants }: Account): number {
  return sum(grants, free);
}

/** What expires soonest comes first, then what is oldest. */
export function bySoonest(one: Grant, other: Grant): number {
  const [a, b] = [one.expiresAt ?? Infinity, other.expiresAt ?? Infinity];
  if (a !== b) return a - b;
  return one.createdAt - other.createdAt || (one.rank < other.rank ? -1 : 1);
}

/** Lets go of holds that have run out, then writes off what is free and past its date. → credits written off */
export function expireDue(account: Account, moment: Moment): number {
  const { now } = moment;
  const over = account.holds.filter(({ status, expiresAt }) => status === 'open' && expiresAt <= now);
  for (const hold of over.sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1))) {
    letGo(account, hold, moment);
    Object.assign(hold, { status: 'expired', closedAt: now });
  }
  const due = account.grants.filter((grant) => free(grant) > 0 && grant.expiresAt !== null && grant.expiresAt <= now);
  const expired = sum(due, free);
  for (const grant of due.sort(bySoonest)) {
    draw(account, free(grant), [grant], { type: 'expire', source: grant.source }, moment);
  }
  return expired;
}

type Said = Pick<Entry, 'type' | 'source'> & Partial<Entry>;

/** Takes from the grants, what expires soonest first, or sets apart in them. → from which how much */
export function draw(account: Account, amount: number, grants: readonly Grant[], said: Said, moment: Moment): Part[] {
  const drawn: Part[] = [];
  let due = amount;
  for (const grant of grants.toSorted(bySoonest)) {
    const part = Math.min(due, free(grant));
    if (part === 0) continue;
    if (said.type === 'hold') grant.held += part;
    else grant.remaining -= part;
    if (said.type === 'spend' && grant.source === 'plan') account.quotaUsed += part;
    drawn.push([grant.key, part]);
    due -= part;
  }
  if (due > 0) throw new Error(`the model itself draws ${due} credits more than there are`);
  append(account, { ...said, amount: -amount, drawn }, moment);
  const isByCaller = said.source === 'api' && account.alertAt !== null;
  if (isByCaller && available(account) <= (account.alertAt ?? 0)) raiseAlerts(account, moment);
  return drawn;
}

export function append(account: Account, said: Said & Pick<Entry, 'amount' | 'drawn'>, { now }: Moment): void {
  const nothing = { id: null, feature: null, quantity: null, key: null };
  account.entries.push({ ...nothing, ...said, after: available(account), at: now });
}

/** What was set apart can be drawn again. */
export function letGo(
  account: Account,
  { drawn, feature = null }: { drawn: Part[]; feature?: string | null },
  moment: Moment,
  source = 'api',
): number {
  for (const [key, part] of drawn) grantOf(account, key).held -= part;
  const amount = sum(drawn, ([, part]) => part);
  append(account, { type: 'release', source, feature, amount, drawn }, moment);
  return amount;
}

export function grantOf({ grants }: Account, key: string): Grant {
  const grant = grants.find((one) => one.key === key);
  if (grant === undefined) throw new Error(`the model has no grant ${key}`);
  return grant;
}

/** One for each threshold that the balance has reached, once a quota month; the highest of the others is waited for. */
export function raiseAlerts(account: Account, { now, plans }: Moment): void {
  const { quota, quotaResetAt: periodEnd, plan } = account;
  account.alertAt = null;
  if (periodEnd === null || plan === null || quota === 0) return;
  for (const percent of plans[plan]?.percents ?? []) {
    const threshold = Math.floor((quota * percent) / 100);
    if (account.alerts.some((alert) => alert.periodEnd === periodEnd && alert.percent === percent)) continue;
    if (available(account) <= threshold) {
      account.alerts.push({ periodEnd, percent, threshold, available: available(account), quota, at: now });
    } else {
      account.alertAt = Math.max(account.alertAt ?? 0, threshold);
    }
  }
}
