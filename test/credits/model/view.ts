import type { Database } from '../../../src/db/index.ts';
import { available, sum, type Account, type Entry } from './account.ts';

/** A customer's credits as both sides show them. */
export interface View {
  balance: Record<string, number | boolean | string | null>;
  grants: { key: string; [field: string]: unknown }[];
  entries: Omit<Entry, 'fingerprint'>[];
  holds: unknown[];
  alerts: unknown[];
}

/** What the model says. */
export function viewOf(account: Account, planIds: readonly string[]): View {
  const { grants, entries, holds, alerts, frozen, plan, quota, quotaUsed, quotaResetAt, alertAt } = account;
  return {
    balance: {
      available: available(account),
      held: sum(grants, ({ held }) => held),
      earned: sum(entries, ({ type, amount }) => (amount > 0 && type !== 'release' ? amount : 0)),
      used: sum(entries, ({ type, amount }) => (type === 'spend' ? -amount : 0)),
      entries: entries.length,
      frozen,
      quota,
      quotaUsed,
      quotaResetAt,
      plan: plan === null ? null : (planIds[plan] ?? null),
      alertAt,
    },
    grants: grants
      .map(({ key, source, amount, remaining, held, expiresAt }) => ({
        key,
        source,
        amount,
        remaining,
        held,
        expiresAt,
      }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    entries: viewOfEntries(entries),
    holds: holds
      .map(({ id, amount, settled, status, key, expiresAt, closedAt }) => {
        return { id, amount, settled, status, key, expiresAt, closedAt };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    alerts: alerts.toSorted((a, b) => a.periodEnd - b.periodEnd || a.percent - b.percent),
  };
}

export function viewOfEntries(entries: readonly Entry[]): Omit<Entry, 'fingerprint'>[] {
  return entries.map(({ id, type, amount, after, source, feature, quantity, key, drawn, at }) => {
    return { id, type, amount, after, source, feature, quantity, key, drawn, at };
  });
}

const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::bigint`;
/** As a list, in that order; empty when there are none. */
const list = (fields: string, from: string, order: string) =>
  `coalesce((SELECT json_agg(json_build_object(${fields}) ORDER BY ${order}) FROM ${from} WHERE x.user_id = b.user_id), '[]')`;

const drawn = `CASE WHEN x.drawn IS NULL THEN json_build_array(json_build_array(g.key, abs(x.amount)))
  ELSE (
    SELECT json_agg(json_build_array(d.key, (part.value ->> 'amount')::bigint) ORDER BY part.ordinality)
    FROM jsonb_array_elements(x.drawn) WITH ORDINALITY part
    JOIN credit_grants d ON d.user_id = x.user_id AND d.id = (part.value ->> 'grant')::uuid
  ) END`;

const sql = `SELECT b.user_id AS user, json_build_object(
  'balance', json_build_object('available', b.available, 'held', b.held, 'earned', b.total_earned, 'used', b.total_used,
    'entries', b.entries, 'frozen', b.frozen, 'quota', b.monthly_quota, 'quotaUsed', b.quota_used,
    'quotaResetAt', ${ms('b.quota_reset_at')}, 'plan', b.plan_id, 'alertAt', b.alert_at),
  'grants', ${list(
    `'key', x.key, 'source', x.source, 'amount', x.amount, 'remaining', x.remaining, 'held', x.held,
     'expiresAt', ${ms('x.expires_at')}`,
    'credit_grants x',
    `x.key COLLATE "C"`,
  )},
  'ranks', ${list(`'key', x.key, 'rank', x.id`, 'credit_grants x', 'x.id')},
  'entries', ${list(
    `'id', CASE WHEN x.type = 'spend' OR x.type = 'hold' AND x.source = 'api' THEN x.id END,
     'type', x.type, 'amount', x.amount, 'after', x.balance_after, 'source', x.source, 'feature', x.feature_type,
     'quantity', x.quantity, 'key', x.idempotency_key, 'drawn', ${drawn}, 'at', ${ms('x.created_at')}`,
    'credit_transactions x LEFT JOIN credit_grants g ON g.user_id = x.user_id AND g.id = x.grant_id',
    'x.seq',
  )},
  'holds', ${list(
    `'id', x.id, 'amount', x.amount, 'settled', x.settled, 'status', x.status, 'key', x.key,
     'expiresAt', ${ms('x.expires_at')}, 'closedAt', ${ms('x.closed_at')}`,
    'credit_holds x',
    'x.id',
  )},
  'alerts', ${list(
    `'periodEnd', ${ms('x.period_end')}, 'percent', x.percent, 'threshold', x.threshold, 'available', x.available,
     'quota', x.monthly_quota, 'at', ${ms('x.raised_at')}`,
    'credit_alerts x',
    'x.period_end, x.percent',
  )}) AS view
  FROM credit_balances b`;

export interface Found {
  view: View;
  /** The ids of the grants, by their keys. */
  ranks: ReadonlyMap<string, string>;
}

interface Row {
  user: string;
  view: View & { ranks: { key: string; rank: string }[] };
}

/** What the tables say, for each user. */
export async function look({ pool }: Database): Promise<(userId: string) => Found> {
  const { rows } = await pool.query<Row>({ name: 'look', text: sql });
  return (userId) => {
    const row = rows.find(({ user }) => user === userId);
    if (row === undefined) throw new Error(`there is no balance of user ${userId}`);
    const { ranks, ...view } = row.view;
    return { view, ranks: new Map(ranks.map(({ key, rank }) => [key, rank])) };
  };
}

/** Where two of them part first. → 'place: the model has …, there is …', null when they are the same */
export function firstDifference(expected: unknown, found: unknown, place = ''): string | null {
  if (isObject(expected) && isObject(found)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
    for (const key of keys) {
      const difference = firstDifference(expected[key], found[key], place === '' ? key : `${place}.${key}`);
      if (difference !== null) return difference;
    }
    return null;
  }
  if (Object.is(expected, found)) return null;
  return `${place}: the model has ${JSON.stringify(expected)}, there is ${JSON.stringify(found)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
