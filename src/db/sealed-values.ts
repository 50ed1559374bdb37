import type { Sealer } from '../kit/crypto.ts';
import type { Database } from './index.ts';

/** A column of sealed values. */
export interface SealedColumn {
  table: 'payments' | 'provider_events' | 'staff';
  column: string;
  /** A blind index beside it, made of the opened value; null where that has nothing to be found by. */
  index?: { column: string; of: (sealer: Sealer, plain: string) => string | null };
}

export interface SealedValue {
  id: string;
  sealed: string;
  /** null where there is none. */
  index: string | null;
}

/** The sealed values behind the id `after`, in the order of ids, a bounded batch. */
export async function sealedValues(
  { pool }: Pick<Database, 'pool'>,
  { table, column, index }: SealedColumn,
  { after, limit }: { after: string; limit: number },
): Promise<SealedValue[]> {
  const { rows } = await pool.query<SealedValue>(
    `SELECT id, ${column} AS sealed, ${indexOf(index)} FROM ${table} WHERE id > $1 AND ${column} IS NOT NULL ORDER BY id LIMIT $2`,
    [after, limit],
  );
  return rows;
}

/** → what the row holds now; null when it holds nothing, or is gone */
export async function sealedValue(
  { pool }: Pick<Database, 'pool'>,
  { table, column, index }: SealedColumn,
  id: string,
): Promise<SealedValue | null> {
  const { rows } = await pool.query<SealedValue>(
    `SELECT id, ${column} AS sealed, ${indexOf(index)} FROM ${table} WHERE id = $1 AND ${column} IS NOT NULL`,
    [id],
  );
  return rows[0] ?? null;
}

function indexOf(index: SealedColumn['index']): string {
  return `${index?.column ?? 'NULL::text'} AS index`;
}

/**
 * Puts `fresh`, and its index, in the place of `read`, if the row still holds that. One row and one statement, so that it
 * waits for a flow at most and never in a circle. → whether it did
 */
export async function replaceSealed(
  { pool }: Pick<Database, 'pool'>,
  { table, column, index }: SealedColumn,
  { id, read, fresh, freshIndex }: { id: string; read: string; fresh: string; freshIndex: string | null },
): Promise<boolean> {
  const { rowCount } =
    index === undefined
      ? await pool.query(`UPDATE ${table} SET ${column} = $3 WHERE id = $1 AND ${column} = $2`, [id, read, fresh])
      : await pool.query(`UPDATE ${table} SET ${column} = $3, ${index.column} = $4 WHERE id = $1 AND ${column} = $2`, [
          id,
          read,
          fresh,
          freshIndex,
        ]);
  return rowCount === 1;
}
