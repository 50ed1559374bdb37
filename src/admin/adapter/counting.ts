import { QueryTypes, Utils, type FindOptions, type Model, type ModelStatic, type WhereOptions } from 'sequelize';
import { readBounded, TooSlow } from './bounded-read.ts';

/** Up to here a count is exact. Counting ten million rows takes a second, and nobody reads the last digits. */
export const exactUpTo = 10_000;

/** The number stands below the list; nobody waits long for it. */
const countTimeoutMs = 400;

export interface Total {
  total: number;
  /** Otherwise it is what the planner expects. */
  isExact: boolean;
}

/** How many rows there are, exactly where they are few. */
export async function countRows(
  model: ModelStatic<Model>,
  key: readonly string[],
  where: WhereOptions,
): Promise<Total> {
  const { sequelize } = model;
  if (sequelize === undefined) throw new Error(`${model.name} has no connection`);
  const ask = <Row extends object>(sql: string, timeoutMs?: number) =>
    readBounded(
      sequelize,
      (transaction) => sequelize.query<Row>(sql, { type: QueryTypes.SELECT, transaction }),
      timeoutMs,
    );
  const rows = selectOf(model, { where, attributes: [...key] });
  try {
    const capped = `SELECT count(*) AS total FROM (${rows} LIMIT ${exactUpTo + 1}) AS capped`;
    const [answer] = await ask<{ total: number }>(capped, countTimeoutMs);
    if (answer !== undefined && answer.total <= exactUpTo) return { total: answer.total, isExact: true };
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
  }
  const [plan] = await ask<{ 'QUERY PLAN': { Plan: { 'Plan Rows': number } }[] }>(`EXPLAIN (FORMAT JSON) ${rows}`);
  const expected = plan?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
  return { total: expected, isExact: false };
}

/** The statement that `findAll` would send. */
function selectOf(model: ModelStatic<Model>, options: { where: WhereOptions; attributes: string[] }): string {
  const generator = model.sequelize?.getQueryInterface().queryGenerator as {
    selectQuery(table: unknown, options: FindOptions, model: ModelStatic<Model>): string;
  };
  const mapped = Utils.mapFinderOptions(options, model) as FindOptions;
  return generator.selectQuery(model.getTableName(), mapped, model).replace(/;$/, '');
}
