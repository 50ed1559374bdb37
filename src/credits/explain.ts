import { select, type Tx } from '../db/index.ts';
import { HistoryArchived, NotFound } from '../kit/errors.ts';
import type { GrantSource } from './credit-grant.model.ts';

/*
 * A balance at an instant, from the ledger alone. The entries up to the last one that is dated at or before the instant
 * count: numbers are the order in which things happened, dates are what the processes' clocks said. What had passed its
 * date by then counts as expired, and a hold that had run out as released, also where the job wrote that down later: it
 * could not be spent, or could be, from that instant on.
 */

export interface ExplainedGrant {
  id: string;
  source: GrantSource;
  key: string;
  orderId: string | null;
  subscriptionId: string | null;
  /** What its entry says: who gave it (`system`, `staff:<id>`), and why. */
  actor: string;
  description: string | null;
  grantedAt: Date;
  expiresAt: Date | null;
  granted: number;
  spent: number;
  expired: number;
  clawedBack: number;
  /** Taken away by staff. */
  adjusted: number;
  held: number;
  /** What is left of it; what is held is a part of it. */
  remaining: number;
  uses: { featureType: string; credits: number; entries: number }[];
}

export interface ExplainedBalance {
  at: Date;
  available: number;
  held: number;
  /** The number of the last entry that counts. */
  entries: number;
  /** Newest first. */
  grants: ExplainedGrant[];
}

interface Flow {
  grant_id: string;
  type: 'earn' | 'spend' | 'expire' | 'clawback' | 'adjust';
  feature_type: string;
  amount: number;
  entries: number;
  actor: string | null;
  description: string | null;
}

/**
 * In a transaction that sees one state of the tables.
 * @throws NotFound (no such user), HistoryArchived when the instant lies in what has been archived
 */
export async function explainBalance(tx: Tx, userId: string, at: Date): Promise<ExplainedBalance> {
  const entries = await lastEntryAt(tx, userId, at);
  const flows = await readFlows(tx, userId, entries);
  const held = await readHeld(tx, userId, entries, at);
  const ids = [...new Set([...flows.map((flow) => flow.grant_id), ...held.keys()])];
  const grants = (await readGrants(tx, userId, ids)).map((grant) => {
    const own = flows.filter(({ grant_id: id }) => id === grant.id);
    return explainGrant(grant, own, held.get(grant.id) ?? 0, at);
  });
  const sum = (pick: (grant: ExplainedGrant) => number) => grants.reduce((total, grant) => total + pick(grant), 0);
  const heldInAll = sum((grant) => grant.held);
  return { at, available: sum(({ remaining }) => remaining) - heldInAll, held: heldInAll, entries, grants };
}

async function lastEntryAt(tx: Tx, userId: string, at: Date): Promise<number> {
  const rows = await select<{ through_seq: number | null; through_at: Date | null; seq: number | null }>(
    tx,
    `SELECT c.through_seq, c.through_at, (
       SELECT max(seq) FROM credit_transactions WHERE user_id = :userId AND created_at <= :at
     ) AS seq
     FROM credit_balances b LEFT JOIN credit_carried c USING (user_id) WHERE b.user_id = :userId`,
    { userId, at },
  );
  const [row] = rows;
  if (row === undefined) throw new NotFound('There is no such user.');
  if (row.through_at !== null && at < row.through_at) throw new HistoryArchived(row.through_at);
  return row.seq ?? row.through_seq ?? 0;
}

/** What entries gave to grants and took from them, archived ones too. Set-based: some rows a grant, however many entries. */
async function readFlows(tx: Tx, userId: string, through: number): Promise<Flow[]> {
  // Few groups, however many rows, which the planner does not know: it would sort all of them. And it would rather read
  // everybody's entries than those of one who has very many.
  await tx.sequelize.query('SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off', { transaction: tx });
  return select<Flow>(
    tx,
    `SELECT grant_id, CASE WHEN amount > 0 THEN 'earn' ELSE type END AS type, feature_type,
       sum(amount)::bigint AS amount, sum(entries)::bigint AS entries, min(actor) AS actor,
       min(description) AS description
     FROM (
       SELECT grant_id, type, coalesce(feature_type, '') AS feature_type, amount, 1 AS entries,
         CASE WHEN amount > 0 THEN actor END AS actor, CASE WHEN amount > 0 THEN description END AS description
       FROM credit_transactions
       WHERE user_id = :userId AND seq <= :through AND grant_id IS NOT NULL AND type NOT IN ('hold', 'release')
       UNION ALL
       SELECT (part ->> 'grant')::uuid, type, coalesce(feature_type, ''),
         sign(amount)::bigint * (part ->> 'amount')::bigint, 1, NULL, NULL
       FROM credit_transactions, jsonb_array_elements(drawn) part
       WHERE user_id = :userId AND seq <= :through AND drawn IS NOT NULL AND type NOT IN ('hold', 'release')
       UNION ALL
       SELECT grant_id, type, feature_type, amount, entries, actor, description
       FROM credit_carried_parts WHERE user_id = :userId
     ) flow GROUP BY 1, 2, 3`,
    { userId, through },
  );
}

