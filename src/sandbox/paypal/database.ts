import type { Pool, PoolClient } from 'pg';

/** Either the pool or a transaction. */
export type Queryable = Pick<Pool, 'query'> | PoolClient;

/** Commits when `work` returns, rolls back when it throws. */
export async function inTransaction<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
