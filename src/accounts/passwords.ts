import { hash, verify } from '@node-rs/bcrypt';

/** 2^12 rounds, a quarter of a second. A hash names its own, so that this can be raised at any time. */
let cost = 12;

/** bcrypt reads 72 bytes and ignores the rest; longer passwords are refused where they are entered. */
export const passwordMaxBytes = 72;
export const passwordMinLength = 10;

/** bcrypt, on a worker thread. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, { cost, rejectLongPasswords: true });
}

/** For tests, which register and sign in by the hundred. */
export function hashCheaply(): void {
  cost = 4;
}

// What an unknown address is checked against, so that its answer takes as long as a wrong password's.
let decoy: Promise<string> | undefined;

/** Takes the same time whether there is a hash or not. */
export async function verifyPassword(password: string, passwordHash: string | null | undefined): Promise<boolean> {
  decoy ??= hashPassword('nobody has this password');
  const matches = await verify(password, passwordHash ?? (await decoy));
  return matches && passwordHash !== null && passwordHash !== undefined;
}
