import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { ExpectedFailure } from '../kit/expected-failure.ts';
import { newSecret } from '../kit/ids.ts';
import { lockDataDir } from './embedded-lock.ts';
import { preparePlace } from './embedded-place.ts';
import type { Place } from './embedded-place.ts';
import { endWithUs, own, startServer, stopOrphan } from './embedded-server.ts';

export interface EmbeddedOptions {
  /** `<dataDir>/postgres` is the cluster or a link to it. */
  dataDir: string;
  /** Told before something that takes a moment. */
  log?: (step: string) => void;
  /** For throwaway clusters only: nothing survives a crash of the machine. */
  throwaway?: boolean;
}

export interface EmbeddedPostgres {
  url: string;
  /** True when this start made the database. */
  created: boolean;
  pid: number;
  /** Resolves when the server has ended, whoever ended it. */
  exited: Promise<void>;
  /** Shuts the server down, waits for its end, frees the data directory. Can be called twice. */
  stop(): Promise<void>;
}

const superuser = 'plantain';
const database = 'plantain';

/**
 * PostgreSQL as it ships, durability above all, but for a quiet log, the time zone of the books, and two sizes that were
 * meant for smaller machines: the buffers, which a ledger of millions must fit into, and how much is written between two
 * checkpoints, since each page that is touched after one goes to the log whole.
 */
const settings = {
  TimeZone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  max_connections: '100',
  shared_buffers: `${buffersMb()}MB`,
  max_wal_size: '4GB',
};
const carefree = {
  ...settings,
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Databases that are dropped by the hundred are looked for in all of them.
  shared_buffers: '128MB',
  max_connections: '300',
};

/** An eighth of the memory, what we may use of it; only what has been touched is taken. */
function buffersMb(): number {
  const memory = Math.min(os.totalmem(), process.constrainedMemory() || Infinity);
  return Math.min(Math.max(Math.floor(memory / 8 / 2 ** 20), 128), 2048);
}

/**
 * Starts a PostgreSQL of our own on 127.0.0.1 with its data below `dataDir`, which it makes when there are none.
 * @throws ExpectedFailure when the data are in use, or the server cannot be made or started
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log = () => undefined, throwaway = false } = options;
  const lock = lockDataDir(dataDir);
  try {
    const place = preparePlace(dataDir);
    const created = !existsSync(place.data);
    if (created) {
      log('Making the database');
      await initialise(place, throwaway);
    } else {
      await stopOrphan(place);
    }
    const password = readPassword(place);
    log('Starting the database');
    const server = await startServer(place, throwaway ? carefree : settings);
    const address = (name: string) => `postgres://${superuser}:${password}@127.0.0.1:${server.port}/${name}`;
    await createDatabase(address('postgres')).catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
    const stop = async () => {
      await server.stop();
      lock.release();
    };
    return { url: address(database), created, pid: server.pid, exited: server.exited, stop };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Made aside and moved into place, so that a start that is killed half-way leaves nothing that looks like data. */
async function initialise(place: Place, throwaway: boolean): Promise<void> {
  const draft = `${place.data}.draft`;
  rmSync(draft, { recursive: true, force: true });
  const passwordFile = passwordFileOf(place);
  writeFileSync(passwordFile, newSecret(), { mode: 0o600, flush: true });
  if (place.user !== undefined) chownSync(passwordFile, place.user.uid, place.user.gid);
  await runInitdb(place, draft, passwordFile, throwaway);
  renameSync(draft, place.data);
}

async function runInitdb(place: Place, target: string, passwordFile: string, throwaway: boolean): Promise<void> {
  const child = spawn(
    path.join(place.binaries, 'initdb'),
    [
      ...['-D', target, '-U', superuser, '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8', '--locale=C'],
      // Sorts by code point and knows upper from lower case beyond ASCII, the same on every machine.
      ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
      ...(throwaway ? ['--no-sync'] : []),
    ],
    {
      ...(place.user && { uid: place.user.uid, gid: place.user.gid }),
      ...own(place),
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  endWithUs(child);
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const [code] = (await once(child, 'close').catch((error: unknown) => [String(error)])) as [unknown];
  if (code === 0) return;
  rmSync(target, { recursive: true, force: true });
  const reason = words.trim().split('\n').join('; ');
  throw new ExpectedFailure(
    `The embedded database could not be made: ${reason || `initdb ended with ${String(code)}`}.`,
  );
}

function passwordFileOf(place: Place): string {
  return path.join(place.cluster, 'password');
}

function readPassword(place: Place): string {
  const file = passwordFileOf(place);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ExpectedFailure(
      `The password of the embedded database cannot be read (${file}); start as the user who made it, or choose another DATA_DIR.`,
      { cause: error },
    );
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'plantain' });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}
