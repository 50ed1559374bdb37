import 'express-session';
import type { Request, RequestHandler, Response } from 'express';
import { findStaff, type Staff } from '../accounts/staff.ts';
import { sha256 } from '../kit/crypto.ts';
import { Unauthenticated } from '../kit/errors.ts';
import { localeOf } from '../kit/http/language.ts';
import { toMember, type StaffMember } from './staff-member.ts';

/** Role and state are read from the table at every request, so that a change holds at once. */
declare module 'express-session' {
  interface SessionData {
    staffId: string;
    /** Of the password that began the session: a new password ends it. */
    proof: string;
  }
}

/** Begins a session under a new id, so that an id that somebody planted before is worth nothing. */
export async function signIn(request: Request, staff: Staff): Promise<void> {
  await call((done) => request.session.regenerate(done));
  request.session.staffId = staff.id;
  request.session.proof = proofOf(staff);
  await call((done) => request.session.save(done));
}

export async function signOut(request: Request): Promise<void> {
  await call((done) => request.session.destroy(done));
}

function call(run: (done: (error: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error('the session store failed', { cause: error }));
    });
  });
}

/** Finds out who is signed in; nobody is after the account was disabled or got another password. */
export const readMember: RequestHandler = async (request, response, next) => {
  const { staffId, proof } = request.session;
  const staff = staffId === undefined ? null : await findStaff(staffId);
  response.locals.staff = staff !== null && proofOf(staff) === proof ? staff : null;
  next();
};

function proofOf({ passwordHash }: Staff): string {
  return sha256(passwordHash).slice(0, 16);
}

export function staffOf(response: Response): Staff | null {
  return (response.locals.staff as Staff | null | undefined) ?? null;
}

/** Who is signed in, in the language that was decided for this answer. */
export function memberOf(response: Response): StaffMember | null {
  const staff = staffOf(response);
  return staff === null ? null : toMember(staff, localeOf(response));
}

/** Pages lead to the sign-in; calls get 401, because the panel's scripts cannot follow to a page. */
export function requireSignIn(root: string): RequestHandler {
  return (request, response, next) => {
    if (staffOf(response) !== null) next();
    else if (request.method === 'GET' && !request.path.startsWith('/api/')) {
      response.redirect(303, `${root}/login?next=${encodeURIComponent(request.originalUrl)}`);
    } else throw new Unauthenticated('Sign in to the panel again.');
  };
}
