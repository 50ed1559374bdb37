import 'express-session';
import type { Request, RequestHandler, Response } from 'express';
import { keepRole, useSession } from '../accounts/staff-sessions.ts';
import { findStaff, type Staff } from '../accounts/staff.ts';
import { proposeFactor } from '../billing/second-factor.ts';
import type { Services } from '../billing/services.ts';
import { beginStaffSession, nextStep, type Knock } from '../billing/sign-in-staff.ts';
import { sha256 } from '../kit/crypto.ts';
import { Unauthenticated } from '../kit/errors.ts';
import { localeOf } from '../kit/http/language.ts';
import { browserName } from './browser-name.ts';
import { toMember, type StaffMember } from './staff-member.ts';

/** Role and state are read from the table at every request, so that a change holds at once. */
declare module 'express-session' {
  interface SessionData {
    /** The row of `staff_sessions`: what is ended there is ended everywhere, whatever the cookie's store says. */
    sessionId: string;
    /** Of the password that began the session: a new password ends it. */
    proof: string;
    /** Whose password was right, and whose second step is awaited since when, in ms of machine time. */
    pending: { staffId: string; proof: string; since: number; next: string };
    /** The sealed secret of a second factor that no code has proved yet. */
    proposal: string;
  }
}

const pendingMs = 10 * 60_000;

export function knockOf(request: Request): Knock {
  return { address: request.ip ?? null, browser: browserName(request.get('User-Agent')) };
}

/** Begins a session under a new id, so that an id that somebody planted before is worth nothing. */
export async function signIn(services: Services, request: Request, staff: Staff): Promise<void> {
  const sessionId = await beginStaffSession(services, staff.id, knockOf(request));
  await begin(request, { sessionId, proof: proofOf(staff) });
}

/** Half a sign-in: nobody is signed in by it. */
export async function awaitSecondStep(
  { machineClock }: Services,
  request: Request,
  staff: Staff,
  next: string,
): Promise<void> {
  const since = machineClock.now().getTime();
  await begin(request, { pending: { staffId: staff.id, proof: proofOf(staff), since, next } });
}

async function begin(request: Request, data: Partial<Request['session']>): Promise<void> {
  await call((done) => request.session.regenerate(done));
  Object.assign(request.session, data);
  await call((done) => request.session.save(done));
}

/** Who is half-way in, as they are now; null: nobody, or they took too long. */
export async function readPending(
  { machineClock }: Services,
  request: Request,
): Promise<{ staff: Staff; next: string } | null> {
  const { pending } = request.session;
  if (pending === undefined || machineClock.now().getTime() - pending.since > pendingMs) return null;
  const staff = await findStaff(pending.staffId);
  return staff === null || proofOf(staff) !== pending.proof ? null : { staff, next: pending.next };
}

/** The same secret for as long as the page is open, however often it is loaded. */
export async function proposalOf(services: Services, request: Request): Promise<string> {
  const proposal = request.session.proposal ?? proposeFactor(services);
  request.session.proposal = proposal;
  await call((done) => request.session.save(done));
  return proposal;
}

export async function forgetProposal(request: Request): Promise<void> {
  delete request.session.proposal;
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

/**
 * Finds out who is signed in; nobody is after the session was ended or ran out, or the account was disabled or got
 * another password, or a second factor is required that they have not. With another role the session goes on under another id.
 */
export function readMember(services: Services): RequestHandler {
  const { machineClock, settings } = services;
  return async (request, response, next) => {
    const { sessionId, proof } = request.session;
    const session = sessionId === undefined ? null : await useSession(sessionId, settings.staff, machineClock.now());
    const staff = session === null ? null : await findStaff(session.staffId);
    if (session !== null && staff !== null && proof === proofOf(staff) && nextStep(services, staff) !== 'enrol') {
      response.locals.staff = staff;
      response.locals.sessionId = session.id;
      if (session.role !== staff.role) {
        await keepRole(session.id, staff.role);
        await begin(request, { sessionId: session.id, proof });
      }
    }
    next();
  };
}

function proofOf({ passwordHash }: Staff): string {
  return sha256(passwordHash ?? '').slice(0, 16);
}

export function staffOf(response: Response): Staff | null {
  return (response.locals.staff as Staff | undefined) ?? null;
}

/** The session that this request belongs to. */
export function sessionIdOf(response: Response): string | null {
  return (response.locals.sessionId as string | undefined) ?? null;
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
