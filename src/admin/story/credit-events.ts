import { source, type Source } from './source.ts';

/** Credits that came, went or were set right. What was spent of them is told by the day: see `consumption.ts`. */
export const creditEvents: readonly Source[] = [
  source({
    name: 'entry',
    kind: 'credits',
    resource: 'credit_transactions',
    at: 't.created_at',
    unique: `lpad(t.seq::text, 16, '0')`,
    what: 't.type',
    id: `t.user_id || '~' || t.id`,
    title: 't.source',
    credits: 't.amount',
    count: 't.balance_after',
    note: 't.description',
    by: 's.name',
    from: `credit_transactions t
      LEFT JOIN staff s ON t.actor LIKE 'staff:%' AND s.id::text = substring(t.actor FROM 7)`,
    where: `t.user_id = $userId AND t.type IN ('earn', 'expire', 'clawback', 'adjust')`,
  }),
  source({
    name: 'archive',
    kind: 'credits',
    resource: 'credit_transactions',
    at: 'c.through_at',
    unique: 'c.user_id',
    what: `'archived'`,
    count: 'c.balance_after',
    from: 'credit_carried c',
    where: 'c.user_id = $userId',
  }),
  source({
    name: 'alert',
    kind: 'alerts',
    resource: 'credit_alerts',
    at: 'a.raised_at',
    unique: `a.id`,
    what: `'alert'`,
    id: `a.user_id || '~' || a.id`,
    state: 'a.outcome',
    count: 'a.percent',
    from: 'credit_alerts a',
    where: 'a.user_id = $userId',
  }),
];
