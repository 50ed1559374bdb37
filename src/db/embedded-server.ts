import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stopwatch } from '../kit/clock.ts';
import { ExpectedFailure } from '../kit/expected-failure.ts';
import { commandOf, isAlive, signal } from '../kit/processes.ts';
import type { Place } from './embedded-place.ts';

export interface RunningServer {
  port: number;
  pid: number;
  /** Resolves when the server has ended, whoever ended it. */
  exited: Promise<void>;
  /** A fast shutdown: open transactions roll back, everything committed is kept. Waits until the server has ended. */
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const pollMs = 15;

/**
 * Starts `postgres` on a free port of 127.0.0.1, in a session of its own: Ctrl-C reaches every process of the terminal,
 * and the database must outlive the requests that are being finished.
 * @param settings passed as `-c name=value`
 * @throws ExpectedFailure with PostgreSQL's own words when it does not start
 */
export async function startServer(place: Place, settings: Readonly<Record<string, string>>): Promise<RunningServer> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const child = run(place, port, settings);
    const exited = hasExited(child);
    if (await becomesReady(child, place)) return running(child, port, exited);
    const words = lastWords(place);
    // The port was taken between looking and listening, or the last server's processes are still on their way out.
    const passing = /could not (bind|create any TCP\/IP sockets)|Address already in use|shared memory block/.test(
      words,
    );
    if (!passing || attempt === 10) throw new ExpectedFailure(`The embedded PostgreSQL did not start: ${words}`);
    await delay(200);
  }
}

/**
 * Deals with a server that a killed Plantain left behind on these data; the caller holds the lock of the data directory.
 * @throws ExpectedFailure when a process that cannot be told or stopped holds the data
 */
export async function stopOrphan(place: Place): Promise<void> {
  const file = pidFile(place);
  const pid = Number(readLines(file)[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return;
  if (!isAlive(pid)) {
    // PostgreSQL would see for itself that it is gone, were it not for zombies, which nobody reaps in many a container.
    rmSync(file, { force: true });
    return;
  }
  const command = commandOf(pid);
  if (command === undefined) throw heldBy(pid, file);
  if (!/postgres/i.test(command)) {
    // The number was given to another program. PostgreSQL sees it alive and would refuse, whoever it is. Without the
    // file it still refuses if one of its own processes is attached to the data's shared memory.
    rmSync(file, { force: true });
    return;
  }
  if (!command.includes(place.data)) throw heldBy(pid, file);
  await end(pid, () => isAlive(pid));
}

function heldBy(pid: number, file: string): ExpectedFailure {
  return new ExpectedFailure(
    `The database is in use by process ${pid}, which Plantain cannot identify; end it, or remove ${file} if it is no PostgreSQL.`,
  );
}

/** Fast, then immediate: after the latter PostgreSQL recovers from its log, and nothing committed is lost. */
async function end(pid: number, isRunning: () => boolean): Promise<void> {
  for (const name of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      if (!signal(pid, name)) return;
    } catch (error) {
      throw new ExpectedFailure(`The database server (process ${pid}) belongs to another user; end it there.`, {
        cause: error,
      });
    }
    const elapsed = stopwatch();
    while (elapsed() < stopTimeoutMs) {
      if (!isRunning()) return;
      await delay(pollMs);
    }
  }
  throw new ExpectedFailure(`The database server (process ${pid}) does not stop; end it and start again.`);
}

function run(place: Place, port: number, settings: Readonly<Record<string, string>>): ChildProcess {
  const log = openSync(logFile(place), 'w', 0o600);
  const options = Object.entries({ ...settings, listen_addresses: '127.0.0.1', unix_socket_directories: '' });
  const child = spawn(
    path.join(place.binaries, 'postgres'),
    ['-D', place.data, '-p', String(port), ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...(place.user && { uid: place.user.uid, gid: place.user.gid }), ...own(place), stdio: ['ignore', log, log] },
  );
  closeSync(log);
  // Nothing that forgets to stop the server hangs on it.
  child.unref();
  endWithUs(child);
  return child;
}

/** A process that ends without stopping the server takes it down too: cleanly, though nobody waits for it. */
export function endWithUs(child: ChildProcess): void {
  const onExit = () => child.kill('SIGINT');
  process.once('exit', onExit);
  child.once('exit', () => process.removeListener('exit', onExit));
}

/** What every PostgreSQL program is started with: nothing of our environment may steer it. */
export function own(place: Place): { cwd: string; detached: true; windowsHide: true; env: NodeJS.ProcessEnv } {
  return { cwd: place.cluster, detached: true, windowsHide: true, env: { LC_ALL: 'C', TZ: 'UTC', ...systemRoot() } };
}

/** Windows programs do not even find their libraries without it. */
function systemRoot(): NodeJS.ProcessEnv {
  return process.platform === 'win32' ? { SystemRoot: 'C:\\Windows' } : {};
}

async function hasExited(child: ChildProcess): Promise<void> {
  await Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => undefined);
}

function running(child: ChildProcess, port: number, exited: Promise<void>): RunningServer {
  const pid = child.pid ?? 0;
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    child.ref();
    await end(pid, () => !ended);
  };
  return { port, pid, exited, stop: () => (stopping ??= ended ? Promise.resolve() : stop()) };
}

/** `postmaster.pid` carries the state in its eighth line; `pg_ctl` looks at the same place. */
async function becomesReady(child: ChildProcess, place: Place): Promise<boolean> {
  const elapsed = stopwatch();
  let ended = child.pid === undefined;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  child.ref();
  while (elapsed() < startTimeoutMs) {
    if (ended) return false;
    const lines = readLines(pidFile(place));
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') {
      child.unref();
      return true;
    }
    await delay(pollMs);
  }
  child.kill('SIGQUIT');
  await hasExited(child);
  return false;
}

function lastWords(place: Place): string {
  const lines = readLines(logFile(place));
  const fatal = lines
    .filter((line) => /(FATAL|PANIC|could not)/.test(line))
    .map((line) => line.replace(/^.*?(FATAL|PANIC): +/, ''));
  return `${fatal.join('; ') || 'it did not say why'} (see ${logFile(place)}).`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

function pidFile(place: Place): string {
  return path.join(place.data, 'postmaster.pid');
}

function logFile(place: Place): string {
  return path.join(place.cluster, 'server.log');
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
