import { Resource } from '@adminjs/sequelize';
import { BaseRecord, ForbiddenError, type Filter } from 'adminjs';
import { Op, QueryTypes, Utils, type FindOptions, type Model, type ModelStatic, type WhereOptions } from 'sequelize';
import { validate as isUuid } from 'uuid';
import type { Field, ResourceSpec } from '../resources/spec.ts';
import { PanelProperty } from './property.ts';
import { toWhere } from './where.ts';

/** Where a row is identified by two columns, its address in the panel is both of them, and this is the property. */
const rowId = 'rowId';
const separator = '~';

/** Nobody pages further than this; a count stops here too, because counting ten million rows takes a second. */
export const countLimit = 10_000;

interface Page {
  limit?: number;
  offset?: number;
  sort?: { sortBy?: string; direction?: 'asc' | 'desc' };
}

type Row = Record<string, unknown>;

/**
 * A table behind the SQL adapter of AdminJS, which is held back in three ways: it reads the columns that the spec names
 * and no others, it counts no further than anybody pages, and it writes nothing. What staff may change goes through the
 * actions, which call the flows.
 */
export class PanelResource extends Resource {
  readonly spec: ResourceSpec;
  readonly #model: ModelStatic<Model>;
  readonly #key: readonly string[];
  readonly #properties: ReadonlyMap<string, PanelProperty>;

  constructor(spec: ResourceSpec) {
    super(spec.model);
    this.spec = spec;
    this.#model = spec.model;
    this.#key = spec.key ?? ['id'];
    this.#properties = describe(spec, this.#key);
  }

  override databaseName(): string {
    return 'plantain';
  }

  override id(): string {
    return this.spec.id;
  }

  override properties(): PanelProperty[] {
    return [...this.#properties.values()];
  }

  override property(path: string): PanelProperty | null {
    return this.#properties.get(path) ?? null;
  }

  /** Exact up to `countLimit`. */
  override async count(filter: Filter): Promise<number> {
    const { sequelize } = this.#model;
    if (sequelize === undefined) throw new Error(`${this.spec.id} has no connection`);
    const options = { where: toWhere(this.spec, filter), attributes: [...this.#key], limit: countLimit };
    const generator = sequelize.getQueryInterface().queryGenerator as {
      selectQuery(table: unknown, options: FindOptions, model: ModelStatic<Model>): string;
    };
    const mapped = Utils.mapFinderOptions(options, this.#model) as FindOptions;
    const rows = generator.selectQuery(this.#model.getTableName(), mapped, this.#model).replace(/;$/, '');
    const [answer] = await sequelize.query<{ total: number }>(`SELECT count(*) AS total FROM (${rows}) AS capped`, {
      type: QueryTypes.SELECT,
    });
    return answer?.total ?? 0;
  }

  override async find(filter: Filter, { limit = 20, offset = 0, sort = {} }: Page): Promise<BaseRecord[]> {
    const wanted = sort.sortBy !== undefined && this.spec.sortable.includes(sort.sortBy);
    const usual = this.spec.sort;
    const by = wanted ? String(sort.sortBy) : usual.by;
    const direction = (wanted ? sort.direction : undefined) ?? usual.direction;
    const isUsual = by === usual.by && direction === usual.direction;
    return this.#select(toWhere(this.spec, filter), {
      limit: Math.min(Math.max(limit, 1), 500),
      offset: Math.min(Math.max(offset, 0), countLimit),
      order: [
        ...(isUsual && usual.first !== undefined ? [[usual.first, 'ASC'] as [string, string]] : []),
        ...[by, ...this.#key.filter((name) => name !== by)].map((name): [string, string] => [
          name,
          direction.toUpperCase(),
        ]),
      ],
    });
  }

  override async findOne(id: string): Promise<BaseRecord | null> {
    const where = this.#whereId(id);
    if (where === undefined) return null;
    const [record] = await this.#select(where, { limit: 1 });
    return record ?? null;
  }

  override async findMany(ids: (string | number)[]): Promise<BaseRecord[]> {
    const conditions = ids.map((id) => this.#whereId(String(id))).filter((where) => where !== undefined);
    return conditions.length === 0 ? [] : this.#select({ [Op.or]: conditions }, { limit: 500 });
  }

  override create(): Promise<never> {
    return Promise.reject(new ForbiddenError());
  }

  override update(): Promise<never> {
    return Promise.reject(new ForbiddenError());
  }

  override delete(): Promise<never> {
    return Promise.reject(new ForbiddenError());
  }

  /** undefined: no row has such an id. */
  #whereId(id: string): WhereOptions | undefined {
    const values = id.split(separator);
    if (values.length !== this.#key.length || !values.every(isUuid)) return undefined;
    return Object.fromEntries(this.#key.map((name, index) => [name, values[index]]));
  }

  async #select(where: WhereOptions, options: Pick<FindOptions, 'limit' | 'offset' | 'order'>): Promise<BaseRecord[]> {
    const rows = await this.#model.findAll({ attributes: Object.keys(this.spec.fields), where, ...options });
    return rows.map((row) => new BaseRecord(this.#toParams(row.get() as Row), this));
  }

  #toParams(row: Row): Record<string, string | number | boolean | null> {
    const params = Object.fromEntries(
      Object.entries(this.spec.fields).map(([name, field]) => [name, toParam(field, row[name])]),
    );
    if (this.#key.length > 1) params[rowId] = this.#key.map((name) => String(row[name])).join(separator);
    return params;
  }
}

function describe(spec: ResourceSpec, key: readonly string[]): Map<string, PanelProperty> {
  const single = key.length === 1 ? key[0] : undefined;
  const properties = Object.entries(spec.fields).map(([name, field]): [string, PanelProperty] => [
    name,
    new PanelProperty(name, field, {
      isId: name === single,
      isSortable: spec.sortable.includes(name),
      isTitle: name === spec.title,
    }),
  ]);
  if (single === undefined) {
    const field: Field = { kind: 'code' };
    properties.push([rowId, new PanelProperty(rowId, field, { isId: true, isSortable: false, isTitle: false })]);
  }
  return new Map(properties);
}

const asJson: readonly Field['kind'][] = ['counts', 'json', 'localized', 'features', 'prices', 'percents'];

/** Times as ISO text; JSON as text too. */
function toParam(field: Field, value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (asJson.includes(field.kind)) return JSON.stringify(value);
  return value as string | number | boolean;
}
