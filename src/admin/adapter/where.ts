import type { Filter } from 'adminjs';
import { DateTime } from 'luxon';
import { Op, literal, type WhereOptions } from 'sequelize';
import { validate as isUuid } from 'uuid';
import type { ResourceId } from '../permissions.ts';
import { specs } from '../resources/index.ts';
import type { Field, ResourceSpec } from '../resources/spec.ts';

const nothing = literal('false');

/** More rows than this behind one filter are too many to be meant. */
const maxReferred = 1000;

/** What the filter drawer asks for, as a condition. A value that cannot match anything matches nothing. */
export function toWhere(spec: ResourceSpec, filter: Filter): WhereOptions {
  const conditions = Object.values(filter.filters).map(({ path, value }) => {
    const field = spec.fields[path];
    return field === undefined ? nothing : condition(path, field, value);
  });
  return { [Op.and]: conditions };
}

function condition(column: string, field: Field, value: unknown): WhereOptions {
  switch (field.kind) {
    case 'time':
      return within(column, value);
    case 'id':
      return typeof value === 'string' && isUuid(value.trim()) ? { [column]: value.trim() } : nothing;
    case 'reference':
      if (value === 'none') return { [column]: null };
      return typeof value === 'string' ? refersTo(column, field.to, value.trim()) : nothing;
    case 'state':
      return oneOf(column, field.values, value);
    case 'word':
      return field.values === undefined ? contains(column, value) : oneOf(column, field.values, value);
    case 'subject':
      return typeof value === 'string' ? { [column]: value.trim() } : nothing;
    case 'flag':
      return value === 'true' || value === 'false' ? { [column]: value === 'true' } : nothing;
    case 'count':
    case 'credits':
    case 'money':
      return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? { [column]: Number(value) } : nothing;
    case 'longText':
      return value === 'some' || value === 'none'
        ? { [column]: { [value === 'some' ? Op.ne : Op.eq]: null } }
        : nothing;
    case 'json':
    case 'counts':
    case 'localized':
    case 'features':
    case 'prices':
    case 'percents':
      return nothing;
    default:
      return 'found' in field ? beginsWith(column, value) : contains(column, value);
  }
}

function oneOf(column: string, values: readonly string[], value: unknown): WhereOptions {
  return typeof value === 'string' && values.includes(value) ? { [column]: value } : nothing;
}

function contains(column: string, value: unknown): WhereOptions {
  return typeof value === 'string' ? { [column]: { [Op.iLike]: `%${escapeLike(value.trim())}%` } } : nothing;
}

function beginsWith(column: string, value: unknown): WhereOptions {
  return typeof value === 'string' ? { [column]: { [Op.like]: `${escapeLike(value.trim())}%` } } : nothing;
}

/** By id, or by what people know the other row by: orders of a customer's e-mail, prices of a plan's code. */
function refersTo(column: string, to: ResourceId, value: string): WhereOptions {
  if (isUuid(value)) return { [column]: value };
  const target = specs.get(to);
  const title = target?.model.getAttributes()[target.title];
  if (target?.model.sequelize === undefined || title?.field === undefined || target.title === 'id') return nothing;
  const pattern = target.model.sequelize.escape(`%${escapeLike(value)}%`);
  const ids = `SELECT id FROM ${target.id} WHERE ${title.field} ILIKE ${pattern} LIMIT ${maxReferred}`;
  return { [column]: { [Op.in]: literal(`(${ids})`) } };
}

function within(column: string, value: unknown): WhereOptions {
  if (value === 'none') return { [column]: null };
  if (typeof value !== 'object' || value === null) return nothing;
  const { from, to } = value as { from?: unknown; to?: unknown };
  const [start, end] = [toDate(from), toDate(to)];
  if (start === undefined && end === undefined) return nothing;
  return { [column]: { ...(start && { [Op.gte]: start }), ...(end && { [Op.lte]: end }) } };
}

function toDate(value: unknown): Date | undefined {
  if (typeof value !== 'string') return undefined;
  const time = DateTime.fromISO(value, { zone: 'utc' });
  return time.isValid ? time.toJSDate() : undefined;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`);
}
