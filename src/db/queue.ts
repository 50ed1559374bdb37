import { Logger as GraphileLogger, run, runMigrations, type Runner, type TaskList } from 'graphile-worker';
import pg from 'pg';
import { QueryTypes } from 'sequelize';
import type { Logger } from '../kit/logger.ts';
import type { Database, Tx } from './index.ts';

/** What the queue carries: the payload of each task. */
export interface Tasks {
  send_mail: { emailId: string };
  handle_provider_event: { eventRowId: string };
  /** `askedAt`: ISO 8601. */
  run_job: { job: string; askedAt: string };
}

export type TaskHandlers = { [Name in keyof Tasks]: (payload: Tasks[Name]) => Promise<void> };

/**
 * Puts a task into the queue in the caller's transaction: it runs if and only if that commits. A second task with the
 * same `key` takes the place of a waiting first one.
 */
export async function enqueue<Name extends keyof Tasks>(
  db: Database,
  tx: Tx | null,
  task: Name,
  payload: Tasks[Name],
  key: string,
): Promise<void> {
  await db.sequelize.query(
    `SELECT graphile_worker.add_job(:task, :payload::json, job_key => :key, job_key_mode => 'preserve_run_at',
       max_attempts => 12)`,
    { replacements: { task, payload: JSON.stringify(payload), key }, type: QueryTypes.SELECT, transaction: tx },
  );
}

/** Creates or updates the queue's own schema, `graphile_worker`. */
export async function prepareQueue(pool: pg.Pool): Promise<void> {
  await runMigrations({ pgPool: pool, noPreparedStatements: true });
}

/** Waiting and running tasks, those that have given up left out. */
export async function queueDepth(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ depth: number }>(
    'SELECT count(*) AS depth FROM graphile_worker.jobs WHERE attempts < max_attempts',
  );
  return rows[0]?.depth ?? 0;
}

export interface QueueWorker {
  /** Finishes the tasks that are running, and takes no more. */
  stop(): Promise<void>;
}

/**
 * Starts to work the queue off, on connections of its own that wait for the database as long as it takes: graphile-worker
 * ends the process when it cannot say that a task is done. Failed tasks are tried again, later each time.
 */
export async function startQueueWorker(
  { url }: Pick<Database, 'url'>,
  handlers: TaskHandlers,
  { log, concurrency = 4 }: { log: Logger; concurrency?: number },
): Promise<QueueWorker> {
  const taskList: TaskList = Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [name, (payload: unknown) => handle(payload as never)]),
  );
  const pool = new pg.Pool({ connectionString: url, max: concurrency + 2, application_name: 'plantain worker' });
  const ignore = () => undefined;
  pool.on('error', ignore).on('connect', (client) => client.on('error', ignore));
  const runner: Runner = await run({
    pgPool: pool,
    taskList,
    concurrency,
    noHandleSignals: true,
    // New tasks are announced by NOTIFY; polling only finds those whose time has come.
    pollInterval: 2_000,
    logger: quietLogger(log),
  });
  return {
    async stop() {
      try {
        await runner.stop();
      } finally {
        await pool.end();
      }
    },
  };
}

function quietLogger(log: Logger): NonNullable<Parameters<typeof run>[0]['logger']> {
  return new GraphileLogger(() => (level, message) => {
    const severity: string = level;
    if (severity === 'error' || severity === 'warning') log.warn({ queue: level }, message);
    else log.debug(message);
  });
}
