import { QueryTypes } from 'sequelize';
import { z } from 'zod';
import type { StaffRole } from '../../accounts/staff.ts';
import type { Services } from '../../billing/services.ts';
import { ValidationFailed } from '../../kit/errors.ts';
import { may } from '../permissions.ts';
import { accountEvents } from './account-events.ts';
import { readConsumption } from './consumption.ts';
import { creditEvents } from './credit-events.ts';
import { moneyEvents } from './money-events.ts';
import { own } from './own.ts';
import { storyKinds, type StoryEvent, type StoryKind } from './source.ts';

/** What happened to a customer, newest first. */
export interface Timeline {
  events: StoryEvent[];
  /** For the next page; null: this is where it began. */
  earlier: string | null;
}

/** The place that a page ended at, and the entry of the ledger before which consumption goes on. */
interface Place {
  at: string;
  key: string;
  seq: number | null;
}

const perPage = 30;
/** Days without consumption make a page short; so many are read before one without any event is shown. */
const maxReads = 5;
const sources = [...moneyEvents, ...accountEvents, ...creditEvents];
const newest: Place = { at: 'infinity', key: '', seq: null };

const asked = z.object({
  earlier: z.string().max(400).optional(),
  kinds: z.string().max(200).optional(),
});
const placeSchema = z.strictObject({
  at: z.iso.datetime({ precision: 6 }),
  key: z.string().max(200),
  seq: z.int().positive().nullable(),
});

/**
 * A page of a customer's timeline.
 * @param query `earlier` from the page before, `kinds` separated by commas; default: all that the role may list
 * @throws ValidationFailed when either is not what we gave out
 */
export async function readTimeline(
  services: Services,
  role: StaffRole,
  userId: string,
  query: unknown = {},
): Promise<Timeline> {
  const { place, kinds } = parse(query);
  const events: StoryEvent[] = [];
  let next: Place | null = place;
  for (let reads = 0; next !== null && events.length === 0 && reads < maxReads; reads += 1) {
    const page: Page = await readPage(services, role, userId, next, kinds);
    events.push(...page.events.filter(({ kind, count }) => kind !== 'consumption' || count !== 0));
    next = page.next;
  }
  return { events, earlier: next === null ? null : Buffer.from(JSON.stringify(next)).toString('base64url') };
}

interface Page {
  events: StoryEvent[];
  next: Place | null;
}

async function readPage(
  services: Services,
  role: StaffRole,
  userId: string,
  place: Place,
  kinds: readonly StoryKind[],
): Promise<Page> {
  const readsLedger = kinds.includes('consumption') && may(role, 'credit_transactions', 'list');
  const [others, { days, knownFrom }] = await Promise.all([
    readEvents(services, role, userId, place, kinds),
    readsLedger ? readConsumption(services, userId, place.seq) : { days: [], knownFrom: null },
  ]);
  const known = [...others, ...days.map(({ event }) => event)]
    .filter(({ at }) => knownFrom === null || at >= knownFrom)
    .sort((a, b) => compare(b, a));
  const events = known.slice(0, perPage);
  const last = events.at(-1);
  const isAll = events.length === others.length + days.length && others.length <= perPage && knownFrom === null;
  if (last === undefined || isAll) return { events, next: null };
  const told = days.filter(({ event }) => events.includes(event)).at(-1);
  return { events, next: { at: last.at, key: last.key, seq: told?.firstSeq ?? place.seq } };
}

/** As the database orders them. */
function compare(a: StoryEvent, b: StoryEvent): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}

/** All kinds but consumption, in one statement. One more than a page tells that there is more. */
async function readEvents(
  { db }: Services,
  role: StaffRole,
  userId: string,
  { at, key }: Place,
  kinds: readonly StoryKind[],
): Promise<StoryEvent[]> {
  const wanted = sources.filter(({ kind, resource }) => kinds.includes(kind) && may(role, resource, 'list'));
  if (wanted.length === 0) return [];
  const sql = `${own}
    SELECT kind, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, key, resource, what,
      id, title, names, state, "amountMinor", trim(currency) AS currency, credits, count, nullif(note, '') AS note, by
    FROM (${wanted.map((one) => `(${one.sql})`).join(' UNION ALL ')}) happened
    ORDER BY happened.at DESC, happened.key DESC LIMIT $limit`;
  return db.sequelize.query<StoryEvent>(sql, {
    type: QueryTypes.SELECT,
    bind: { userId, at, key, limit: perPage + 1 },
  });
}

/** @throws ValidationFailed */
function parse(query: unknown): { place: Place; kinds: readonly StoryKind[] } {
  const { data } = asked.safeParse(query);
  if (data === undefined) throw new ValidationFailed([{ path: 'earlier', message: 'Take it from the page before.' }]);
  const { earlier, kinds = '' } = data;
  const chosen = kinds === '' ? storyKinds : storyKinds.filter((kind) => kinds.split(',').includes(kind));
  if (chosen.length === 0) {
    throw new ValidationFailed([{ path: 'kinds', message: `Name some of ${storyKinds.join(', ')}.` }]);
  }
  return { place: earlier === undefined ? newest : placeOf(earlier), kinds: chosen };
}

function placeOf(earlier: string): Place {
  try {
    return placeSchema.parse(JSON.parse(Buffer.from(earlier, 'base64url').toString()));
  } catch {
    throw new ValidationFailed([{ path: 'earlier', message: 'Take it from the page before.' }]);
  }
}
