import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { isAlive } from '../../src/kit/processes.ts';
import { createTestDatabase } from '../support/database.ts';
import { freePort } from '../support/ports.ts';
import { copyDataDir, processesNaming, projectRoot, runProgram, temporaryDataDir } from '../support/start.ts';
import type { Program } from '../support/start.ts';

const ready = /Pages +(http:\/\/127\.0\.0\.1:\d+)/;

interface Kept {
  staff: { email: string; password: string };
  customer: { email: string; password: string };
  apiKey: string;
  secrets: Record<string, string>;
  databaseUrl: string;
}

describe('npm start', function () {
  this.timeout(90_000);
  const model = temporaryDataDir({ open: true });
  let place: ReturnType<typeof temporaryDataDir>;
  before(async () => {
    const program = runProgram('src/main.ts', [], { DATA_DIR: model.dataDir, PORT: '0' });
    await program.says(ready);
    program.child.kill('SIGTERM');
    await program.ended;
  });
  beforeEach(() => {
    place = temporaryDataDir();
  });
  afterEach(() => {
    place.remove();
  });
  after(() => {
    model.remove();
  });

  const start = (env: NodeJS.ProcessEnv = {}) =>
    runProgram('src/main.ts', [], { DATA_DIR: place.dataDir, PORT: '0', ...env });
  /** On data that an earlier start has made. */
  const startAgain = () => {
    copyDataDir(model.dataDir, place.dataDir);
    return start();
  };
  const kept = () => JSON.parse(readFileSync(path.join(place.dataDir, 'credentials.json'), 'utf8')) as Kept;
  const postmaster = () =>
    Number(readFileSync(path.join(place.dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
  const urlOf = async (program: Program) => (await program.says(ready))[1] ?? '';
  const signIn = async (url: string) => {
    const { customer } = kept();
    const answer = await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(customer),
    });
    return answer.status;
  };

  it('needs no configuration, works below a closed directory, and keeps its data', async () => {
    const first = start();
    const url = await urlOf(first);
    for (const page of [
      '/',
      '/login',
      '/admin/login',
      '/sandbox',
      '/healthz',
      '/readyz',
      '/metrics',
      '/api/v1/plans',
    ]) {
      expect((await fetch(`${url}${page}`)).status, page).to.equal(200);
    }
    const before = kept();
    expect(statSync(path.join(place.dataDir, 'credentials.json')).mode & 0o777).to.equal(0o600);
    expect(await signIn(url)).to.equal(200);
    const balance = await fetch(`${url}/api/v1/plans`, { headers: { authorization: `Bearer ${before.apiKey}` } });
    expect(balance.status).to.equal(200);
    expect(first.stdout()).not.to.contain(before.customer.password).and.not.contain(before.apiKey);

    first.child.kill('SIGTERM');
    expect(await first.ended).to.equal(0);
    expect(first.stderr()).to.equal('');
    expect(processesNaming(place.dataDir)).to.deep.equal([]);

    const second = start();
    const again = await urlOf(second);
    expect(await signIn(again)).to.equal(200);
    const { databaseUrl: firstPort, ...first_ } = before;
    const { databaseUrl: secondPort, ...second_ } = kept();
    expect(second_).to.deep.equal(first_);
    expect([firstPort, secondPort].join()).to.match(/^postgres:.*,postgres:/);
    second.child.kill('SIGTERM');
    expect(await second.ended).to.equal(0);
  });

  it('is ended by Ctrl-C, which every process of the terminal hears, and leaves none behind', async () => {
    const program = startAgain();
    await urlOf(program);
    const server = postmaster();
    expect(isAlive(server)).to.equal(true);
    process.kill(-program.pid, 'SIGINT');
    expect(await program.ended).to.equal(0);
    expect(isAlive(server)).to.equal(false);
    expect(processesNaming(realpathSync(path.join(place.dataDir, 'postgres')))).to.deep.equal([]);
  });

  it('stops in order when npm, which started it, is told to stop', async () => {
    const npm = spawn('npm', ['start'], {
      cwd: projectRoot,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: place.dataDir, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let said = '';
    for await (const chunk of npm.stdout) {
      said += String(chunk);
      if (!ready.test(said)) continue;
      const ended = once(npm, 'exit');
      const server = postmaster();
      npm.kill('SIGTERM');
      await ended;
      expect(isAlive(server)).to.equal(false);
      return;
    }
    expect.fail(`it did not start: ${said}`);
  });

  it('can be interrupted while it starts', async () => {
    const program = start();
    await program.says(/Making the database/);
    process.kill(-program.pid, 'SIGINT');
    expect(await program.ended).to.equal(0);
    expect(program.stdout()).not.to.contain('is ready');
    expect(processesNaming(realpathSync(path.join(place.dataDir, 'postgres')))).to.deep.equal([]);

    const second = start();
    await urlOf(second);
    second.child.kill('SIGTERM');
    expect(await second.ended).to.equal(0);
  });

  it('finishes a request that has begun before it ends', async () => {
    const program = startAgain();
    const url = await urlOf(program);
    const { customer } = kept();
    // bcrypt takes its time, so that this request is under way when the signal comes.
    const answer = fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(customer),
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    program.child.kill('SIGTERM');
    expect((await answer).status).to.equal(200);
    expect(await program.ended).to.equal(0);
  });

  it('starts again after it was killed, as if nothing had happened', async () => {
    const killed = startAgain();
    await urlOf(killed);
    const orphan = postmaster();
    killed.child.kill('SIGKILL');
    await killed.ended;

    const again = start();
    expect(await signIn(await urlOf(again))).to.equal(200);
    expect(isAlive(orphan)).to.equal(false);
    again.child.kill('SIGTERM');
    expect(await again.ended).to.equal(0);
  });

  it('ends with one sentence when its database is taken away', async () => {
    const program = startAgain();
    await urlOf(program);
    process.kill(postmaster(), 'SIGKILL');
    expect(await program.ended).to.equal(1);
    expect(program.stderr()).to.match(/^The embedded database has ended; see \S+server\.log\.\n/);
  });

  const failures: Record<string, { env?: NodeJS.ProcessEnv; says: RegExp }> = {
    'a setting that makes no sense': {
      env: { PORT: 'eighty' },
      says: /^Plantain cannot start: PORT .*\.\n$/,
    },
    'several of them, named at once': {
      env: { PORT: '99999', RATE_LIMITS: 'maybe', DATABASE_URL: 'mysql://x', SESSION_SECRET: 'short' },
      says: /^Plantain cannot start: 4 settings are missing or wrong\.\n {2}PORT .*\n {2}DATABASE_URL .*\n {2}SESSION_SECRET .*\n {2}RATE_LIMITS .*\n$/,
    },
    'a database that is not there': {
      env: { DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:9/nothing' },
      says: /^The database at 127\.0\.0\.1:9 cannot be reached \(ECONNREFUSED\); start it, or correct DATABASE_URL\.\n$/,
    },
    'production without anything': {
      env: { NODE_ENV: 'production' },
      says: /^Plantain cannot start: \d+ settings are missing or wrong\.\n( {2}[A-Z_]+ .*\n)+$/,
    },
  };
  for (const [name, { env, says }] of Object.entries(failures)) {
    it(`says in a sentence what is wrong: ${name}`, async () => {
      const program = start(env);
      expect(await program.ended).to.equal(1);
      expect(program.stderr()).to.match(says);
      expect(program.stderr()).not.to.contain('    at ').and.not.contain('secret@');
    });
  }

  it('names every default that production refuses', async () => {
    const program = start({ NODE_ENV: 'production', RATE_LIMITS: 'off', PUBLIC_URL: 'http://plain.example' });
    expect(await program.ended).to.equal(1);
    for (const name of [
      ...['DATABASE_URL', 'REDIS_URL', 'PAYPAL_CLIENT_ID', 'PAYPAL_CLIENT_SECRET', 'PAYPAL_WEBHOOK_ID', 'SMTP_URL'],
      ...['SESSION_SECRET', 'JWT_SECRET', 'DATA_ENCRYPTION_KEY', 'PAYPAL_ENVIRONMENT', 'MAIL_FROM', 'RATE_LIMITS'],
      'PUBLIC_URL must be https',
    ]) {
      expect(program.stderr()).to.contain(`  ${name}`);
    }
    expect(program.stdout()).to.equal('');
  });

  it('says which port is taken, before it makes anything', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const program = start({ PORT: String(port) });
    expect(await program.ended).to.equal(1);
    expect(program.stderr()).to.equal(
      `Port ${port} on 127.0.0.1 is taken; stop what uses it, or set PORT to another one.\n`,
    );
    expect(() => statSync(place.dataDir)).to.throw('ENOENT');
    other.close();
  });

  it('does not start twice on the same data', async () => {
    const first = startAgain();
    await urlOf(first);
    const second = start();
    expect(await second.ended).to.equal(1);
    expect(second.stderr()).to.equal(
      `Plantain is running on ${place.dataDir} already (process ${first.pid}); stop it first, or set DATA_DIR to another directory.\n`,
    );
    first.child.kill('SIGTERM');
    expect(await first.ended).to.equal(0);
  });

  it('says so when nobody can tell whether the data are in use', async () => {
    const first = startAgain();
    await urlOf(first);
    first.child.kill('SIGTERM');
    await first.ended;
    writeFileSync(path.join(place.dataDir, 'instance.lock'), '{"pid":1,"started":null,"host":"elsewhere"}');
    const second = start();
    expect(await second.ended).to.equal(1);
    expect(second.stderr()).to.match(/^Nobody can tell whether another Plantain uses this data: .*\n$/);
  });

  it('replaces the database alone when it is told of another', async () => {
    const database = await createTestDatabase();
    try {
      const port = String(await freePort());
      const program = start({ DATABASE_URL: database.url, PORT: port });
      expect(await signIn(await urlOf(program))).to.equal(200);
      expect(() => statSync(path.join(place.dataDir, 'postgres'))).to.throw('ENOENT');
      program.child.kill('SIGTERM');
      expect(await program.ended).to.equal(0);
    } finally {
      await database.drop();
    }
  });

  it('starts web and worker at once on a database that has nobody', async () => {
    const database = await createTestDatabase();
    try {
      const parts = ['web', 'worker'].map((role) => start({ DATABASE_URL: database.url, PLANTAIN_ROLE: role }));
      const urls = await Promise.all(parts.map(urlOf));
      expect(await signIn(urls[0] ?? '')).to.equal(200);
      for (const part of parts) part.child.kill('SIGTERM');
      expect(await Promise.all(parts.map(({ ended }) => ended))).to.deep.equal([0, 0]);
    } finally {
      await database.drop();
    }
  });

  it('as a worker answers operators only', async () => {
    const database = await createTestDatabase();
    try {
      const program = start({ DATABASE_URL: database.url, PLANTAIN_ROLE: 'worker' });
      const url = await urlOf(program);
      expect((await fetch(`${url}/readyz`)).status).to.equal(200);
      expect((await fetch(`${url}/`)).status).to.equal(404);
      expect((await fetch(`${url}/api/v1/plans`)).status).to.equal(404);
      program.child.kill('SIGTERM');
      expect(await program.ended).to.equal(0);
    } finally {
      await database.drop();
    }
  });
});
