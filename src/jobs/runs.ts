import { Op } from 'sequelize';
import { newId } from '../kit/ids.ts';
import { JobRun } from './job-run.model.ts';

export type { JobRun } from './job-run.model.ts';

/** Claims a tick of a job. → the run, or null when another process has it */
export async function claimRun(job: string, scheduledFor: Date, now: Date): Promise<JobRun | null> {
  const id = newId();
  await JobRun.bulkCreate([{ id, job, scheduledFor, startedAt: now }], { ignoreDuplicates: true });
  return JobRun.findByPk(id);
}

export async function finishRun(run: JobRun, result: { counts: Record<string, number> }, now: Date): Promise<void> {
  await run.update({ finishedAt: now, counts: result.counts });
}

export async function failRun(run: JobRun, error: string, now: Date): Promise<void> {
  await run.update({ finishedAt: now, error });
}

const keptMs = 30 * 24 * 3600 * 1000;

/** → how many runs were forgotten */
export async function deleteOldRuns(now: Date): Promise<number> {
  return JobRun.destroy({ where: { startedAt: { [Op.lt]: new Date(now.getTime() - keptMs) } } });
}
