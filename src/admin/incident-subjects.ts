import { QueryTypes } from 'sequelize';
import { validate as isUuid } from 'uuid';
import type { Services } from '../billing/services.ts';
import type { NewIncident } from '../incidents/incidents.ts';
import type { ResourceId } from './permissions.ts';

type SubjectType = NewIncident['subjectType'];

/** The row of the panel that an incident is about, and what people know it by. */
export interface SubjectLink {
  to: ResourceId;
  id: string;
  title: string;
}

export interface IncidentRow {
  id: string;
  subjectType: string;
  subjectId: string;
  details: object | null;
}

/**
 * Where each type of subject is looked for, the first that has it counts. A gateway knows payments and refunds by its
 * own ids, and of what fits no refund of ours it often names the capture.
 */
const places: Readonly<Record<SubjectType, readonly ResourceId[]>> = {
  order: ['orders'],
  payment: ['payments'],
  refund: ['refunds', 'payments'],
  // A line of the gateway's statement, which may name an order of ours all the same.
  transaction: ['payments', 'orders'],
  webhook: ['provider_events'],
  dispute: ['disputes', 'payments'],
  user: ['users'],
  // The proof of the books names a customer, an order or an entry of the audit log.
  books: ['users', 'orders', 'audit_log'],
};

export const subjectTypes = Object.keys(places) as SubjectType[];

/** By our ids and, with the name of the gateway before them because the indexes have it so, by the gateway's. */
const queries: Readonly<Partial<Record<ResourceId, string>>> = {
  orders: `SELECT id::text AS known, id, order_no AS title FROM orders WHERE id = ANY($uuids::uuid[])`,
  payments: `
    SELECT p.id::text AS known, p.id, o.order_no AS title FROM payments p JOIN orders o ON o.id = p.order_id
    WHERE p.id = ANY($uuids::uuid[])
    UNION ALL
    SELECT p.provider_capture_id, p.id, o.order_no FROM payments p JOIN orders o ON o.id = p.order_id
    WHERE p.provider = ANY($providers::text[]) AND p.provider_capture_id = ANY($names::text[])`,
  refunds: `
    SELECT r.id::text AS known, r.id, o.order_no AS title FROM refunds r JOIN orders o ON o.id = r.order_id
    WHERE r.id = ANY($uuids::uuid[])
    UNION ALL
    SELECT r.provider_refund_id, r.id, o.order_no FROM refunds r JOIN orders o ON o.id = r.order_id
    WHERE r.provider = ANY($providers::text[]) AND r.provider_refund_id = ANY($names::text[])`,
  disputes: `
    SELECT d.id::text AS known, d.id, o.order_no AS title FROM disputes d JOIN orders o ON o.id = d.order_id
    WHERE d.id = ANY($uuids::uuid[])`,
  provider_events: `SELECT id::text AS known, id, event_id AS title FROM provider_events WHERE id = ANY($uuids::uuid[])`,
  audit_log: `SELECT id::text AS known, id, 'No. ' || seq AS title FROM audit_log WHERE id = ANY($uuids::uuid[])`,
  users: `SELECT id::text AS known, id, email AS title FROM users WHERE id = ANY($uuids::uuid[])`,
};

/** → by the incident's id; an incident whose subject is no row of ours is not among them. */
export async function findSubjects(
  services: Services,
  incidents: readonly IncidentRow[],
): Promise<Map<string, SubjectLink>> {
  const wanted = new Map<ResourceId, Set<string>>();
  for (const incident of incidents) {
    for (const place of placesOf(incident)) {
      wanted.set(place, new Set([...(wanted.get(place) ?? []), ...namesOf(incident)]));
    }
  }
  const found = new Map<string, SubjectLink>();
  for (const [to, names] of wanted) {
    for (const { known, id, title } of await look(services, to, [...names]))
      found.set(`${to} ${known}`, { to, id, title });
  }
  return new Map(
    incidents.flatMap((incident) => {
      const keys = placesOf(incident).flatMap((place) => namesOf(incident).map((name) => `${place} ${name}`));
      const link = keys.map((key) => found.get(key)).find((one) => one !== undefined);
      return link === undefined ? [] : [[incident.id, link] as const];
    }),
  );
}

function placesOf({ subjectType }: IncidentRow): readonly ResourceId[] {
  return places[subjectType as SubjectType];
}

function namesOf({ subjectId, details }: IncidentRow): string[] {
  const { capture, order } = (details ?? {}) as { capture?: unknown; order?: unknown };
  return [subjectId, capture, order].filter((name) => typeof name === 'string');
}

async function look(
  { db, providers }: Services,
  to: ResourceId,
  names: string[],
): Promise<{ known: string; id: string; title: string }[]> {
  const bind = { names, uuids: names.filter((name) => isUuid(name)), providers: [...providers.keys()] };
  return db.sequelize.query(queries[to] ?? '', { type: QueryTypes.SELECT, bind });
}

export async function countOpenIncidents({ db }: Services): Promise<number> {
  const sql = `SELECT count(*) AS open FROM incidents WHERE status = 'open'`;
  const [row] = await db.sequelize.query<{ open: number }>(sql, { type: QueryTypes.SELECT });
  return row?.open ?? 0;
}
