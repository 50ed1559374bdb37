import { Resource } from '@adminjs/sequelize';
import { BaseRecord, ForbiddenError, type Filter } from 'adminjs';
import { Op, type Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize';
import { validate as isUuid } from 'uuid';
import type { Field, ResourceSpec } from '../resources/spec.ts';
import { readBounded } from './bounded-read.ts';
import { countRows, type Total } from './counting.ts';
import { inPlaceOf, sortingOf } from './keyset.ts';
import { readPage, type AskedPage, type Page } from './page.ts';
import { PanelProperty } from './property.ts';
import { toWhere } from './where.ts';

/** Where a row is identified by two columns, its address in the panel is both of them, and this is the property. */
const rowId = 'rowId';
const separator = '~';

interface AskedRows {
  limit?: number;
  sort?: { sortBy?: string; direction?: 'asc' | 'desc' };
}

type Row = Record<string, unknown>;

/**
 * A table behind the SQL adapter of AdminJS, which is held back in three ways: it reads the columns that the spec names
 * and no others, it pages by what the rows hold and not by their number, and it writes nothing. What staff
 * may change goes through the actions, which call the flows.
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

  override async count(filter: Filter): Promise<number> {
    return (await this.countShown(filter)).total;
  }

  countShown(filter: Filter): Promise<Total> {
    return countRows(this.#model, this.#key, toWhere(this.spec, filter));
  }

  /** The first rows: AdminJS pages by numbers, and we do not. */
  override async find(filter: Filter, { limit = 20, sort = {} }: AskedRows): Promise<BaseRecord[]> {
    const { rows } = await this.page(filter, { limit, sorting: sortingOf(this.spec, sort) });
    return rows;
  }

  /**
   * The page of so many rows (500 at most) behind a position, or before it, or at the end of the list; otherwise the
   * first. However deep it lies, it costs what it shows. @throws ValidationFailed for a position of another list
   */
  async page(filter: Filter, asked: AskedPage): Promise<Page<BaseRecord>> {
    const where = toWhere(this.spec, filter);
    const { rows, ...page } = await this.#read((transaction) =>
      readPage(this.spec, this.#key, { where, transaction, ...asked }),
    ).catch((error: unknown) => {
      throw inPlaceOf(error);
    });
    return { ...page, rows: rows.map((row) => new BaseRecord(this.#toParams(row), this)) };
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

  async #select(where: WhereOptions, { limit }: { limit: number }): Promise<BaseRecord[]> {
    const rows = await this.#read((transaction) =>
      this.#model.findAll({ attributes: Object.keys(this.spec.fields), where, limit, transaction }),
    );
    return rows.map((row) => new BaseRecord(this.#toParams(row.get() as Row), this));
  }

  #read<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const { sequelize } = this.#model;
    if (sequelize === undefined) throw new Error(`${this.spec.id} has no connection`);
    return readBounded(sequelize, work);
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
