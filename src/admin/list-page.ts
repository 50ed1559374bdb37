import { Filter, flat, populator, type ActionContext, type ActionRequest, type ListActionResponse } from 'adminjs';
import { z } from 'zod';
import { sortingOf } from './adapter/keyset.ts';
import type { PanelResource } from './adapter/resource.ts';

const usualPerPage = 20;

/** `filters.email` → `{ filters: { email } }` */
const { unflatten } = flat as { unflatten: (query: object) => unknown };

const asked = z.object({
  perPage: z.coerce.number().int().catch(usualPerPage),
  after: z.string().optional().catch(undefined),
  before: z.string().optional().catch(undefined),
  place: z.enum(['end']).optional().catch(undefined),
  sortBy: z.unknown().optional(),
  direction: z.unknown().optional(),
  // What is no filter lets nothing through.
  filters: z.record(z.string(), z.unknown()).default({}).catch({ unreadable: '' }),
});

/** What a list tells of itself besides its rows. */
export interface ListMeta {
  perPage: number;
  sortBy: string;
  direction: 'asc' | 'desc';
  total: number;
  isExact: boolean;
  /** They name the pages beside this one, as `before` and `after`. */
  before: string | undefined;
  after: string | undefined;
}

/**
 * The list action: one page with what it takes to turn to the next, to the one before, to the first (no place) and to the
 * last (`place=end`). @throws ValidationFailed, TooSlow
 */
export async function readListPage(
  resource: PanelResource,
  request: ActionRequest,
  context: ActionContext,
): Promise<ListActionResponse> {
  const { perPage, after, before, place, filters, ...order } = asked.parse(unflatten(request.query ?? {}));
  const filter = filterOf(filters, resource);
  const sorting = sortingOf(resource.spec, order);
  const [page, counted] = await Promise.all([
    resource.page(filter, { limit: perPage, sorting, place: { after, before, end: place === 'end' } }),
    resource.countShown(filter),
  ]);
  const records = await populator(page.rows, context);
  const isWhole = (after ?? before) === undefined && page.before === undefined && page.after === undefined;
  const { total, isExact } = isWhole ? { total: records.length, isExact: true } : counted;
  const meta: ListMeta = {
    perPage,
    sortBy: sorting.by,
    direction: sorting.direction,
    total,
    isExact,
    before: page.before,
    after: page.after,
  };
  context.records = records;
  return {
    meta: { page: 1, ...meta },
    records: records.map((record) => record.toJSON(context.currentAdmin)),
  };
}

/** What was asked for, as AdminJS's own list reads it. */
export function filterOf(filters: Record<string, unknown>, resource: PanelResource): Filter {
  return new Filter(filters, resource);
}
