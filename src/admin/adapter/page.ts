import { Op, literal, type Transaction, type WhereOptions } from 'sequelize';
import type { ResourceSpec } from '../resources/spec.ts';
import {
  beyond,
  columnOf,
  decodePosition,
  encodePosition,
  orderOf,
  partsOf,
  tieBreakers,
  type Sorting,
} from './keyset.ts';

/** Which page: the first, unless it says something else. */
export interface Place {
  after?: string | undefined;
  before?: string | undefined;
  end?: boolean;
}

export interface AskedPage {
  limit: number;
  sorting: Sorting;
  place?: Place;
}

export interface Page<Row> {
  rows: Row[];
  /** What names the pages beside it; undefined where there is none. */
  before: string | undefined;
  after: string | undefined;
}

type Row = Record<string, unknown>;

const mostRows = 500;

/** What the column of the order says, as text. */
const sortedBy = 'sortedBy';

/** @throws ValidationFailed for a place that is none of this list */
export async function readPage(
  spec: ResourceSpec,
  key: readonly string[],
  {
    where,
    transaction,
    limit: asked,
    sorting,
    place = {},
  }: AskedPage & { where: WhereOptions; transaction: Transaction },
): Promise<Page<Row>> {
  const limit = Math.min(Math.max(asked, 1), mostRows);
  const ties = tieBreakers(key, sorting.by);
  const parts = partsOf(spec, sorting);
  const given = place.after ?? place.before;
  const from = given === undefined ? undefined : decodePosition(given, { parts: parts.length, key: ties });
  const backwards = place.after === undefined && (place.before !== undefined || place.end === true);
  const found: { row: Row; part: number }[] = [];
  for (const part of inOrder(parts.length, from?.part, backwards)) {
    const bound = from?.part === part ? [beyond(spec.model, { sorting, ties, from, backwards })] : [];
    const rows = await spec.model.findAll({
      attributes: [...Object.keys(spec.fields), [literal(`${columnOf(spec.model, sorting.by)}::text`), sortedBy]],
      where: { [Op.and]: [where, parts[part] ?? {}, ...bound] },
      order: orderOf(sorting, ties, backwards),
      limit: limit + 1 - found.length,
      transaction,
    });
    for (const row of rows) found.push({ row: row.get() as Row, part });
    if (found.length > limit) break;
  }
  const isMore = found.length > limit;
  const shown = found.slice(0, limit);
  if (backwards) shown.reverse();
  const placeOf = (one: (typeof shown)[number] | undefined) =>
    one &&
    encodePosition({
      part: one.part,
      at: one.row[sortedBy] as string | null,
      key: ties.map((name) => String(one.row[name])),
    });
  return {
    rows: shown.map(({ row }) => row),
    before: (backwards ? isMore : given !== undefined) ? placeOf(shown[0]) : undefined,
    after: (backwards ? place.before !== undefined : isMore) ? placeOf(shown.at(-1)) : undefined,
  };
}

/** The parts from that one on, or back from it. */
function inOrder(parts: number, from: number | undefined, backwards: boolean): number[] {
  const all = Array.from({ length: parts }, (_, part) => part);
  if (backwards) return all.slice(0, (from ?? parts) + 1).reverse();
  return all.slice(from ?? 0);
}
