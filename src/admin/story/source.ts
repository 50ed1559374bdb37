import type { ResourceId } from '../permissions.ts';

/** What a timeline can be narrowed to, in the order of the buttons. */
export const storyKinds = [
  'account',
  'orders',
  'payments',
  'refunds',
  'disputes',
  'subscriptions',
  'credits',
  'consumption',
  'alerts',
  'mails',
  'actions',
  'incidents',
] as const;
export type StoryKind = (typeof storyKinds)[number];

/** Something that happened to a customer. Money in minor units of `currency`; credits and money with their sign. */
export interface StoryEvent {
  kind: StoryKind;
  /** UTC, ISO 8601 to the microsecond, which is how exactly the database orders them. */
  at: string;
  /** With `at` the place in the order; no two events have the same. */
  key: string;
  /** The row that it stands for, with its address in the panel; null where there is none. */
  resource: ResourceId | null;
  id: string | null;
  /** What people know the row by; or a name in several languages. */
  title: string | null;
  names: Record<string, string> | null;
  /** A word of ours for what happened. */
  what: string;
  state: string | null;
  amountMinor: number | null;
  currency: string | null;
  credits: number | null;
  /** The balance after it, or how many calls a day's consumption is. */
  count: number | null;
  note: string | null;
  /** Who did it, where that was one of the staff. */
  by: string | null;
}

type Column = Exclude<keyof StoryEvent, 'kind' | 'at' | 'key' | 'resource' | 'what'>;

const types: Readonly<Record<Column, string>> = {
  id: 'text',
  title: 'text',
  names: 'jsonb',
  state: 'text',
  amountMinor: 'bigint',
  currency: 'text',
  credits: 'bigint',
  count: 'bigint',
  note: 'text',
  by: 'text',
};

/** Where events of one kind come from: a statement that yields the newest before a place. */
export interface Source {
  kind: StoryKind;
  /** Who may not list this table does not see these events. */
  resource: ResourceId;
  sql: string;
}

interface SourceParts extends Partial<Record<Column, string>> {
  /** Tells sources of one table apart. */
  name: string;
  kind: StoryKind;
  resource: ResourceId;
  /** SQL: when it happened; a row without it did not. */
  at: string;
  /** SQL: what tells events of one instant apart. */
  unique: string;
  /** SQL: a text. */
  what: string;
  /** SQL: tables and conditions; `$userId` is the customer. */
  from: string;
  where: string;
}

/**
 * Puts a source together. It reads its own rows from the place on, newest first and no more than a page, so that it goes
 * by an index however much there is.
 */
export function source(parts: SourceParts): Source {
  const { name, kind, resource, at, unique, what, from, where } = parts;
  const key = `('${name} ' || ${unique})::text COLLATE "C"`;
  const columns = (Object.keys(types) as Column[]).map(
    (column) => `(${parts[column] ?? 'NULL'})::${types[column]} AS "${column}"`,
  );
  const sql = `
    SELECT '${kind}' AS kind, ${at} AS at, ${key} AS key, '${resource}' AS resource, (${what})::text AS what,
      ${columns.join(', ')}
    FROM ${from}
    WHERE ${where} AND ${at} <= $at::timestamptz AND (${at}, ${key}) < ($at::timestamptz, $key::text)
    ORDER BY 2 DESC, 3 DESC LIMIT $limit`;
  return { kind, resource, sql };
}
