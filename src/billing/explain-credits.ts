import {
  explainBalance,
  listGrantEntries,
  type ExplainedBalance,
  type ExplainedGrant,
  type GrantEntry,
} from '../credits/explain.ts';
import type { Tx } from '../db/index.ts';
import { ValidationFailed } from '../kit/errors.ts';
import { orderNumbers } from '../orders/orders.ts';
import type { Services } from './services.ts';

/** Where a grant's credits came from. */
export type Origin =
  | { kind: 'order'; orderId: string; orderNo: string | null; subscriptionId: string | null }
  | {
      kind: 'subscription_month';
      subscriptionId: string | null;
      /** When the month begins; null for the month that began with a purchase or a plan without a price. */
      month: string | null;
      /** What paid for it; null when nothing did. */
      orderId: string | null;
      orderNo: string | null;
    }
  | { kind: 'staff'; staffId: string | null; reason: string | null }
  | { kind: 'promo' | 'other'; reason: string | null };

export type GrantWithOrigin = ExplainedGrant & { origin: Origin };

export interface Explanation extends ExplainedBalance {
  grants: GrantWithOrigin[];
}

/**
 * A customer's balance at an instant and every grant behind it, from its origin to where its credits went.
 * @throws ValidationFailed (not yet), NotFound, HistoryArchived
 */
export async function explainCredits(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  { userId, at }: { userId: string; at?: Date | undefined },
): Promise<Explanation> {
  const now = clock.now();
  if (at !== undefined && at > now) throw new ValidationFailed([{ path: 'at', message: 'must not be in the future' }]);
  return db.transaction(async (tx) => {
    await tx.sequelize.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY', { transaction: tx });
    const balance = await explainBalance(tx, userId, at ?? now);
    return { ...balance, grants: await withOrigins(tx, balance.grants) };
  });
}

export interface GrantEntriesPage {
  entries: GrantEntry[];
  /** For the page behind it: `before`. null: there is none. */
  next: number | null;
}

/** The entries that gave to a grant and took from it, newest first; `before`: an entry's number, exclusive. */
export async function explainGrantEntries(
  { db }: Pick<Services, 'db'>,
  { limit, ...page }: { userId: string; grantId: string; before: number; limit: number },
): Promise<GrantEntriesPage> {
  const entries = await db.transaction((tx) => listGrantEntries(tx, { ...page, limit: limit + 1 }));
  const shown = entries.slice(0, limit);
  return { entries: shown, next: entries.length > limit ? (shown.at(-1)?.seq ?? null) : null };
}

async function withOrigins(tx: Tx, grants: readonly ExplainedGrant[]): Promise<GrantWithOrigin[]> {
  const numbers = await orderNumbers(
    tx,
    grants.flatMap(({ orderId }) => orderId ?? []),
  );
  return grants.map((grant) => ({ ...grant, origin: originOf(grant, numbers) }));
}

function originOf(grant: ExplainedGrant, numbers: ReadonlyMap<string, string>): Origin {
  const { key, source, orderId, subscriptionId, actor, description: reason } = grant;
  const orderNo = orderId === null ? null : (numbers.get(orderId) ?? null);
  // `quota:<subscription>:<start of the month>`
  const month = /^quota:[^:]+:(.+)$/.exec(key)?.[1] ?? null;
  if (month !== null) return { kind: 'subscription_month', subscriptionId, month, orderId, orderNo };
  if (orderId !== null) return { kind: 'order', orderId, orderNo, subscriptionId };
  if (source === 'plan') return { kind: 'subscription_month', subscriptionId, month, orderId, orderNo };
  if (actor.startsWith('staff:')) return { kind: 'staff', staffId: actor.slice('staff:'.length), reason };
  if (source === 'adjustment') return { kind: 'staff', staffId: null, reason };
  return { kind: source === 'promo' ? 'promo' : 'other', reason };
}
