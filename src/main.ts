import path from 'node:path';
import { localUrlOf } from './boot/addresses.ts';
import { banner } from './boot/banner.ts';
import { CredentialsFile } from './boot/credentials.ts';
import { checkDatabase, startOwnDatabase } from './boot/database.ts';
import { tellFailure } from './boot/failure.ts';
import { openHttpServer } from './boot/http-server.ts';
import type { HttpServer } from './boot/http-server.ts';
import { secretsOf } from './boot/secrets.ts';
import { readSettings } from './boot/settings.ts';
import { Shutdown } from './boot/shutdown.ts';
import { createTerminal, silentTerminal } from './boot/terminal.ts';
import type { Terminal } from './boot/terminal.ts';
import type { Config } from './config.ts';
import type { Database } from './db/index.ts';
import { stopwatch } from './kit/clock.ts';
import { createLogger } from './kit/logger.ts';
import type { Logger } from './kit/logger.ts';
import type { System } from './system.ts';

/** Requests that have begun have this long to end; docker-compose.yml waits longer. */
const requestGraceMs = 15_000;

interface Run {
  config: Config;
  log: Logger;
  terminal: Terminal;
  shutdown: Shutdown;
}

const shutdown = new Shutdown();
let log: Logger | undefined;

/** config → port → database → migrate → seed → parts → serve → jobs; and the same backwards when asked to stop. */
async function start(run: Run): Promise<void> {
  const { config, terminal } = run;
  const server = await openHttpServer(config.host, config.port);
  shutdown.add('port', () => server.close());
  // Loading the application takes as long as starting the database, and does not need it.
  const application = import('./boot/application.ts');
  application.catch(() => undefined);
  const credentials = config.production ? undefined : CredentialsFile.open(config.dataDir);

  const url = await openDatabase(run, credentials);
  shutdown.signal.throwIfAborted();
  terminal.step('Bringing the schema up to date');
  const { connectDatabase, createSystem, ensurePeople, migrate, seed } = await application;
  const db = connectDatabase({ url });
  shutdown.add('database connections', () => db.close());
  await migrate(db);
  shutdown.signal.throwIfAborted();

  const local = localUrlOf(config.host, server.port);
  // One process at a time: the sandbox makes its tables when they are missing.
  const system = await db.exclusively('parts', () =>
    createSystem({
      config,
      db,
      log: run.log,
      secrets: secretsOf(config, credentials),
      publicUrl: () => config.publicUrl ?? local,
      localUrl: () => local,
    }),
  );
  shutdown.add('queue, jobs and connections', () => system.stop());
  shutdown.signal.throwIfAborted();
  if (credentials !== undefined) {
    terminal.step('Putting plans and people in place');
    await seed(db);
    await ensurePeople(system.services, credentials);
  }
  shutdown.signal.throwIfAborted();
  terminal.step('Opening the doors');
  await open(run, server, system);
  if (credentials !== undefined) announce(run, config.publicUrl ?? local, credentials);
  run.log.info({ port: server.port, role: config.role }, 'ready');
}

/** → its address. The embedded server is started where the settings name no other. */
async function openDatabase(run: Run, credentials: CredentialsFile | undefined): Promise<Database['url']> {
  const { config, terminal } = run;
  if (config.databaseUrl !== undefined) {
    terminal.step('Connecting to the database');
    await checkDatabase(config.databaseUrl);
    return config.databaseUrl;
  }
  const server = await startOwnDatabase(config.dataDir, {
    log: (step) => {
      terminal.step(step);
    },
    onLost: () => {
      process.stderr.write(
        `The embedded database has ended; see ${path.join(config.dataDir, 'postgres/server.log')}.\n`,
      );
      process.exitCode = 1;
      shutdown.ask();
    },
  });
  shutdown.add('database', () => server.stop());
  credentials?.update({ databaseUrl: server.url });
  return server.url;
}

async function open({ config }: Run, server: HttpServer, system: System): Promise<void> {
  const { role, production } = config;
  const isOwn = (url: string) => url.startsWith('/sandbox/paypal/') || url.startsWith('/webhooks/');
  const isOperations = (url: string) => /^\/(healthz|readyz|metrics)(\?|$)/.test(url);
  server.serve((request, response) => {
    const url = request.url ?? '';
    if (role !== 'worker' || isOperations(url) || isOwn(url)) system.listener(request, response);
    else response.writeHead(404).end();
  });
  shutdown.add('requests', () => server.drain(requestGraceMs, production ? undefined : isOwn));
  // The panel is loaded when it is first opened, or now where a start may take its time.
  if (production && role !== 'worker') await system.admin.warmUp();
  await system.start({ cron: role !== 'web', worker: role !== 'web' });
}

const sinceStart = stopwatch();

function announce({ config, terminal }: Run, url: string, credentials: CredentialsFile): void {
  terminal.print(
    ...banner({
      url,
      // `npm start` and Node itself have been at work before the first line of ours.
      readyAfterSeconds: process.uptime(),
      sandbox: !config.production,
      credentials: credentials.content,
      credentialsFile: path.join(config.dataDir, 'credentials.json'),
      terminal: process.stdout.isTTY,
    }),
  );
}

/** @returns once everything is stopped; the exit code says how it went */
async function main(): Promise<void> {
  let terminal = silentTerminal;
  try {
    const config = readSettings();
    if (!config.production) terminal = createTerminal(process.stdout);
    log = createLogger(config.logLevel ?? (config.production ? 'info' : 'warn'));
    shutdown.listen(() => {
      terminal.print('', '  Stopping: what has begun is finished first. Ctrl-C again ends it at once.');
    });
    await start({ config, log, terminal, shutdown });
    await shutdown.asked();
  } catch (error) {
    if (!shutdown.signal.aborted) {
      process.exitCode = 1;
      terminal.print();
      process.stderr.write(`${tellFailure(error)}\n`);
    }
  }
  await shutdown.run(({ part, durationMs, error }) => {
    if (error === undefined) log?.debug({ part, durationMs }, 'stopped');
    else log?.error({ part, durationMs, err: error }, 'did not stop cleanly');
    if (error !== undefined) process.exitCode = 1;
  });
  log?.info({ durationMs: Math.round(sinceStart()) }, 'stopped');
  process.exit();
}

for (const stream of [process.stdout, process.stderr]) {
  // Whoever read our output has gone; that is no reason to go too.
  stream.on('error', () => undefined);
}
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error: unknown) => {
    process.exitCode = 1;
    if (log === undefined) process.stderr.write(`${tellFailure(error)}\n`);
    else log.fatal({ err: error }, 'a failure that nobody expected ends the process');
    shutdown.ask();
  });
}
await main();
