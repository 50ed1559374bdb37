import { QueryTypes } from 'sequelize';
import type { StaffRole } from '../accounts/staff.ts';
import type { Services } from '../billing/services.ts';
import { newId } from '../kit/ids.ts';
import type { IncidentRow } from './incident-subjects.ts';
import { may, permissions, type ResourceId } from './permissions.ts';
import { findNamed } from './search/search.ts';

interface Person {
  id: string;
  name: string;
}

/** What stands on the page of an incident beside its own columns. */
export interface IncidentCase {
  assignee: Person | null;
  /** Who can be chosen to look after it; empty for those who may not choose. */
  staff: Person[];
  mayComment: boolean;
  /** For the next comment: the same form sent twice adds one. */
  commentId: string;
  /** The oldest first. */
  comments: { id: string; by: string; body: string; createdAt: string }[];
  /** Rows that the incident names: customers, orders, payments … */
  links: { resource: ResourceId; id: string; title: string }[];
}

const maxComments = 200;
const maxNames = 8;

export async function readIncidentCase(
  services: Services,
  role: StaffRole,
  incident: IncidentRow,
): Promise<IncidentCase> {
  const [assignee, staff, comments, links] = await Promise.all([
    readAssignee(services, incident.id),
    may(role, 'incidents', 'assign') ? readHandlers(services) : [],
    readComments(services, incident.id),
    readLinks(services, role, incident),
  ]);
  return { assignee, staff, mayComment: may(role, 'incidents', 'comment'), commentId: newId(), comments, links };
}

async function readAssignee({ db }: Services, id: string): Promise<Person | null> {
  const sql = 'SELECT s.id, s.name FROM incidents i JOIN staff s ON s.id = i.assigned_to WHERE i.id = $id';
  const [person] = await db.sequelize.query<Person>(sql, { type: QueryTypes.SELECT, bind: { id } });
  return person ?? null;
}

async function readHandlers({ db }: Services): Promise<Person[]> {
  const sql = `SELECT id, name FROM staff WHERE status = 'active' AND role = ANY($roles::text[]) ORDER BY name, id`;
  const roles = permissions.incidents['assign'];
  return db.sequelize.query<Person>(sql, { type: QueryTypes.SELECT, bind: { roles } });
}

async function readComments({ db }: Services, id: string): Promise<IncidentCase['comments']> {
  const sql = `
    SELECT c.id, s.name AS by, c.body, c.created_at AS "createdAt"
    FROM (SELECT * FROM incident_comments WHERE incident_id = $id ORDER BY created_at DESC, id DESC LIMIT ${maxComments}) c
    JOIN staff s ON s.id = c.staff_id ORDER BY c.created_at, c.id`;
  return db.sequelize.query(sql, { type: QueryTypes.SELECT, bind: { id } });
}

/** Whatever the incident names by an id of ours or of the gateway, customers first. */
async function readLinks(services: Services, role: StaffRole, incident: IncidentRow): Promise<IncidentCase['links']> {
  const { subjectId, details } = incident;
  const values = [subjectId, ...Object.values<unknown>({ ...details })];
  const names = [...new Set(values)].filter(isName).slice(0, maxNames);
  const found = await Promise.all(names.map((name) => findNamed(services, role, name)));
  const links = found.flatMap(({ groups }) =>
    groups.flatMap(({ resource, hits }) => hits.map(({ id, title }) => ({ resource, id, title }))),
  );
  const places = new Map(links.filter(({ id }) => id !== incident.id).map((link) => [link.resource + link.id, link]));
  const order = Object.keys(permissions);
  return [...places.values()].sort((a, b) => order.indexOf(a.resource) - order.indexOf(b.resource));
}

/** An id has figures in it and no spaces, and is not short. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && /^(?=.*\d)\S{8,64}$/.test(value);
}
