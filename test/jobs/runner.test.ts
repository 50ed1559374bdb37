import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { runDueJobs, runJob, tickOf } from '../../src/jobs/runner.ts';
import { jobs, type Job } from '../../src/jobs/schedule.ts';
import { call, useApp, type TestApp } from '../support/app.ts';

describe('jobs', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });
  let second: TestApp;

  before(async () => {
    second = await app.another();
  });

  it('run once for a tick, whichever of two processes comes first', async () => {
    let runs = 0;
    const job: Job = {
      name: 'counting',
      every: 'minute',
      run: () => {
        runs += 1;
        return Promise.resolve({ counted: 1 });
      },
    };
    const tick = tickOf(job, app.clock.now());
    const both = await Promise.all([app, second, app, second].map(({ services }) => runJob(services, job, tick)));
    expect(runs).to.equal(1);
    expect(both.filter((counts) => counts !== null)).to.deep.equal([{ counted: 1 }]);
  });

  it('all tick once when two processes tick the same minute', async () => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + 24 * 3600_000));
    second.clock.turnTo(app.clock.now());
    await Promise.all([runDueJobs(app.services), runDueJobs(second.services)]);
    const { rows } = await app.db.pool.query<{ job: string; runs: number; failed: number }>(
      `SELECT job, count(*) AS runs, count(error) AS failed FROM job_runs
       WHERE job <> 'counting' AND scheduled_for > $1 GROUP BY job`,
      [new Date(app.clock.now().getTime() - 24 * 3600_000)],
    );
    expect(rows.map(({ job }) => job).sort()).to.deep.equal(jobs.map(({ name }) => name).sort());
    expect(rows.filter(({ failed }) => failed > 0)).to.deep.equal([]);
    // Two minutes may have touched the run; never two runs of one.
    expect(Math.max(...rows.map(({ runs }) => runs))).to.be.at.most(2);
    const counts = await app.db.pool.query<{ name: string }>(
      `SELECT DISTINCT jsonb_object_keys(counts) AS name FROM job_runs WHERE job <> 'counting'`,
    );
    for (const locale of ['en', 'zh-CN']) {
      const file = new URL(`../../src/admin/locales/${locale}.json`, import.meta.url);
      const { labels } = JSON.parse(readFileSync(file, 'utf8')) as { labels: { counts: Record<string, string> } };
      expect(labels.counts, `in ${locale}`).to.include.keys(...counts.rows.map(({ name }) => name));
    }
  });

  it('say how far they are while they run', async () => {
    const sql = `SELECT status, counts, told_at IS NOT NULL AS told FROM job_runs WHERE job = 'telling'`;
    const look = async () => (await app.db.pool.query(sql)).rows[0] as { counts: object | null };
    let seen: object = {};
    const job: Job = {
      name: 'telling',
      every: 'minute',
      async run(_services, tell) {
        tell({ done: 1 });
        // Within the same second: too soon to be written.
        tell({ done: 2 });
        do seen = await look();
        while ((seen as { counts: object | null }).counts === null);
        return { done: 3 };
      },
    };
    await runJob(app.services, job, tickOf(job, app.clock.now()));
    expect(seen).to.deep.equal({ status: 'running', counts: { done: 1 }, told: true });
    expect(await look()).to.deep.equal({ status: 'completed', counts: { done: 3 }, told: true });
  });

  it('do not keep each other from running when one fails, and the failure is on record', async () => {
    const job: Job = { name: 'failing', every: 'minute', run: () => Promise.reject(new Error('out of order')) };
    expect(await runJob(app.services, job, app.clock.now())).to.equal(null);
    const { rows } = await app.db.pool.query(
      "SELECT error, finished_at IS NOT NULL AS finished FROM job_runs WHERE job = 'failing'",
    );
    expect(rows).to.deep.equal([{ error: 'out of order', finished: true }]);
  });

  it('can be run by hand in the sandbox, which answers with their counts', async () => {
    const answer = await call(app, 'POST', '/sandbox/api/jobs/check-books/run');
    expect(answer.body).to.deep.equal({ books: 19, differences: 0, rows: 0 });
    const unknown = await call(app, 'POST', '/sandbox/api/jobs/dance/run');
    expect(unknown.body).to.include({ status: 404, code: 'not_found' });
  });
});
