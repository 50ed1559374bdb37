import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { z } from 'zod';
import { passwordMaxBytes, passwordMinLength } from '../accounts/passwords.ts';
import { registerCustomer } from '../billing/register-customer.ts';
import type { Services } from '../billing/services.ts';
import { EmailTaken, RateLimited } from '../kit/errors.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { requireSessions } from '../kit/http/session.ts';
import type { Translate } from '../kit/i18n.ts';
import { purposeOf } from './checkout-quote.ts';
import { safeNext, type SignIn } from './sign-in.ts';
import { addressOf, userOf, type ShowPage } from './site.ts';

/** Slow guessing. Each ends with RateLimited when somebody has tried too often. */
export interface AuthLimits {
  signIn: readonly RequestHandler[];
  registration: readonly RequestHandler[];
}

type Errors = Partial<Record<'email' | 'password' | 'name', string>>;

/** A form as it is shown again: what was typed stays, but never a password. */
interface Form {
  values: { email: string; name: string };
  errors: Errors;
  problem?: string;
  notice?: string;
}

const empty: Form = { values: { email: '', name: '' }, errors: {} };
const text = z.string().catch('');
const registration = z.object({ email: text, password: text, name: text });

export function authPages(services: Services, show: ShowPage, signIn: SignIn, limits: AuthLimits): Router {
  const router = express.Router();
  const parseForm = express.urlencoded({ extended: false, limit: '10kb' });

  router.post(['/register', '/login', '/logout'], requireSessions);

  router.get('/register', goOnIfSignedIn, async (req, res) => {
    await showRegister(show, req, res, empty);
  });

  router.post('/register', parseForm, async (req, res) => {
    const t = translatorOf(res);
    const { email, password, name } = registration.parse(req.body ?? {});
    const form: Form = { values: { email, name }, errors: checkRegistration({ email, password, name }, t) };
    if (Object.keys(form.errors).length > 0) return showRegister(show, req, res, form, 422);
    try {
      await pass(limits.registration, req, res);
      const customer = { email: email.trim(), password, name: name.trim() || null, locale: localeOf(res) };
      await signIn.begin(req, await registerCustomer(services, customer));
      res.redirect(303, safeNext(bodyNext(req)));
    } catch (error) {
      if (error instanceof EmailTaken) {
        form.errors.email = t('auth:error.email_taken');
        return showRegister(show, req, res, form, 422);
      }
      await showRegister(show, req, res, { ...form, problem: tooMany(error, res, t) }, 429);
    }
  });

  router.get('/login', goOnIfSignedIn, async (req, res) => {
    const t = translatorOf(res);
    const notice = req.query.signed_out === '1' ? { notice: t('auth:login.signed_out') } : {};
    await showLogin(show, req, res, { ...empty, ...notice });
  });

  router.post('/login', parseForm, async (req, res) => {
    const t = translatorOf(res);
    const { email, password } = registration.parse(req.body ?? {});
    const form: Form = { values: { email, name: '' }, errors: checkLogin({ email, password }, t) };
    if (Object.keys(form.errors).length > 0) return showLogin(show, req, res, form, 422);
    try {
      await pass(limits.signIn, req, res);
    } catch (error) {
      return showLogin(show, req, res, { ...form, problem: tooMany(error, res, t) }, 429);
    }
    const result = await signIn.authenticate(req, res);
    if (result === 'wrong') return showLogin(show, req, res, { ...form, problem: t('auth:error.wrong') }, 401);
    if (result === 'suspended') {
      const address = addressOf(services.settings.mailFrom);
      return showLogin(show, req, res, { ...form, problem: t('auth:error.suspended', { address }) }, 403);
    }
    await signIn.begin(req, result);
    res.redirect(303, safeNext(bodyNext(req)));
  });

  router.post('/logout', async (req, res) => {
    await signIn.end(req);
    res.redirect(303, '/login?signed_out=1');
  });

  return router;
}

async function showRegister(show: ShowPage, req: Request, res: Response, form: Form, status = 200): Promise<void> {
  const t = translatorOf(res);
  const title = t('auth:register.title');
  show(req, res, 'pages/register', { title, ...(await common(req, res, form, '/login')), passwordMinLength }, status);
}

async function showLogin(show: ShowPage, req: Request, res: Response, form: Form, status = 200): Promise<void> {
  const title = translatorOf(res)('auth:login.title');
  show(req, res, 'pages/login', { title, section: 'login', ...(await common(req, res, form, '/register')) }, status);
}

async function common(req: Request, res: Response, form: Form, other: string) {
  const asked = bodyNext(req) ?? req.query.next;
  const next = safeNext(asked);
  return {
    ...form,
    next,
    otherHref: asked === undefined ? other : `${other}?next=${encodeURIComponent(next)}`,
    purpose: await purposeOf(next, localeOf(res), translatorOf(res)),
    focus: { [firstError(form)]: true },
  };
}

/** The field in which to go on writing: the first wrong one, or the first. */
function firstError({ errors }: Form): string {
  return (['email', 'password', 'name'] as const).find((field) => errors[field] !== undefined) ?? 'email';
}

const goOnIfSignedIn: RequestHandler = (req, res, next) => {
  if (userOf(res) === null) next();
  else res.redirect(303, safeNext(req.query.next));
};

function bodyNext(req: Request): unknown {
  return (req.body as { next?: unknown } | undefined)?.next;
}

function checkLogin({ email, password }: { email: string; password: string }, t: Translate): Errors {
  return {
    ...(email.trim() === '' ? { email: t('auth:error.email_required') } : {}),
    ...(password === '' ? { password: t('auth:error.password_required') } : {}),
  };
}

function checkRegistration(form: { email: string; password: string; name: string }, t: Translate): Errors {
  const errors: Errors = {};
  const email = form.email.trim();
  if (email === '') errors.email = t('auth:error.email_required');
  else if (email.length > 254 || !z.email().safeParse(email).success) errors.email = t('auth:error.email_invalid');
  if (form.password.length < passwordMinLength) {
    errors.password = t('auth:error.password_short', { count: passwordMinLength });
  } else if (Buffer.byteLength(form.password) > passwordMaxBytes) {
    errors.password = t('auth:error.password_long', { max: passwordMaxBytes });
  }
  if (form.name.trim().length > 100) errors.name = t('auth:error.name_long');
  return errors;
}

/** @throws error again when it is not about trying too often */
function tooMany(error: unknown, res: Response, t: Translate): string {
  if (!(error instanceof RateLimited)) throw error;
  res.set('Retry-After', String(error.retryAfterSeconds));
  return t('auth:error.too_many', { count: error.retryAfterSeconds });
}

/** Runs middlewares here, so that what they refuse is told in the form. @throws what they refuse with */
async function pass(handlers: readonly RequestHandler[], req: Request, res: Response): Promise<void> {
  for (const handle of handlers) {
    await new Promise<void>((resolve, reject) => {
      const next = (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(error instanceof Error ? error : new Error('refused', { cause: error }));
      };
      Promise.resolve(handle(req, res, next)).catch(next);
    });
  }
}
