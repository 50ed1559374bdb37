import {
  append,
  available,
  draw,
  expireDue,
  free,
  letGo,
  raiseAlerts,
  sum,
  type Account,
  type Grant,
  type Moment,
} from './account.ts';
import { refused, type Answer } from './spending.ts';

export type NewGrant = Pick<Grant, 'key' | 'source' | 'amount' | 'expiresAt'> &
  Partial<Pick<Grant, 'order' | 'subscription'>> & { type?: 'earn' | 'adjust' };

/** Once per key. → whether it was given now */
export function give(account: Account, { type = 'earn', ...given }: NewGrant, moment: Moment): boolean {
  const { key, source, amount } = given;
  expireDue(account, moment);
  if (account.grants.some((grant) => grant.key === key)) return false;
  const [createdAt, rank] = [moment.now, moment.ranks?.get(key) ?? ''];
  account.grants.push({ order: null, subscription: null, ...given, remaining: amount, held: 0, createdAt, rank });
  append(account, { type, source, amount, drawn: [[key, amount]] }, moment);
  return true;
}

/** By hand, once per key. A refusal undoes what was written off on the way to it. */
export function deduct(account: Account, { key, amount }: { key: string; amount: number }, moment: Moment): Answer {
  const before = structuredClone(account);
  expireDue(account, moment);
  if (account.entries.some((entry) => entry.key === key)) return { taken: false };
  const there = available(account);
  if (there < amount) {
    Object.assign(account, before);
    return refused('insufficient_credits', { available: there, required: amount });
  }
  draw(account, amount, account.grants, { type: 'adjust', source: 'adjustment', key }, moment);
  return { taken: true };
}

/** → credits set apart now */
export function dispute(account: Account, order: number, moment: Moment): number {
  expireDue(account, moment);
  const grants = account.grants.filter((grant) => grant.order === order);
  const amount = sum(grants, free);
  if (amount === 0) return 0;
  const drawn = draw(account, amount, grants, { type: 'hold', source: 'dispute' }, moment);
  account.disputed.push({ order, drawn });
  return amount;
}

/** → credits given back, of which those past their date are gone at once */
export function endDispute(account: Account, order: number, moment: Moment): number {
  expireDue(account, moment);
  const disputed = account.disputed.filter((one) => one.order === order);
  account.disputed = account.disputed.filter((one) => one.order !== order);
  const released = sum(disputed, (one) => letGo(account, one, moment, 'dispute'));
  expireDue(account, moment);
  return released;
}

/** What a dispute has set apart goes first; holds that have drawn from the order are cancelled when the rest is short. */
export function clawBack(account: Account, order: number, amount: number, moment: Moment): number {
  endDispute(account, order, moment);
  const grants = account.grants.filter((grant) => grant.order === order);
  const taken = Math.min(
    amount,
    sum(grants, ({ remaining }) => remaining),
  );
  if (taken > sum(grants, free)) {
    const keys = new Set(grants.map(({ key }) => key));
    const touching = account.holds.filter(
      ({ status, drawn }) => status === 'open' && drawn.some(([key]) => keys.has(key)),
    );
    for (const hold of touching.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))) {
      letGo(account, hold, moment);
      Object.assign(hold, { status: 'released', closedAt: moment.now });
    }
  }
  if (taken > 0) draw(account, taken, grants, { type: 'clawback', source: 'refund' }, moment);
  return taken;
}

export interface Month {
  plan: number;
  subscription: number;
  key: string;
  credits: number;
  rollover: 'none' | 'capped' | 'full';
  cap: number | null;
  end: number;
  order: number | null;
}

/** Once per key. What was left may stay, up to the cap if there is one; without rollover it ends with its month. */
export function startMonth(account: Account, month: Month, moment: Moment): boolean {
  const { subscription, credits, order, end } = month;
  expireDue(account, moment);
  const isNew = !account.grants.some(({ key }) => key === month.key);
  const left = account.grants.filter((grant) => grant.subscription === subscription);
  const over = sum(left, free) - (month.cap ?? 0);
  if (isNew && month.rollover === 'capped' && over > 0) {
    draw(account, over, left, { type: 'expire', source: 'plan' }, moment);
  }
  const expiresAt = month.rollover === 'none' ? end : null;
  const grant = { key: month.key, source: 'plan', amount: credits, expiresAt, order, subscription };
  const granted = credits > 0 && give(account, grant, moment);
  if (granted) account.quotaUsed = 0;
  Object.assign(account, { quota: credits, quotaResetAt: end, plan: month.plan });
  raiseAlerts(account, moment);
  return granted;
}

/** → credits written off that had not expired; of what is held for work, what is not used goes when that is closed */
export function endQuota(account: Account, subscription: number, moment: Moment): number {
  expireDue(account, moment);
  const left = account.grants.filter((grant) => grant.subscription === subscription && grant.remaining > 0);
  const orders = left
    .filter(({ held }) => held > 0)
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.rank < b.rank ? -1 : 1));
  for (const order of new Set(orders.flatMap((grant) => grant.order ?? []))) endDispute(account, order, moment);
  const writtenOff = sum(left, free);
  if (writtenOff > 0) draw(account, writtenOff, left, { type: 'expire', source: 'plan' }, moment);
  for (const grant of left) if (grant.held > 0) grant.expiresAt = moment.now;
  Object.assign(account, { quota: 0, quotaUsed: 0, quotaResetAt: null, plan: null, alertAt: null });
  return writtenOff;
}
