import { randomBytes } from 'node:crypto';
import { chownSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ExpectedFailure } from '../kit/expected-failure.ts';
import { findBinaries, makeSharedDir, sharedDir } from './embedded-binaries.ts';
import { canUse, serviceUser } from './embedded-user.ts';
import type { ServiceUser } from './embedded-user.ts';

/** Where everything of the embedded server lies, and whose it is. */
export interface Place {
  /** Holds `data/`, the password and the server's log; the service user's own. */
  cluster: string;
  /** PostgreSQL's own data directory. */
  data: string;
  /** Holds `initdb` and `postgres`. */
  binaries: string;
  user: ServiceUser | undefined;
}

/**
 * Finds or makes the place for the cluster of `dataDir`: `<dataDir>/postgres`, or, where PostgreSQL's user cannot enter
 * that, a directory below /var/lib/plantain that `<dataDir>/postgres` links to. Without the link, as after
 * `rm -rf .data`, a new start makes a new database.
 * @throws ExpectedFailure when there is no package for this machine, or no place
 */
export function preparePlace(dataDir: string): Place {
  const wanted = path.join(path.resolve(dataDir), 'postgres');
  const existing = realPathOf(wanted);
  const user = serviceUser(existing);
  const cluster = existing === undefined ? make(wanted, user) : reach(existing, wanted, user);
  return { cluster, data: path.join(cluster, 'data'), binaries: findBinaries(user), user };
}

function realPathOf(file: string): string | undefined {
  if (existsSync(file)) return realpathSync(file);
  // A link to nowhere: the data was moved or deleted, and making new data silently would hide that.
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
  throw new ExpectedFailure(
    `The database is gone: ${file} is a link to nothing; remove the link to start with a new one.`,
  );
}

function make(wanted: string, user: ServiceUser | undefined): string {
  mkdirOwned(wanted, user);
  if (canUse(user, wanted)) return wanted;
  rmSync(wanted, { recursive: true });
  const elsewhere = path.join(sharedDir, `data-${randomBytes(8).toString('hex')}`);
  makeSharedDir();
  mkdirOwned(elsewhere, user);
  symlinkSync(elsewhere, wanted);
  return elsewhere;
}

/** Data that was made as an ordinary user, or that was moved into a closed directory since, is moved out. */
function reach(existing: string, wanted: string, user: ServiceUser | undefined): string {
  if (canUse(user, existing)) return existing;
  const elsewhere = path.join(sharedDir, `data-${randomBytes(8).toString('hex')}`);
  makeSharedDir();
  try {
    renameSync(existing, elsewhere);
  } catch {
    // Another file system.
    cpSync(existing, elsewhere, { recursive: true, preserveTimestamps: true });
    if (user !== undefined) chownTree(elsewhere, user);
    rmSync(existing, { recursive: true });
  }
  rmSync(wanted, { force: true });
  symlinkSync(elsewhere, wanted);
  return elsewhere;
}

function mkdirOwned(directory: string, user: ServiceUser | undefined): void {
  mkdirSync(directory, { mode: 0o700 });
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
}

function chownTree(directory: string, user: ServiceUser): void {
  chownSync(directory, user.uid, user.gid);
  for (const entry of readdirSync(directory, { recursive: true })) {
    chownSync(path.join(directory, String(entry)), user.uid, user.gid);
  }
}
