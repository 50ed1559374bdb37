import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ExpectedFailure } from '../kit/expected-failure.ts';
import { isAlive, startOf } from '../kit/processes.ts';

/** Who holds the lock. A pid alone proves nothing: it is given to another process after a crash or a reboot. */
interface Owner {
  pid: number;
  /** When that process started, as the system tells it; null where it does not. */
  started: string | null;
  host: string;
}

export interface InstanceLock {
  release(): void;
}

/**
 * Makes this process the only one that uses the data directory.
 * @throws ExpectedFailure when another instance runs on it, or when nobody can tell
 */
export function lockDataDir(dataDir: string): InstanceLock {
  const file = path.join(dataDir, 'instance.lock');
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? null, host: os.hostname() });
  prepare(dataDir);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (create(file, mine)) return { release: () => release(file, mine) };
    const theirs = read(file);
    if (theirs === undefined) continue;
    refuseWhileHeld(theirs, file, dataDir);
    removeStale(file, theirs);
  }
  throw unresolved(file, 'it changes while it is being read');
}

function prepare(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true });
  } catch (error) {
    throw new ExpectedFailure(`The data directory ${dataDir} cannot be made (${codeOf(error)}).`, { cause: error });
  }
}

/** Written aside and linked into place, so that nobody ever reads half a lock. */
function create(file: string, content: string): boolean {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, content, { mode: 0o600, flush: true });
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new ExpectedFailure(`The data directory ${path.dirname(file)} cannot be written (${codeOf(error)}).`, {
      cause: error,
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unresolved(file, `it cannot be read (${codeOf(error)})`);
  }
}

function refuseWhileHeld(content: string, file: string, dataDir: string): void {
  const owner = parse(content);
  if (owner === undefined) throw unresolved(file, 'its content makes no sense');
  if (owner.host !== os.hostname()) throw unresolved(file, `it was made on another machine, ${owner.host}`);
  if (!isAlive(owner.pid)) return;
  const started = startOf(owner.pid) ?? null;
  if (owner.started !== null && started !== null && owner.started !== started) return;
  throw new ExpectedFailure(
    `Plantain is running on ${dataDir} already (process ${owner.pid}); stop it first, or set DATA_DIR to another directory.`,
  );
}

function parse(content: string): Owner | undefined {
  try {
    const owner = JSON.parse(content) as Partial<Owner> | null;
    if (typeof owner?.pid !== 'number' || typeof owner.host !== 'string') return undefined;
    return { pid: owner.pid, started: owner.started ?? null, host: owner.host };
  } catch {
    return undefined;
  }
}

/** Moved aside and looked at again: between reading and moving, another starter may have taken the lock. */
function removeStale(file: string, expected: string): void {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw unresolved(file, `it cannot be removed (${codeOf(error)})`);
  }
  if (readFileSync(aside, 'utf8') === expected) unlinkSync(aside);
  else renameSync(aside, file);
}

function release(file: string, mine: string): void {
  try {
    if (readFileSync(file, 'utf8') === mine) unlinkSync(file);
  } catch {
    // Somebody removed the data directory under us; nothing is left to release.
  }
}

function unresolved(file: string, why: string): ExpectedFailure {
  return new ExpectedFailure(
    `Nobody can tell whether another Plantain uses this data: ${file} is there and ${why}; remove it if none does.`,
  );
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
