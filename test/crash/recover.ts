import { queueDepth } from '../../src/db/queue.ts';
import { runDueJobs } from '../../src/jobs/runner.ts';
import { startWorker } from '../../src/jobs/worker.ts';
import { eventually, type TestApp } from '../support/app.ts';

/** More than a day, by which every order that nobody pays has run out, and each day's jobs have looked again. */
const patienceMinutes = 24 * 60;

/** What a system does by itself after a restart: its jobs, as time goes by, and then what is in the queue. */
export async function recover(app: TestApp): Promise<void> {
  const { clock, services, db, simulator } = app;
  for (let minutes = 3; minutes < patienceMinutes; minutes *= 2) {
    clock.turnTo(new Date(clock.now().getTime() + minutes * 60_000));
    // Who has a mail to himself has it by the machine's time, two minutes of it, which no clock can turn.
    await db.pool.query(`UPDATE emails SET claimed_until = now() - interval '1 second' WHERE status = 'pending'`);
    await runDueJobs(services);
    await simulator.idle();
  }
  const worker = await startWorker(services);
  await eventually(async () => ((await queueDepth(db.pool)) === 0 ? true : undefined), 30_000);
  await worker.stop();
}

/** What has no end yet, in words; none when the system has come to rest. */
export async function unfinished({ db }: TestApp): Promise<string[]> {
  const { rows } = await db.pool.query<{ what: string }>(
    `SELECT 'order ' || id || ' is ' || status AS what FROM orders WHERE status IN ('pending', 'processing')
     UNION ALL SELECT 'refund ' || id || ' is ' || status FROM refunds WHERE status <> 'completed'
     UNION ALL SELECT 'webhook ' || type || ': ' || coalesce(error, 'untouched') FROM provider_events
       WHERE handled_at IS NULL
     UNION ALL SELECT 'mail ' || template || ' is ' || status FROM emails WHERE status <> 'sent'
     UNION ALL SELECT 'incident ' || kind || ': ' || summary FROM incidents WHERE status = 'open' AND kind <> 'late_payment'
     UNION ALL SELECT 'a lock is held' FROM pg_locks JOIN pg_database ON pg_database.oid = database
       WHERE locktype = 'advisory' AND datname = current_database()`,
  );
  return rows.map(({ what }) => what);
}
