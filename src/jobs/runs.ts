import { Op } from 'sequelize';
import type { Database } from '../db/index.ts';
import { newId } from '../kit/ids.ts';
import { JobRun } from './job-run.model.ts';

/** Claims a tick of a job. → the run's id, or null when another process has it */
export async function claimRun({ pool }: Database, job: string, scheduledFor: Date, now: Date): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO job_runs (id, job, scheduled_for, started_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (job, scheduled_for) DO NOTHING RETURNING id`,
    [newId(), job, scheduledFor, now],
  );
  return rows[0]?.id ?? null;
}

/** What a run has done so far; nothing once it is finished. */
export async function updateCounts(
  { pool }: Database,
  id: string,
  counts: Record<string, number>,
  now: Date,
): Promise<void> {
  const sql = 'UPDATE job_runs SET counts = $2, told_at = $3 WHERE id = $1 AND finished_at IS NULL';
  await pool.query(sql, [id, counts, now]);
}

export async function finishRun(
  id: string,
  result: { counts: Record<string, number> } | { error: string },
  now: Date,
): Promise<void> {
  await JobRun.update({ finishedAt: now, ...result }, { where: { id } });
}

const keptMs = 30 * 24 * 3600 * 1000;

/** → how many runs were forgotten */
export async function deleteOldRuns(now: Date): Promise<number> {
  return JobRun.destroy({ where: { startedAt: { [Op.lt]: new Date(now.getTime() - keptMs) } } });
}
