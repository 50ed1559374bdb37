import { QueryTypes } from 'sequelize';
import { z } from 'zod';
import {
  explainCredits,
  explainGrantEntries,
  type Explanation,
  type GrantEntriesPage,
  type GrantWithOrigin,
} from '../billing/explain-credits.ts';
import type { Services } from '../billing/services.ts';
import { ValidationFailed } from '../kit/errors.ts';

const entriesPerPage = 20;

/** Staff see who of them gave or took. */
export interface ExplainedCredits extends Omit<Explanation, 'grants'> {
  grants: (GrantWithOrigin & { staffName: string | null })[];
}

export type ExplainAnswer = { explained: ExplainedCredits } | { page: GrantEntriesPage };

const asked = z.object({
  at: z.iso.datetime({ offset: true }).optional(),
  grantId: z.uuid().optional(),
  before: z.coerce.number().int().positive().optional(),
});

/**
 * What the page of a customer's credits asks for: the balance at an instant with its grants, or a page of the entries
 * behind one grant. @throws ValidationFailed, HistoryArchived
 */
export async function readExplainedCredits(services: Services, userId: string, query: unknown): Promise<ExplainAnswer> {
  const parsed = asked.safeParse(query);
  if (!parsed.success)
    throw new ValidationFailed([{ path: 'at', message: 'must be a time such as 2026-01-31T12:00Z' }]);
  const { at, grantId, before } = parsed.data;
  if (grantId !== undefined && before !== undefined) {
    return { page: await explainGrantEntries(services, { userId, grantId, before, limit: entriesPerPage }) };
  }
  const explanation = await explainCredits(services, { userId, at: at === undefined ? undefined : new Date(at) });
  const names = await staffNames(services, explanation.grants);
  const grants = explanation.grants.map((grant) => ({ ...grant, staffName: nameOf(grant, names) }));
  return { explained: { ...explanation, grants } };
}

function nameOf({ origin }: GrantWithOrigin, names: ReadonlyMap<string, string>): string | null {
  return origin.kind === 'staff' ? (names.get(origin.staffId ?? '') ?? null) : null;
}

async function staffNames({ db }: Services, grants: readonly GrantWithOrigin[]): Promise<Map<string, string>> {
  const ids = grants.flatMap(({ origin }) => (origin.kind === 'staff' ? (origin.staffId ?? []) : []));
  const staff = await db.sequelize.query<{ id: string; name: string }>(
    'SELECT id, name FROM staff WHERE id = ANY($ids::uuid[])',
    { type: QueryTypes.SELECT, bind: { ids } },
  );
  return new Map(staff.map(({ id, name }) => [id, name]));
}
