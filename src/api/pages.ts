import { z } from 'zod';
import { ValidationFailed } from '../kit/errors.ts';
import { validate } from '../kit/http/validate.ts';

const query = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(200).optional(),
});

export interface PageRequest {
  limit: number;
  /** Where the page before ended. */
  after: string | undefined;
}

/** `?limit=&cursor=`. @throws ValidationFailed, also for a cursor that is not ours: `isCursor` says */
export function pageRequest(value: unknown, isCursor: (decoded: string) => boolean): PageRequest {
  const { limit, cursor } = validate(query, value);
  if (cursor === undefined) return { limit, after: undefined };
  const after = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!isCursor(after)) {
    throw new ValidationFailed([{ path: 'cursor', message: 'must be a next_cursor of this list' }]);
  }
  return { limit, after };
}

/** One row more than asked for says whether there is a next page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => string,
  present: (row: Row) => Item,
): { data: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  const next_cursor = hasMore ? Buffer.from(positionOf(last)).toString('base64url') : null;
  return { data: shown.map(present), next_cursor };
}
