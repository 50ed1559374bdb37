import { expect } from 'chai';
import {
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import type { EmbeddedPostgres } from '../../src/db/embedded.ts';
import { isAlive } from '../../src/kit/processes.ts';
import { processesNaming, runProgram, temporaryDataDir } from '../support/start.ts';

const isRoot = process.getuid?.() === 0;
const program = 'test/support/embedded-program.ts';

async function ask<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function refusal(dataDir: string): Promise<string> {
  const outcome: EmbeddedPostgres | Error = await startEmbeddedPostgres({ dataDir }).catch(
    (error: unknown) => error as Error,
  );
  if (outcome instanceof Error) return `${outcome.name}: ${outcome.message}`;
  await outcome.stop();
  return 'it started';
}

async function started(dataDir: string): Promise<{ url: string; pid: number; program: ReturnType<typeof runProgram> }> {
  const running = runProgram(program, [dataDir]);
  const [line] = await running.says(/\{.*\}/);
  return { ...(JSON.parse(line) as { url: string; pid: number }), program: running };
}

describe('the embedded database', function () {
  this.timeout(60_000);
  let place: ReturnType<typeof temporaryDataDir>;
  beforeEach(() => {
    place = temporaryDataDir();
  });
  afterEach(() => {
    place.remove();
  });

  it('runs below a directory that only its owner can enter, and keeps its data', async () => {
    const first = await startEmbeddedPostgres({ dataDir: place.dataDir });
    expect(first.created).to.equal(true);
    await ask(first.url, "CREATE TABLE kept AS SELECT 'kept' AS word");
    await first.stop();

    const second = await startEmbeddedPostgres({ dataDir: place.dataDir });
    expect(second.created).to.equal(false);
    expect(await ask(second.url, 'SELECT word FROM kept')).to.deep.equal([{ word: 'kept' }]);
    await second.stop();
  });

  it('is as safe as PostgreSQL ships, in UTC, Unicode and behind a password', async () => {
    const server = await startEmbeddedPostgres({ dataDir: place.dataDir });
    const { url } = server;
    const show = async (name: string) =>
      Object.values((await ask<Record<string, string>>(url, `SHOW ${name}`))[0] ?? {})[0];
    expect(await show('fsync')).to.equal('on');
    expect(await show('synchronous_commit')).to.equal('on');
    expect(await show('full_page_writes')).to.equal('on');
    expect(await show('data_checksums')).to.equal('on');
    expect(await show('TimeZone')).to.equal('UTC');
    expect(await show('server_encoding')).to.equal('UTF8');
    expect(await show('listen_addresses')).to.equal('127.0.0.1');
    expect(await show('unix_socket_directories')).to.equal('');
    expect(await ask(url, "SELECT lower('ÄÉ') AS lower")).to.deep.equal([{ lower: 'äé' }]);

    const wrong = new URL(url);
    wrong.password = 'guessed';
    const error = await ask(wrong.href, 'SELECT 1').catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.contain('password authentication failed');
    await server.stop();
  });

  it('leaves no process and no lock behind when it is stopped, also twice', async () => {
    const server = await startEmbeddedPostgres({ dataDir: place.dataDir });
    const data = realpathSync(path.join(place.dataDir, 'postgres'));
    expect(processesNaming(data)).to.have.length(1);
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid)).to.equal(false);
    expect(processesNaming(data)).to.deep.equal([]);
    expect(readdirSync(place.dataDir)).to.deep.equal(['postgres']);
  });

  it('starts anew when its directory was removed', async () => {
    const first = await startEmbeddedPostgres({ dataDir: place.dataDir });
    await first.stop();
    const old = realpathSync(path.join(place.dataDir, 'postgres'));
    rmSync(place.dataDir, { recursive: true });
    const second = await startEmbeddedPostgres({ dataDir: place.dataDir });
    expect(second.created).to.equal(true);
    await second.stop();
    rmSync(old, { recursive: true, force: true });
  });

  it('keeps the data in the data directory where the server’s user can enter it', async () => {
    const open = temporaryDataDir({ open: true });
    try {
      const server = await startEmbeddedPostgres({ dataDir: open.dataDir });
      const cluster = path.join(open.dataDir, 'postgres');
      expect(lstatSync(cluster).isSymbolicLink()).to.equal(false);
      expect(statSync(cluster).mode & 0o777).to.equal(0o700);
      expect(statSync(path.join(cluster, 'password')).mode & 0o777).to.equal(0o600);
      if (isRoot) expect(statSync(cluster).uid).not.to.equal(0);
      await server.stop();
    } finally {
      open.remove();
    }
  });

  it('refuses a second process on the same data', async () => {
    const { program: running } = await started(place.dataDir);
    const second = runProgram(program, [place.dataDir]);
    expect(await second.ended).to.equal(1);
    expect(second.stderr()).to.equal(
      `Plantain is running on ${place.dataDir} already (process ${running.pid}); stop it first, or set DATA_DIR to another directory.\n`,
    );
    running.child.kill('SIGTERM');
    expect(await running.ended).to.equal(0);
  });

  it('takes over after its process was killed, with everything that was committed', async () => {
    const { program: killed, url, pid } = await started(place.dataDir);
    await ask(url, 'CREATE TABLE committed ()');
    killed.child.kill('SIGKILL');
    expect(await killed.ended).to.equal('SIGKILL');
    expect(isAlive(pid)).to.equal(true);

    const server = await startEmbeddedPostgres({ dataDir: place.dataDir });
    expect(isAlive(pid)).to.equal(false);
    expect(await ask(server.url, "SELECT to_regclass('committed')::text AS name")).to.deep.equal([
      { name: 'committed' },
    ]);
    await server.stop();
  });

  it('recovers after process and server were killed together', async () => {
    const { program: killed, url, pid } = await started(place.dataDir);
    await ask(url, 'CREATE TABLE committed ()');
    killed.child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await killed.ended;

    const server = await startEmbeddedPostgres({ dataDir: place.dataDir });
    expect(await ask(server.url, "SELECT to_regclass('committed')::text AS name")).to.deep.equal([
      { name: 'committed' },
    ]);
    await server.stop();
  });

  it('ignores a pid that was given to another program since', async () => {
    const server = await startEmbeddedPostgres({ dataDir: place.dataDir });
    const pidFile = path.join(place.dataDir, 'postgres/data/postmaster.pid');
    const left = readFileSync(pidFile, 'utf8').split('\n').with(0, String(process.ppid)).join('\n');
    await server.stop();
    writeFileSync(pidFile, left);
    writeFileSync(
      path.join(place.dataDir, 'instance.lock'),
      JSON.stringify({ pid: process.ppid, started: 'long ago', host: (await import('node:os')).hostname() }),
    );

    const again = await startEmbeddedPostgres({ dataDir: place.dataDir });
    expect(again.created).to.equal(false);
    await again.stop();
  });

  it('names the lock that nobody can resolve', async () => {
    await (await startEmbeddedPostgres({ dataDir: place.dataDir })).stop();
    const lock = path.join(place.dataDir, 'instance.lock');
    writeFileSync(lock, JSON.stringify({ pid: 1, started: null, host: 'another-machine' }));
    expect(await refusal(place.dataDir)).to.equal(
      `ExpectedFailure: Nobody can tell whether another Plantain uses this data: ${lock} is there and it was made on another machine, another-machine; remove it if none does.`,
    );
    writeFileSync(lock, 'not json');
    expect(await refusal(place.dataDir)).to.contain('its content makes no sense');
    expect(existsSync(lock)).to.equal(true);
  });

  it('says so when its data are gone', async () => {
    await (await startEmbeddedPostgres({ dataDir: place.dataDir })).stop();
    const link = path.join(place.dataDir, 'postgres');
    if (!lstatSync(link).isSymbolicLink()) return;
    rmSync(realpathSync(link), { recursive: true });
    expect(await refusal(place.dataDir)).to.match(/^ExpectedFailure: The database is gone: .* is a link to nothing/);
    rmSync(link);
  });

  it('hands on PostgreSQL’s own words when the data are broken', async () => {
    await (await startEmbeddedPostgres({ dataDir: place.dataDir })).stop();
    writeFileSync(path.join(place.dataDir, 'postgres/data/PG_VERSION'), '9.6\n');
    expect(await refusal(place.dataDir)).to.match(
      /^ExpectedFailure: The embedded PostgreSQL did not start: .*(incompatible|version)/,
    );
    expect(readdirSync(place.dataDir)).to.deep.equal(['postgres']);
  });
});
