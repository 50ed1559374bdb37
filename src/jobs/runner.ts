import { schedule, type ScheduledTask } from 'node-cron';
import type { Services } from '../billing/services.ts';
import { stopwatch } from '../kit/clock.ts';
import { NotFound } from '../kit/errors.ts';
import { describeError } from '../kit/logger.ts';
import { followProgress } from './progress.ts';
import { claimRun, finishRun } from './runs.ts';
import { jobs, type Job } from './schedule.ts';

const minuteMs = 60_000;
const intervalMs = { minute: minuteMs, 'ten minutes': 10 * minuteMs, hour: 60 * minuteMs, day: 24 * 60 * minuteMs };

/** The tick of this job that `now` belongs to: every process, and every run of one, names it alike. */
export function tickOf({ every }: Pick<Job, 'every'>, now: Date): Date {
  const interval = intervalMs[every];
  return new Date(Math.floor(now.getTime() / interval) * interval);
}

/** Runs each job whose tick has come and that no process has run for it. A job that fails does not keep the next. */
export async function runDueJobs(services: Services): Promise<void> {
  for (const job of jobs) await runJob(services, job, tickOf(job, services.clock.now()));
}

/** Runs a job for a tick, once whoever asks. → its counts, or null when the tick was taken or the job failed */
export async function runJob(services: Services, job: Job, scheduledFor: Date): Promise<Record<string, number> | null> {
  const { db, clock, log, metrics } = services;
  const run = await claimRun(db, job.name, scheduledFor, clock.now());
  if (run === null) return null;
  const elapsedMs = stopwatch();
  const progress = followProgress(services, { run, job: job.name });
  try {
    const counts = await job.run(services, progress.tell);
    await progress.end();
    await finishRun(run, { counts }, clock.now());
    metrics.jobRuns.inc({ job: job.name, outcome: 'done' });
    log.debug({ job: job.name, ...counts }, 'job done');
    return counts;
  } catch (error) {
    await progress.end();
    await finishRun(run, { error: String(describeError(error).message) }, clock.now());
    metrics.jobRuns.inc({ job: job.name, outcome: 'failed' });
    log.error({ err: error, job: job.name }, 'a job failed');
    return null;
  } finally {
    metrics.jobDuration.observe({ job: job.name }, elapsedMs() / 1000);
  }
}

/** Runs a job now, whatever its schedule. @throws NotFound, and what the job throws */
export async function runJobNow(services: Services, name: string): Promise<Record<string, number>> {
  const job = jobs.find((known) => known.name === name);
  if (job === undefined)
    throw new NotFound(`There is no job ${name}. There are: ${jobs.map((one) => one.name).join(', ')}.`);
  let failure: unknown = null;
  const attempt: Job = {
    ...job,
    run: (given, tell) =>
      job.run(given, tell).catch((error: unknown) => {
        failure = error;
        throw error;
      }),
  };
  const counts = await runJob(services, attempt, services.clock.now());
  if (failure !== null) throw failure as Error;
  return counts ?? {};
}

/** Runs a job that somebody asked for, once for the asking, however often the task comes, and never beside another such run. */
export async function runAskedJob(services: Services, name: string, askedAt: Date): Promise<void> {
  const job = jobs.find((known) => known.name === name);
  if (job === undefined) {
    services.log.warn({ job: name }, 'somebody asked for a job that there is not any more');
    return;
  }
  await services.db.exclusively(`job:${name}`, () => runJob(services, job, askedAt));
}

export interface Cron {
  /** Lets the tick that is running end, and starts no more. */
  stop(): Promise<void>;
}

/** node-cron says when to look; the clock says what is due. */
export function startCron(services: Services): Cron {
  let running: Promise<void> = Promise.resolve();
  let isBusy = false;
  const task: ScheduledTask = schedule('* * * * *', () => {
    if (isBusy) return;
    isBusy = true;
    running = runDueJobs(services)
      .catch((error: unknown) => {
        services.log.error({ err: error }, 'the jobs could not be started');
      })
      .finally(() => {
        isBusy = false;
      });
  });
  return {
    async stop() {
      await task.destroy();
      await running;
    },
  };
}
