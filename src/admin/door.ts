import express, { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import { RateLimited } from '../kit/errors.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { localeNames, locales } from '../kit/i18n.ts';
import type { Render } from '../kit/templates.ts';
import type { DoorAssets } from './door-assets.ts';
import { createCheckPassword, recordSignIn } from './sign-in.ts';
import { signIn, signOut, staffOf } from './staff-session.ts';

/** Takes one of the tries that somebody has to sign in. @throws RateLimited */
export type TakeTry = (request: Request, email: string) => Promise<void>;

export interface DoorParts {
  services: Services;
  root: string;
  render: Render;
  assets: DoorAssets;
  takeTry: TakeTry;
}

// Whatever is missing, too long or no text at all is a wrong password, not an error of its own.
const credentials = z.object({ email: z.string().max(254), password: z.string().max(200), next: z.string().optional() });

/** The way in and out: a page in our own look, and two forms that post. */
export function door({ services, root, render, assets, takeTry }: DoorParts): Router {
  const checkPassword = createCheckPassword(services);
  const router = Router();
  const show = (response: Response, status: number, { email = '', next = '', ...said }: LoginModel) => {
    const locale = localeOf(response);
    const languages = locales.map((code) => ({ code, name: localeNames[code], current: code === locale, href: `?lang=${code}` }));
    const focus = { email: email === '', password: email !== '' };
    const model = { locale, assets, languages, focus, action: `${root}/login`, email, next, ...said };
    response.status(status).set('Cache-Control', 'no-store').send(render('admin/login', model));
  }; // prettier-ignore

  router.get('/login', (request, response) => {
    if (staffOf(response) !== null) {
      response.redirect(303, root);
      return;
    }
    const left = request.query.out !== undefined;
    const notice = left ? { notice: translatorOf(response)('admin:login.signed_out') } : {};
    show(response, 200, { next: nextPage(root, request.query.next), ...notice });
  });

  router.post('/login', express.urlencoded({ extended: false, limit: '10kb' }), async (request, response) => {
    const t = translatorOf(response);
    const posted = credentials.safeParse(request.body);
    const email = posted.data?.email ?? '';
    const next = nextPage(root, posted.data?.next);
    const wait = await tooManyTries(takeTry(request, email));
    if (wait !== undefined) {
      response.set('Retry-After', String(wait));
      show(response, 429, { email, next, problem: t('admin:login.too_many', { count: wait }) });
      return;
    }
    const staff = posted.success ? await checkPassword(request) : null;
    if (staff === null) {
      show(response, 401, { email, next, problem: t('admin:login.wrong') });
      return;
    }
    await signIn(request, staff.id);
    await recordSignIn(services, staff, request.ip);
    response.redirect(303, next === '' ? root : next);
  });

  router.post('/logout', async (request, response) => {
    await signOut(request);
    response.redirect(303, `${root}/login?out`);
  });
  return router;
}

interface LoginModel {
  email?: string;
  next?: string;
  problem?: string;
  notice?: string;
}

/** → how many seconds to wait, if the tries are used up. */
async function tooManyTries(taken: Promise<void>): Promise<number | undefined> {
  try {
    await taken;
    return undefined;
  } catch (error) {
    if (error instanceof RateLimited) return error.retryAfterSeconds;
    throw error;
  }
}

/** Where to go after signing in: a page of the panel, and never another site. */
function nextPage(root: string, next: unknown): string {
  if (typeof next !== 'string' || !URL.canParse(next, 'http://panel.invalid')) return '';
  const { origin, pathname, search } = new URL(next, 'http://panel.invalid');
  return origin === 'http://panel.invalid' && pathname.startsWith(`${root}/`) ? pathname + search : '';
}
