import express, { Router, type ErrorRequestHandler, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import { RateLimited } from '../kit/errors.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { limitSignIn, type RateLimits } from '../kit/http/rate-limit.ts';
import { localeNames, locales } from '../kit/i18n.ts';
import type { Render } from '../kit/templates.ts';
import type { DoorAssets } from './door-assets.ts';
import { createCheckPassword, recordSignIn } from './sign-in.ts';
import { signIn, signOut, staffOf } from './staff-session.ts';

export interface DoorParts {
  services: Services;
  root: string;
  render: Render;
  assets: DoorAssets;
  limits: RateLimits;
  /** Called when the sign-in page is shown. */
  expectVisit: () => void;
}

// Whatever is missing, too long or no text at all is a wrong password, not an error of its own.
const text = (max: number) => z.string().max(max).catch('');
const form = z.object({ email: text(254), password: text(200), next: text(2000) });

/** The way in and out: a page in our own look, and two forms that post. */
export function door({ services, root, render, assets, limits, expectVisit }: DoorParts): Router {
  const checkPassword = createCheckPassword(services);
  const router = Router();
  const show = (response: Response, status: number, { email = '', next = '', ...said }: Shown) => {
    const locale = localeOf(response);
    const languages = locales.map((code) => {
      return { code, name: localeNames[code], current: code === locale, href: `?lang=${code}` };
    });
    const focus = { email: email === '', password: email !== '' };
    const model = { locale, assets, languages, focus, action: `${root}/login`, email, next, ...said };
    response.status(status).set('Cache-Control', 'no-store').send(render('admin/login', model));
  };

  router.get('/login', (request, response) => {
    if (staffOf(response) !== null) {
      response.redirect(303, root);
      return;
    }
    const left = request.query.out !== undefined;
    const notice = left ? { notice: translatorOf(response)('admin:login.signed_out') } : {};
    show(response, 200, { next: nextPage(root, request.query.next), ...notice });
    expectVisit();
  });

  const readForm = express.urlencoded({ extended: false, limit: '10kb' });
  router.post(
    '/login',
    readForm,
    ...limitSignIn(limits, 'staff'),
    async (request: Request, response: Response) => {
      const { email, next } = posted(request);
      const staff = await checkPassword(request);
      if (staff === null) {
        const problem = translatorOf(response)('admin:login.wrong');
        show(response, 401, { email, next: nextPage(root, next), problem });
        return;
      }
      await signIn(request, staff);
      await recordSignIn(services, staff, request.ip);
      response.redirect(303, nextPage(root, next) || root);
    },
    tooManyTries(root, show),
  );

  router.post('/logout', async (request, response) => {
    await signOut(request);
    response.redirect(303, `${root}/login?out`);
  });
  return router;
}

interface Shown {
  email?: string;
  next?: string;
  problem?: string;
  notice?: string;
}

function tooManyTries(
  root: string,
  show: (response: Response, status: number, shown: Shown) => void,
): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (!(error instanceof RateLimited)) {
      next(error);
      return;
    }
    const seconds = error.retryAfterSeconds;
    const { email, next: wanted } = posted(request);
    response.set('Retry-After', String(seconds));
    const problem = translatorOf(response)('admin:login.too_many', { count: seconds });
    show(response, error.status, { email, next: nextPage(root, wanted), problem });
  };
}

function posted(request: Request): z.infer<typeof form> {
  return form.parse(request.body ?? {});
}

/** Where to go after signing in: a page of the panel, and never another site. */
function nextPage(root: string, next: unknown): string {
  if (typeof next !== 'string' || !URL.canParse(next, 'http://panel.invalid')) return '';
  const { origin, pathname, search } = new URL(next, 'http://panel.invalid');
  return origin === 'http://panel.invalid' && pathname.startsWith(`${root}/`) ? pathname + search : '';
}
