import type { Request } from 'express';
import { Passport } from 'passport';
import { Strategy } from 'passport-local';
import type { Staff } from '../accounts/staff.ts';
import type { Services } from '../billing/services.ts';
import { checkPassword } from '../billing/sign-in-staff.ts';
import { knockOf } from './staff-session.ts';

/** → the member of staff whose address and password were posted, or null. */
export type CheckPassword = (request: Request) => Promise<Staff | null>;

/** The passport strategy `staff`. Passport keeps no session for it: what is in ours is ids, see `staff-session.ts`. */
export function createCheckPassword(services: Services): CheckPassword {
  const passport = new Passport();
  const options = { usernameField: 'email', session: false, passReqToCallback: true } as const;
  const strategy = new Strategy(options, (request, email, password, done) => {
    checkPassword(services, { email, password }, knockOf(request)).then((staff) => {
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
