import { Op, literal, type Model, type ModelStatic, type Order, type WhereOptions } from 'sequelize';
import { z } from 'zod';
import { ValidationFailed } from '../../kit/errors.ts';
import type { ResourceSpec } from '../resources/spec.ts';

export type Direction = 'asc' | 'desc';

/** A list is ordered by one column, and where it has the same value by the columns that identify the row. */
export interface Sorting {
  by: string;
  direction: Direction;
  /** The usual order of the table, with what comes before all else in it. */
  isUsual: boolean;
}

/**
 * Where a page begins or ends: the values of its outermost row, as PostgreSQL writes them, so that no microsecond is
 * lost. `part` is the part of the list that the row stands in.
 */
export interface Position {
  part: number;
  /** null: the column is empty there. */
  at: string | null;
  key: string[];
}

const position = z.strictObject({
  part: z.int().min(0).max(20),
  at: z.string().max(1000).nullable(),
  key: z.array(z.uuid()).max(2),
});

export function encodePosition(where: Position): string {
  return Buffer.from(JSON.stringify(where)).toString('base64url');
}

/** @throws ValidationFailed */
export function decodePosition(text: string, { parts, key }: { parts: number; key: readonly string[] }): Position {
  try {
    const read = position.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    if (read.part < parts && read.key.length === key.length) return read;
  } catch {
    // It is told below.
  }
  throw noSuchPlace();
}

function noSuchPlace(): ValidationFailed {
  return new ValidationFailed([], 'This address does not name a page of this list. Go back to its first page.');
}

/** A value that is none of the column's was written into the address by hand. */
export function inPlaceOf(error: unknown): unknown {
  const { original } = error as { original?: { code?: string } };
  return original?.code?.startsWith('22') === true ? noSuchPlace() : error;
}

/** What the sorting of a list may be, of what was asked for. */
export function sortingOf(spec: ResourceSpec, asked: { sortBy?: unknown; direction?: unknown }): Sorting {
  const usual = spec.sort;
  const by = typeof asked.sortBy === 'string' && spec.sortable.includes(asked.sortBy) ? asked.sortBy : undefined;
  const wanted = asked.direction === 'asc' || asked.direction === 'desc' ? asked.direction : undefined;
  const sorting = { by: by ?? usual.by, direction: (by === undefined ? undefined : wanted) ?? usual.direction };
  return { ...sorting, isUsual: sorting.by === usual.by && sorting.direction === usual.direction };
}

/**
 * An index gives rows in one direction, from any value on. So a list that puts open rows first, or whose column may be
 * empty, is several lists behind one another, each read from an index: these are their conditions, in order. Empty values
 * count as the largest, as PostgreSQL has it.
 */
export function partsOf(spec: ResourceSpec, { by, direction, isUsual }: Sorting): WhereOptions[] {
  const first = isUsual ? spec.sort.first : undefined;
  const field = first === undefined ? undefined : spec.fields[first];
  const outer: WhereOptions[] =
    first !== undefined && field?.kind === 'state'
      ? [...field.values].sort().map((value): WhereOptions => ({ [first]: value }))
      : [{}];
  if (spec.model.getAttributes()[by]?.allowNull !== true) return outer;
  const filled: WhereOptions = { [by]: { [Op.ne]: null } };
  const empty: WhereOptions = { [by]: null };
  const inner = direction === 'asc' ? [filled, empty] : [empty, filled];
  return outer.flatMap((one) => inner.map((other): WhereOptions => ({ [Op.and]: [one, other] })));
}

/** What breaks ties, in the order of the indexes: the id first, which nearly always decides. */
export function tieBreakers(key: readonly string[], by: string): string[] {
  return key.filter((name) => name !== by).reverse();
}

export function orderOf(sorting: Sorting, ties: readonly string[], backwards: boolean): Order {
  const down = (sorting.direction === 'desc') !== backwards;
  return [sorting.by, ...ties].map((name): [string, string] => [name, down ? 'DESC' : 'ASC']);
}

/** The rows of one part behind that position, or before it: one comparison of rows, which an index answers. */
export function beyond(
  model: ModelStatic<Model>,
  { sorting, ties, from, backwards }: { sorting: Sorting; ties: readonly string[]; from: Position; backwards: boolean },
): WhereOptions {
  const { sequelize } = model;
  if (sequelize === undefined) throw new Error(`${model.name} has no connection`);
  const down = (sorting.direction === 'desc') !== backwards;
  const names = from.at === null ? ties : [sorting.by, ...ties];
  const values = from.at === null ? from.key : [from.at, ...from.key];
  const columns = names.map((name) => columnOf(model, name)).join(', ');
  const bounds = values.slice(0, names.length).map((value) => sequelize.escape(value));
  return literal(`(${columns}) ${down ? '<' : '>'} (${bounds.join(', ')})`);
}

/** `"User"."created_at"` */
export function columnOf(model: ModelStatic<Model>, name: string): string {
  return `"${model.name}"."${model.getAttributes()[name]?.field ?? name}"`;
}
