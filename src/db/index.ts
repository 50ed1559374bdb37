import pg from 'pg';
import { QueryTypes, Sequelize, type Transaction } from 'sequelize';
import { initModels } from './models.ts';

/** int8 holds money and credits. Both stay below 2^53, and a value that does not is an error, never rounded. */
function parseBigInt(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`too large a number from the database: ${text}`);
  return value;
}
pg.types.setTypeParser(pg.types.builtins.INT8, parseBigInt);
// sum() over bigint answers numeric.
pg.types.setTypeParser(pg.types.builtins.NUMERIC, parseBigInt);

/** A transaction; it knows its connection, which Sequelize's own type does not say. */
export type Tx = Transaction & { readonly sequelize: Sequelize };

/** Runs SQL with `:name` replacements in the transaction and answers with its rows. */
export async function select<Row extends object>(
  tx: Tx,
  sql: string,
  replacements: Record<string, unknown> = {},
): Promise<Row[]> {
  return tx.sequelize.query<Row>(sql, { replacements, type: QueryTypes.SELECT, transaction: tx });
}

/** Runs SQL with `$1` … in the transaction, the values beside it: what is large, or made of arrays. → its rows */
export async function query<Row extends object>(tx: Tx, sql: string, values: readonly unknown[]): Promise<Row[]> {
  return tx.sequelize.query<Row>(sql, { bind: [...values], type: QueryTypes.SELECT, transaction: tx });
}

/** Of a statement that always answers with one row. */
export function onlyRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('a statement gave no answer');
  return row;
}

/** The database as domains and flows see it. */
export interface Database {
  readonly sequelize: Sequelize;
  /** For the hot path, the queue and the sandbox: plain `pg`, named statements. */
  readonly pool: pg.Pool;
  /** A few connections for what must never queue behind a statement that waits for a lock. */
  readonly reserved: pg.Pool;
  readonly url: string;
  /**
   * Runs `work` in one READ COMMITTED transaction: committed when it returns, rolled back when it throws. Inside `outer`
   * it is a savepoint: when it throws, it alone is undone.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, outer?: Tx): Promise<T>;
  /**
   * Runs `work` while no other process runs any under the same name. It holds a connection of a pool of its own, and no
   * transaction: this is for calls to the outside that must not happen twice at once.
   */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Nor does a statement of the plain pool wait longer for a lock: it would keep its connection from the others. */
const lockTimeoutMs = 10_000;

/** A server that does not answer is an error after this long, not a request that hangs. */
const patience = { connectionTimeoutMillis: 10_000, keepAlive: true };

export interface DatabaseOptions {
  url: string;
  /** Connections of Sequelize's pool; the plain pool has as many. */
  poolSize?: number;
}

/** Opens the pools and binds the models. Connections are made when they are first needed. */
export function connectDatabase({ url, poolSize = 10 }: DatabaseOptions): Database {
  const sequelize = new Sequelize(url, {
    dialect: 'postgres',
    logging: false,
    pool: { max: poolSize, acquire: 20_000 },
    define: { timestamps: false, underscored: true },
    dialectOptions: { application_name: 'plantain', ...patience },
  });
  initModels(sequelize);
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    application_name: 'plantain',
    lock_timeout: lockTimeoutMs,
    ...patience,
  });
  const reserved = new pg.Pool({ connectionString: url, max: 2, application_name: 'plantain', ...patience });
  const locks = new pg.Pool({ connectionString: url, max: poolSize, application_name: 'plantain locks' });
  const turns = new Map<string, Promise<unknown>>();
  // An idle connection that the server ends must not end the process; the next query opens a new one.
  for (const each of [pool, reserved, locks]) {
    each.on('error', () => undefined);
    each.on('connect', (client) => client.on('error', () => undefined));
  }
  return {
    sequelize,
    pool,
    reserved,
    url,
    transaction: (work, outer) => sequelize.transaction({ transaction: outer ?? null }, (tx) => work(tx as Tx)),
    exclusively: (name, work) => inTurn(turns, name, () => withAdvisoryLock(locks, name, work)),
    async close() {
      await Promise.all([sequelize.close(), pool.end(), reserved.end(), locks.end()]);
    },
  };
}

/** Callers of one process wait for each other here, not on a connection each: a name that many want leaves some for others. */
function inTurn<T>(turns: Map<string, Promise<unknown>>, name: string, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(name) ?? Promise.resolve()).then(work);
  const ended = mine
    .catch(() => undefined)
    .then(() => {
      if (turns.get(name) === ended) turns.delete(name);
    });
  turns.set(name, ended);
  return mine;
}

async function withAdvisoryLock<T>(locks: pg.Pool, name: string, work: () => Promise<T>): Promise<T> {
  const client = await locks.connect();
  let broken = false;
  try {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
    try {
      return await work();
    } finally {
      // A connection that cannot unlock is thrown away, and the lock goes with it.
      await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(() => {
        broken = true;
      });
    }
  } finally {
    client.release(broken);
  }
}
