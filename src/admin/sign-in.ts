import { Passport } from 'passport';
import { Strategy } from 'passport-local';
import { authenticateStaff, type Staff } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import type { Services } from '../billing/services.ts';
import type { Request } from 'express';

/** → the member of staff whose address and password were posted, or null. */
export type CheckPassword = (request: Request) => Promise<Staff | null>;

/** The passport strategy `staff`. Passport keeps no session for it: what is in ours is one id, see `session.ts`. */
export function createCheckPassword(services: Services): CheckPassword {
  const passport = new Passport();
  const strategy = new Strategy({ usernameField: 'email', session: false }, (email, password, done) => {
    signIn(services, email, password).then((staff) => {
      done(null, staff ?? false);
    }, done);
  });
  passport.use('staff', strategy);
  return (request) =>
    new Promise((resolve, reject) => {
      const answer = (error: unknown, staff: Staff | false | null | undefined) => {
        if (error) reject(error instanceof Error ? error : new Error('sign-in failed', { cause: error }));
        else resolve(staff === false || staff === undefined ? null : staff);
      };
      const check = passport.authenticate('staff', { session: false }, answer) as (...call: unknown[]) => void;
      check(request, request.res, reject);
    });
}

async function signIn({ clock }: Services, email: string, password: string): Promise<Staff | null> {
  return authenticateStaff(email, password, clock.now());
}

/** Signing in is something staff do too. */
export async function recordSignIn(
  { db, clock }: Services,
  { id, name }: Staff,
  address: string | undefined,
): Promise<void> {
  await db.transaction((tx) =>
    recordAudit(tx, {
      staffId: id,
      actor: name,
      action: 'staff.sign-in',
      subjectType: 'staff',
      subjectId: id,
      address: address ?? null,
      now: clock.now(),
    }),
  );
}