/** What was set apart and not released, by grant. What is archived has been released. */
async function readHeld(tx: Tx, userId: string, through: number, at: Date): Promise<Map<string, number>> {
  const rows = await select<{ grant_id: string; held: number }>(
    tx,
    `SELECT p.grant_id, sum(p.amount)::bigint AS held
     FROM credit_transactions t, LATERAL (
       SELECT t.grant_id, -t.amount AS amount WHERE t.grant_id IS NOT NULL
       UNION ALL
       SELECT (part ->> 'grant')::uuid, (part ->> 'amount')::bigint FROM jsonb_array_elements(t.drawn) part
     ) p
     WHERE t.user_id = :userId AND t.type = 'hold' AND t.seq <= :through AND NOT EXISTS (
       SELECT FROM credit_transactions r
       WHERE r.user_id = :userId AND r.type = 'release' AND r.reference = t.id::text AND r.seq <= :through
     ) AND NOT EXISTS (
       SELECT FROM credit_holds h WHERE h.user_id = :userId AND h.id = t.id AND h.expires_at <= :at
     ) GROUP BY 1`,
    { userId, through, at },
  );
  return new Map(rows.map(({ grant_id: id, held }) => [id, held]));
}

type GrantRow = Pick<
  ExplainedGrant,
  'id' | 'source' | 'key' | 'orderId' | 'subscriptionId' | 'grantedAt' | 'expiresAt'
>;

async function readGrants(tx: Tx, userId: string, ids: readonly string[]): Promise<GrantRow[]> {
  return select<GrantRow>(
    tx,
    `SELECT id, source, key, order_id AS "orderId", subscription_id AS "subscriptionId", created_at AS "grantedAt",
       expires_at AS "expiresAt"
     FROM credit_grants WHERE user_id = :userId AND id = ANY (string_to_array(:ids, ',')::uuid[])
     ORDER BY created_at DESC, id DESC`,
    { userId, ids: ids.join(',') },
  );
}

function explainGrant(grant: GrantRow, flows: readonly Flow[], held: number, at: Date): ExplainedGrant {
  const of = (type: Flow['type']) => flows.filter((flow) => flow.type === type);
  const sum = (type: Flow['type']) => of(type).reduce((total, { amount }) => total + Math.abs(amount), 0);
  const [granted, spent, clawedBack, adjusted] = [sum('earn'), sum('spend'), sum('clawback'), sum('adjust')];
  const left = granted - spent - clawedBack - adjusted - sum('expire');
  const isOver = grant.expiresAt !== null && grant.expiresAt <= at;
  const remaining = isOver ? held : left;
  const [origin] = of('earn');
  return {
    ...grant,
    actor: origin?.actor ?? 'system',
    description: origin?.description ?? null,
    granted,
    spent,
    expired: sum('expire') + left - remaining,
    clawedBack,
    adjusted,
    held,
    remaining,
    uses: of('spend')
      .map(({ feature_type: featureType, amount, entries }) => ({ featureType, credits: -amount, entries }))
      .sort((one, other) => other.credits - one.credits || (one.featureType < other.featureType ? -1 : 1)),
  };
}

/** An entry as far as it is about one grant. */
export interface GrantEntry {
  seq: number;
  type: string;
  /** The grant's share, with the entry's sign. */
  amount: number;
  balanceAfter: number;
  featureType: string | null;
  description: string | null;
  actor: string;
  createdAt: Date;
}

/** Where a grant's credits went, entry by entry, newest first, up to the entry `before`, exclusive. */
export async function listGrantEntries(
  tx: Tx,
  { userId, grantId, before, limit }: { userId: string; grantId: string; before: number; limit: number },
): Promise<GrantEntry[]> {
  return select<GrantEntry>(
    tx,
    `SELECT seq, type, coalesce(
         sign(amount)::bigint * (
           SELECT (part ->> 'amount')::bigint FROM jsonb_array_elements(drawn) part WHERE part ->> 'grant' = :grantId
         ), amount) AS amount,
       balance_after AS "balanceAfter", feature_type AS "featureType", description, actor, created_at AS "createdAt"
     FROM credit_transactions
     WHERE user_id = :userId AND seq < :before
       AND (grant_id = :grantId::uuid OR drawn @> jsonb_build_array(jsonb_build_object('grant', :grantId)))
     ORDER BY seq DESC LIMIT :limit`,
    { userId, grantId, before, limit },
  );
}
