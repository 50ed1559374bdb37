import type { Request, RequestHandler, Response } from 'express';
import passportModule from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import { verifyPassword } from '../accounts/passwords.ts';
import { findUser, findUserByEmail, recordLogin, type User } from '../accounts/users.ts';
import type { Services } from '../billing/services.ts';
import { areSessionsAway, SessionsAway } from '../kit/http/session.ts';
import { userOf } from './site.ts';

/** Customers' own Passport: staff sign in elsewhere, with another cookie. */
export interface SignIn {
  /** Puts the signed-in customer where `userOf` finds them. Runs after the session. */
  recognise: RequestHandler[];
  /** → the customer, or why not. Does not sign them in yet. */
  authenticate(req: Request, res: Response): Promise<User | 'wrong' | 'suspended'>;
  /** Begins a new session for the customer: a session id from before must not become theirs. */
  begin(req: Request, user: User): Promise<void>;
  end(req: Request): Promise<void>;
}

export function createSignIn({ clock }: Pick<Services, 'clock'>): SignIn {
  const passport = createPassport();
  return {
    recognise: [
      passport.authenticate('session') as RequestHandler,
      (req, res, next) => {
        res.locals.user = req.user ?? null;
        next();
      },
    ],
    authenticate: (req, res) =>
      new Promise((resolve, reject) => {
        const handle = passport.authenticate(
          'customer',
          (error: unknown, user: User | false | null, info?: { message?: string }) => {
            if (error instanceof Error) reject(error);
            else if (user) resolve(user);
            else resolve(info?.message === 'suspended' ? 'suspended' : 'wrong');
          },
        ) as RequestHandler;
        void handle(req, res, reject);
      }),
    begin: async (req, user) => {
      await called((done) => {
        req.logIn(user, done);
      });
      await recordLogin(user.id, clock.now());
    },
    end: (req) =>
      called((done) => {
        req.logOut(done);
      }),
  };
}

function createPassport() {
  const passport = new passportModule.Passport();
  passport.use(
    'customer',
    new LocalStrategy({ usernameField: 'email' }, (email, password, done) => {
      checkPassword(email.trim(), password).then(
        (result) => {
          if (typeof result === 'string') done(null, false, { message: result });
          else done(null, result);
        },
        (error: unknown) => {
          done(error);
        },
      );
    }),
  );
  passport.serializeUser((user, done) => {
    done(null, (user as { id: string }).id);
  });
  passport.deserializeUser((id, done) => {
    findUser(String(id)).then(
      // A customer who was suspended meanwhile is signed out with the next page.
      (user) => {
        done(null, user?.status === 'active' ? user : false);
      },
      (error: unknown) => {
        done(error);
      },
    );
  });
  return passport;
}

async function checkPassword(email: string, password: string): Promise<User | 'wrong' | 'suspended'> {
  const user = await findUserByEmail(email);
  // An unknown address takes as long as a wrong password.
  if (!(await verifyPassword(password, user?.passwordHash)) || user === null) return 'wrong';
  return user.status === 'active' ? user : 'suspended';
}

/** Sends strangers away to sign in (or to register, where people come from the price list) and back afterwards. */
export function requireCustomer(where: '/login' | '/register' = '/login'): RequestHandler {
  return (req, res, next) => {
    if (userOf(res) !== null) {
      next();
      return;
    }
    if (areSessionsAway(req)) throw new SessionsAway();
    const back = req.method === 'GET' ? req.originalUrl : req.baseUrl + req.path;
    res.redirect(303, `${where}?next=${encodeURIComponent(back)}`);
  };
}

/** The customer, behind `requireCustomer`. */
export function customerOf(res: Response): User {
  const user = userOf(res);
  if (user === null) throw new Error('this route needs requireCustomer before it');
  return user;
}

/** Where to go after signing in: a path on this site, or the account. Never another site. */
export function safeNext(next: unknown): string {
  const here = 'http://here.invalid';
  if (typeof next !== 'string' || !next.startsWith('/') || next.length > 500) return '/account';
  if (!URL.canParse(next, here)) return '/account';
  const url = new URL(next, here);
  // `//host`, `/\host` and their disguises resolve to another origin.
  return url.origin === here ? url.pathname.replace(/^\/+/, '/') + url.search : '/account';
}

function called(run: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error('the session could not be saved', { cause: error }));
    });
  });
}
