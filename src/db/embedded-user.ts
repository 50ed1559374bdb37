import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { ExpectedFailure } from '../kit/expected-failure.ts';

/** Whom PostgreSQL's programs run as: undefined is the user who runs Plantain. */
export interface ServiceUser {
  uid: number;
  gid: number;
  name: string;
}

/** Who can own the database when Plantain itself runs as root, which PostgreSQL refuses to do. */
const candidates = ['postgres', 'nobody'];

/**
 * @param existing a directory of an existing database: its owner goes on owning it
 * @throws ExpectedFailure when root has no user to run PostgreSQL as
 */
export function serviceUser(existing: string | undefined): ServiceUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (existing !== undefined) {
    const { uid, gid } = statSync(existing);
    if (uid !== 0) return { uid, gid, name: String(uid) };
  }
  for (const name of candidates) {
    const ids = idsOf(name);
    if (ids !== undefined && ids.uid !== 0) return { ...ids, name };
  }
  throw new ExpectedFailure(
    'PostgreSQL does not run as root, and there is neither a user postgres nor nobody; start Plantain as an ordinary user or set DATABASE_URL.',
  );
}

/** Asked of a process of that user, because modes, groups and access lists all have a say. */
export function canUse(user: ServiceUser | undefined, directory: string): boolean {
  if (user === undefined) return true;
  const { status } = spawnSync('/bin/sh', ['-c', 'test -x "$0/." && test -w "$0"', directory], {
    uid: user.uid,
    gid: user.gid,
    cwd: '/',
    stdio: 'ignore',
  });
  return status === 0;
}

/** Asked the same way: does this program start for that user? */
export function canRun(user: ServiceUser | undefined, program: string): boolean {
  if (user === undefined) return true;
  const { status } = spawnSync(program, ['--version'], { uid: user.uid, gid: user.gid, cwd: '/', stdio: 'ignore' });
  return status === 0;
}

function idsOf(name: string): { uid: number; gid: number } | undefined {
  try {
    const ask = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: ask('-u'), gid: ask('-g') };
  } catch {
    return undefined;
  }
}
