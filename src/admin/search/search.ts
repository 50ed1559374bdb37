import { QueryTypes } from 'sequelize';
import type { StaffRole } from '../../accounts/staff.ts';
import type { Services } from '../../billing/services.ts';
import { ValidationFailed } from '../../kit/errors.ts';
import { may, resourceIds, type ResourceId } from '../permissions.ts';
import { byParts, lookups, type Lookup } from './lookups.ts';
import { maxLength, minLength, readTerm, type Term } from './term.ts';

/** A row that was found. `id` is the one of its page in the panel. */
export interface Hit {
  id: string;
  title: string;
  /** A customer's name, or whose the row is. */
  detail: string | null;
  /** What matched, as `properties.<matched>` names it, and its value where it is more than what was typed. */
  matched: string;
  value: string | null;
  /** The row through which a customer was found who does not match by themselves. */
  through: { resource: ResourceId; title: string } | null;
}

export interface SearchAnswer {
  groups: { resource: ResourceId; hits: Hit[] }[];
  /** There are more in some group than are shown. */
  more: boolean;
}

interface Row {
  resource: ResourceId;
  matched: string;
  id: string;
  title: string | null;
  value: string | null;
  userId: string | null;
  email: string | null;
  name: string | null;
}

const perGroup = 6;
/** One more than is shown tells that there are more. */
const perLookup = perGroup + 1;
/** A part of a word that half of the customers have is not worth waiting for. */
const partTimeoutMs = 300;

/**
 * Finds customers and everything about them by anything that a support mail may name. Nobody finds what the permission
 * table does not let them search.
 * @param typed as it came from the address
 * @throws ValidationFailed when it is no text, or too long
 */
export async function search(services: Services, role: StaffRole, typed: unknown): Promise<SearchAnswer> {
  if (typeof typed !== 'string' || typed.length > maxLength) {
    throw new ValidationFailed([{ path: 'q', message: `Give a text of ${maxLength} characters at most.` }]);
  }
  const term = readTerm(typed, services.sealer);
  if (term.text.length < minLength) return { groups: [], more: false };
  const open = (lookup: Lookup) => may(role, lookup.resource, 'search') && term[lookup.by] !== undefined;
  const found = await find(services, lookups.filter(open), term);
  const hasCustomer = found.some(({ resource }) => resource === 'users');
  const more = hasCustomer ? [] : await findParts(services, byParts.filter(open), term);
  return group([...found, ...more], may(role, 'users', 'search'));
}

/** Whatever has this for an id, ours or the gateway's, and whose it is. */
export async function findNamed(services: Services, role: StaffRole, name: string): Promise<SearchAnswer> {
  const term = readTerm(name, services.sealer);
  const byName = lookups.filter(({ by, resource }) => {
    return (by === 'uuid' || by === 'names') && term[by] !== undefined && may(role, resource, 'search');
  });
  return group(await find(services, byName, term), may(role, 'users', 'search'));
}

/** Everything in one statement, so that what is typed costs one round trip. */
async function find({ db, providers }: Services, wanted: readonly Lookup[], term: Term): Promise<Row[]> {
  if (wanted.length === 0) return [];
  const { sql, bind } = statement(wanted, term, [...providers.keys()]);
  return db.sequelize.query<Row>(sql, { type: QueryTypes.SELECT, bind });
}

/** Where pg_trgm is: see the migration. Found out once; whoever adds the index later starts the process anew. */
const knowsParts = new WeakMap<Services['db'], Promise<boolean>>();

async function findParts({ db, log }: Services, wanted: readonly Lookup[], term: Term): Promise<Row[]> {
  if (wanted.length === 0) return [];
  const known = knowsParts.get(db) ?? hasPartsIndex(db);
  knowsParts.set(db, known);
  known.catch(() => knowsParts.delete(db));
  if (!(await known)) return [];
  const { sql, bind } = statement(wanted, term, []);
  try {
    return await db.transaction(async (tx) => {
      await db.sequelize.query(`SET LOCAL statement_timeout = ${partTimeoutMs}`, { transaction: tx });
      return db.sequelize.query<Row>(sql, { type: QueryTypes.SELECT, bind, transaction: tx });
    });
  } catch (error) {
    if ((error as { original?: { code?: string } }).original?.code !== '57014') throw error;
    log.info('a part of a name or address is so common that looking for it was given up');
    return [];
  }
}

async function hasPartsIndex(db: Services['db']): Promise<boolean> {
  const sql = `SELECT to_regclass('users_parts') IS NOT NULL AS there`;
  const [row] = await db.sequelize.query<{ there: boolean }>(sql, { type: QueryTypes.SELECT });
  return row?.there ?? false;
}

function statement(wanted: readonly Lookup[], term: Term, providers: string[]) {
  const bind: Record<string, unknown> = {};
  const parts = wanted.map(({ resource, matched, by, sql }) => {
    const parameters = by === 'born' ? ['uuid', 'from', 'to'] : [by];
    if (by === 'born') Object.assign(bind, { uuid: term.uuid, from: term.born?.[0], to: term.born?.[1] });
    else bind[by] = term[by];
    if (sql.includes('$providers')) bind['providers'] = providers;
    const asked = sql.replaceAll('$term', `$${parameters[0] ?? by}`);
    return `(SELECT '${resource}' AS resource, '${matched}' AS matched, f.* FROM (${asked} LIMIT ${perLookup}) f)`;
  });
  return {
    bind,
    sql: `SELECT h.resource, h.matched, h.id, h.title, h.value, u.id AS "userId", u.email, u.name
      FROM (${parts.join(' UNION ALL ')}) h LEFT JOIN users u ON u.id = h.user_id`,
  };
}

/** Customers first, also those whom only an order or a payment led to: they are what a support mail is about. */
function group(rows: readonly Row[], showCustomers: boolean): SearchAnswer {
  const hits = new Map<ResourceId, Map<string, Hit>>();
  const add = (resource: ResourceId, hit: Hit) => {
    const own = hits.get(resource) ?? new Map<string, Hit>();
    hits.set(resource, own);
    if (!own.has(hit.id)) own.set(hit.id, hit);
  };
  for (const row of rows) {
    const { resource, matched, id, value, name } = row;
    const email = showCustomers ? row.email : null;
    const detail = resource === 'users' ? name : email;
    add(resource, { id, title: row.title ?? id, detail, matched, value, through: null });
  }
  for (const { resource, matched, title, id, value, userId, email, name } of showCustomers ? rows : []) {
    if (userId === null || email === null || resource === 'users') continue;
    const through = { resource, title: title ?? id };
    add('users', { id: userId, title: email, detail: name, matched, value, through });
  }
  const groups = resourceIds
    .filter((resource) => hits.has(resource))
    .map((resource) => ({ resource, hits: [...(hits.get(resource)?.values() ?? [])] }));
  return {
    groups: groups.map(({ resource, hits: all }) => ({ resource, hits: all.slice(0, perGroup) })),
    more: groups.some(({ hits: all }) => all.length > perGroup),
  };
}
