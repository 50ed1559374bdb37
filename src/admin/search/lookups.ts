import type { ResourceId } from '../permissions.ts';
import type { Term } from './term.ts';

/**
 * One way in which something is found. Each goes by an index of its own, so that ten million rows behind it are no
 * matter.
 */
export interface Lookup {
  resource: ResourceId;
  /** The column that matched, by the name under which `properties` has its text. */
  matched: string;
  by: keyof Term;
  /** → id (as the panel's addresses have it), title, user_id and the value that matched; `$term` is what is looked for. */
  sql: string;
}

/** The columns of the answer, as SQL. */
interface Found {
  id?: string;
  title: string;
  user?: string;
  value?: string;
}

function rows({ id = 't.id::text', title, user = 'NULL::uuid', value = 'NULL::text' }: Found, rest: string): string {
  return `SELECT ${id} AS id, ${title} AS title, ${user} AS user_id, ${value} AS value FROM ${rest}`;
}

const asked = '$term::uuid';
const named = 'ANY($term::text[])';
const gateways = 'ANY($providers::text[])';

/** By the id that is ours. `of` is the order by which customer and title are known. */
const byId = (resource: ResourceId, title: string, user?: string): Lookup => ({
  resource,
  matched: 'id',
  by: 'uuid',
  sql: rows(user === undefined ? { title } : { title, user }, `${resource} t WHERE t.id = ${asked}`),
});

const ofOrder = { title: 'o.order_no', user: 'o.user_id' };

const byIdOfOrder = (resource: ResourceId): Lookup => ({
  resource,
  matched: 'id',
  by: 'uuid',
  sql: rows(ofOrder, `${resource} t JOIN orders o ON o.id = t.order_id WHERE t.id = ${asked}`),
});

/** By the id that the gateway gave it; its name comes first, as in the indexes. */
const byGateway = (resource: ResourceId, matched: string, column: string): Lookup => ({
  resource,
  matched,
  by: 'names',
  sql: rows(
    { ...ofOrder, value: `t.${column}` },
    `${resource} t JOIN orders o ON o.id = t.order_id WHERE t.provider = ${gateways} AND t.${column} = ${named}`,
  ),
});

/** Their key begins with the customer. */
const byIdOfOwn = (
  resource: ResourceId,
  title: string,
  where = `t.id = ${asked}`,
  by: keyof Term = 'uuid',
): Lookup => ({
  resource,
  matched: 'id',
  by,
  sql: rows({ id: `t.user_id || '~' || t.id`, title, user: 't.user_id' }, `${resource} t WHERE ${where}`),
});

const beginsWith = (resource: ResourceId, matched: string, column: string, found: Found): Lookup => ({
  resource,
  matched,
  by: 'beginning',
  // The order of the index, so that a common beginning ends after the first few.
  sql: rows(found, `${resource} t WHERE lower(t.${column}) LIKE $term ORDER BY lower(t.${column}) USING ~<~`),
});

export const lookups: readonly Lookup[] = [
  byId('users', 't.email', 't.id'),
  beginsWith('users', 'email', 'email', { title: 't.email', user: 't.id', value: 't.email' }),
  beginsWith('users', 'name', 'name', { title: 't.email', user: 't.id', value: 't.name' }),
  byId('orders', 't.order_no', 't.user_id'),
  {
    resource: 'orders',
    matched: 'orderNo',
    by: 'orderNo',
    sql: rows(
      { title: 't.order_no', user: 't.user_id', value: 't.order_no' },
      'orders t WHERE t.order_no LIKE $term ORDER BY t.order_no USING ~<~',
    ),
  },
  byIdOfOrder('payments'),
  byGateway('payments', 'providerOrderId', 'provider_order_id'),
  byGateway('payments', 'providerCaptureId', 'provider_capture_id'),
  {
    resource: 'payments',
    matched: 'payerEmail',
    by: 'payer',
    sql: rows(ofOrder, `payments t JOIN orders o ON o.id = t.order_id WHERE t.payer_index = ${named}`),
  },
  byIdOfOrder('refunds'),
  byGateway('refunds', 'providerRefundId', 'provider_refund_id'),
  byIdOfOrder('disputes'),
  byGateway('disputes', 'providerDisputeId', 'provider_dispute_id'),
  byIdOfOrder('bank_transfers'),
  {
    resource: 'bank_transfers',
    matched: 'bankReference',
    by: 'beginning',
    sql: rows(
      { ...ofOrder, value: 't.bank_reference' },
      `bank_transfers t JOIN orders o ON o.id = t.order_id WHERE lower(t.bank_reference) LIKE $term`,
    ),
  },
  byId('subscriptions', 'NULL::text', 't.user_id'),
  byIdOfOwn('credit_grants', 't.source'),
  byIdOfOwn('credit_holds', 't.feature_type'),
  // An index on the ledger's ids would cost every spending; its time leads to the few pages that can have the entry.
  byIdOfOwn(
    'credit_transactions',
    't.type',
    `t.id = ${asked} AND t.created_at >= $from::timestamptz AND t.created_at < $to::timestamptz`,
    'born',
  ),
  byId('incidents', 't.summary'),
  byId('emails', 't.to_address', 't.user_id'),
  byId('provider_events', 't.event_id'),
  {
    resource: 'provider_events',
    matched: 'eventId',
    by: 'names',
    sql: rows(
      { title: 't.event_id', value: 't.event_id' },
      `provider_events t WHERE t.provider = ${gateways} AND t.event_id = ${named}`,
    ),
  },
  byId('plans', 't.plan_code'),
  byId('plan_prices', 't.subscription_type'),
  byId('credit_packs', 't.pack_code'),
  byId('job_runs', 't.job'),
  byId('api_keys', 't.name'),
  byId('staff', 't.name'),
  beginsWith('staff', 'email', 'email', { title: 't.name', value: 't.email' }),
  beginsWith('staff', 'name', 'name', { title: 't.name', value: 't.name' }),
  byId('audit_log', 't.action'),
];

/** Asked only when nobody is found by how their name or address begins. */
export const byParts: readonly Lookup[] = (['email', 'name'] as const).map((column) => ({
  resource: 'users',
  matched: column,
  by: 'part',
  sql: rows({ title: 't.email', user: 't.id', value: `t.${column}` }, `users t WHERE lower(t.${column}) LIKE $term`),
}));
