import type { Database } from './index.ts';

/** Every column that holds sealed values. */
export const sealedColumns = [
  { table: 'payments', column: 'payer_sealed' },
  { table: 'provider_events', column: 'body_sealed' },
  { table: 'staff', column: 'totp_sealed' },
] as const;
export type SealedColumn = (typeof sealedColumns)[number];

export interface SealedValue {
  id: string;
  sealed: string;
}

/** The sealed values behind the id `after`, in the order of ids, a bounded batch. */
export async function sealedValues(
  { pool }: Pick<Database, 'pool'>,
  { table, column }: SealedColumn,
  { after, limit }: { after: string; limit: number },
): Promise<SealedValue[]> {
  const { rows } = await pool.query<SealedValue>(
    `SELECT id, ${column} AS sealed FROM ${table} WHERE id > $1 AND ${column} IS NOT NULL ORDER BY id LIMIT $2`,
    [after, limit],
  );
  return rows;
}

/** → what the row holds now; null when it holds nothing */
export async function sealedValue(
  { pool }: Pick<Database, 'pool'>,
  { table, column }: SealedColumn,
  id: string,
): Promise<string | null> {
  const { rows } = await pool.query<{ sealed: string | null }>(
    `SELECT ${column} AS sealed FROM ${table} WHERE id = $1`,
    [id],
  );
  return rows[0]?.sealed ?? null;
}

/**
 * Puts `fresh` in the place of `read`, if the row still holds that. One row and one statement, so that it waits for a
 * flow at most and never in a circle. → whether it did
 */
export async function replaceSealed(
  { pool }: Pick<Database, 'pool'>,
  { table, column }: SealedColumn,
  { id, read, fresh }: { id: string; read: string; fresh: string },
): Promise<boolean> {
  const { rowCount } = await pool.query(`UPDATE ${table} SET ${column} = $3 WHERE id = $1 AND ${column} = $2`, [
    id, read, fresh,
  ]); // prettier-ignore
  return rowCount === 1;
}
