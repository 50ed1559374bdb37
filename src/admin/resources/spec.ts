import type { Model, ModelStatic } from 'sequelize';
import type { ResourceId } from '../permissions.ts';

/**
 * How a column is shown, filtered and sorted. `code` is shown as it is; a `word` is one of ours and is translated where
 * the texts know it; `counts` are numbers by such words; an `actor` is `staff:<id>`, `key:<id>`, `user:<id>` or `system`.
 */
export type Field =
  | {
      kind:
        | 'id'
        | 'code'
        | 'actor'
        | 'text'
        | 'longText'
        | 'count'
        | 'flag'
        | 'time'
        | 'json'
        | 'counts'
        | 'localized'
        | 'features'
        /** What a unit of each feature costs, in credits. */
        | 'prices'
        | 'percents';
    }
  /** `values`: those that a filter offers; it is a search in the words where there are none. */
  | { kind: 'word'; values?: readonly string[] }
  /** Found by how it begins, as it is written: an index answers that in a table of any size. */
  | { kind: 'code' | 'text'; found: 'by beginning' }
  /** Credits: a whole number; `signed` shows the plus too. */
  | { kind: 'credits'; signed?: boolean }
  /** Minor units; `currency` names the column that holds the currency. */
  | { kind: 'money'; currency: string }
  /** A word out of a few; `plain` where it is no state of affairs and needs no colour. */
  | { kind: 'state'; values: readonly string[]; plain?: boolean }
  | { kind: 'reference'; to: ResourceId }
  /** The id of a row of one of several tables, or of something elsewhere; `type` names the column that says of what. */
  | { kind: 'subject'; type: string };

export interface Related {
  to: ResourceId;
  by: string;
}

/**
 * One table as the panel shows it. The panel reads the columns that are named here and no others, so a hash, a sealed
 * value or a raw body that is not named never leaves the database.
 */
export interface ResourceSpec {
  id: ResourceId;
  model: ModelStatic<Model>;
  /** The heading of the menu that it stands under. */
  group: 'customers' | 'money' | 'credits' | 'catalogue' | 'operations' | 'team';
  /** The columns whose values identify a row, where that is more than `id`; the first ones lead an index. */
  key?: readonly string[];
  fields: Readonly<Record<string, Field>>;
  /** The column by which people know a row. */
  title: string;
  list: readonly string[];
  /** A column of the list → one that stands below it in the same cell. */
  below?: Readonly<Record<string, string>>;
  show: readonly string[];
  filters: readonly string[];
  /** Tables with rows about this one, by the column that names it. */
  related?: readonly Related[];
  /** Newest first, unless people order it otherwise; before that by `first`, upwards, where there is one. */
  sort: { first?: string; by: string; direction: 'asc' | 'desc' };
  /** Only these can be ordered by: each has an index, or its table is small. */
  sortable: readonly string[];
}

export const related = (to: ResourceId, by: string): Related => ({ to, by });
export const id = { kind: 'id' } as const;
export const text = { kind: 'text' } as const;
export const code = { kind: 'code' } as const;
export const longCode = { kind: 'code', found: 'by beginning' } as const;
export const word = { kind: 'word' } as const;
export const time = { kind: 'time' } as const;
export const count = { kind: 'count' } as const;
export const flag = { kind: 'flag' } as const;
export const json = { kind: 'json' } as const;
export const counts = { kind: 'counts' } as const;
export const credits = { kind: 'credits' } as const;
export const money = { kind: 'money', currency: 'currency' } as const;
export const reference = (to: ResourceId): Field => ({ kind: 'reference', to });
export const choice = (...values: string[]): Field => ({ kind: 'state', values, plain: true });
export const state = (...values: string[]): Field => ({ kind: 'state', values });
