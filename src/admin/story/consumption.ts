import type { Services } from '../../billing/services.ts';
import type { StoryEvent } from './source.ts';

/** So many entries are read for one page, whatever the customer does; a day that has more comes in parts. */
export const entriesPerRead = 5000;

interface Day {
  at: string;
  firstSeq: number;
  calls: number;
  credits: number;
  features: string[];
}

export interface Consumption {
  /** Newest first, each with its first entry, before which the next page goes on; nothing is told of one without calls. */
  days: { event: StoryEvent; firstSeq: number }[];
  /** How far back the days are known, ISO 8601; null: to the beginning. What is older belongs to a later page. */
  knownFrom: string | null;
}

/**
 * What a customer consumed, by UTC days, before an entry of the ledger: a line a day. It stands at the beginning of its day,
 * because it tells of all of it. Entries of one customer are numbered in the order in which they were booked, and two that
 * were booked across midnight may have their times the other way round: a day ends where an earlier one has begun.
 */
export async function readConsumption(
  { db }: Services,
  userId: string,
  beforeSeq: number | null,
): Promise<Consumption> {
  const { rows } = await db.pool.query<Day & { read: number }>(
    `SELECT to_char(day, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, min(seq) AS "firstSeq",
       count(*) FILTER (WHERE type = 'spend') AS calls, -coalesce(sum(amount) FILTER (WHERE type = 'spend'), 0) AS credits,
       coalesce(array_agg(DISTINCT feature_type) FILTER (WHERE type = 'spend' AND feature_type IS NOT NULL), '{}') AS features,
       (sum(count(*)) OVER ())::bigint AS read
     FROM (
       SELECT seq, type, amount, feature_type,
         date_trunc('day', min(created_at) OVER (ORDER BY seq DESC) AT TIME ZONE 'UTC') AS day
       FROM (
         SELECT seq, type, amount, feature_type, created_at FROM credit_transactions
         WHERE user_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT ${entriesPerRead}
       ) newest
     ) dated GROUP BY day ORDER BY day DESC`,
    [userId, beforeSeq ?? Number.MAX_SAFE_INTEGER],
  );
  const isCut = (rows[0]?.read ?? 0) >= entriesPerRead;
  // The oldest day that was read may go on before the first entry that was read.
  const whole = isCut && rows.length > 1 ? rows.slice(0, -1) : rows;
  return {
    days: whole.map((day) => ({ event: toEvent(day), firstSeq: day.firstSeq })),
    knownFrom: isCut ? (whole.at(-1)?.at ?? null) : null,
  };
}

function toEvent({ at, firstSeq, calls, credits, features }: Day): StoryEvent {
  return {
    kind: 'consumption',
    at,
    key: `consumption ${String(firstSeq).padStart(16, '0')}`,
    resource: null,
    id: null,
    title: null,
    names: null,
    what: 'consumption',
    state: null,
    amountMinor: null,
    currency: null,
    credits: -credits,
    count: calls,
    note: features.slice(0, 5).join(' · ') + (features.length > 5 ? ' …' : ''),
    by: null,
  };
}
