import express, { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import { nextStep } from '../billing/sign-in-staff.ts';
import { signOutStaff } from '../billing/manage-staff.ts';
import { translatorOf } from '../kit/http/language.ts';
import { limitSignIn, type RateLimits } from '../kit/http/rate-limit.ts';
import { tooManyTries, type ShowPage, type Shown } from './door-page.ts';
import { createCheckPassword } from './sign-in.ts';
import { toActor } from './staff-member.ts';
import { awaitSecondStep, memberOf, sessionIdOf, signIn, signOut, staffOf } from './staff-session.ts';

export interface DoorParts {
  services: Services;
  root: string;
  show: ShowPage;
  limits: RateLimits;
  /** Called when the sign-in page is shown. */
  expectVisit: () => void;
}

// Whatever is missing, too long or no text at all is a wrong password, not an error of its own.
const text = (max: number) => z.string().max(max).catch('');
const form = z.object({ email: text(254), password: text(200), next: text(2000) });

/** The way in and out: a page in our own look, and two forms that post. */
export function door({ services, root, show, limits, expectVisit }: DoorParts): Router {
  const checkPassword = createCheckPassword(services);
  const router = Router();
  const showForm = (response: Response, { email = '', next = '', ...said }: Shown & { email?: string }) => {
    show(response, 'login', { email, next, focus: { email: email === '', password: email !== '' }, ...said });
  };

  router.get('/login', (request, response) => {
    if (staffOf(response) !== null) {
      response.redirect(303, root);
      return;
    }
    const told = ['out', 'chosen'].find((name) => request.query[name] !== undefined);
    const notice = told === undefined ? {} : { notice: translatorOf(response)(`admin:login.${told}`) };
    showForm(response, { next: nextPage(root, request.query.next), ...notice });
    expectVisit();
  });

  router.post(
    '/login',
    express.urlencoded({ extended: false, limit: '10kb' }),
    ...limitSignIn(limits, 'staff'),
    async (request: Request, response: Response) => {
      const { email, next } = posted(request);
      const staff = await checkPassword(request);
      if (staff === null) {
        const problem = translatorOf(response)('admin:login.wrong');
        showForm(response, { status: 401, email, next: nextPage(root, next), problem });
        return;
      }
      const page = nextPage(root, next) || root;
      const step = nextStep(services, staff);
      if (step === 'in') await signIn(services, request, staff);
      else await awaitSecondStep(services, request, staff, page);
      response.redirect(303, step === 'in' ? page : `${root}/login/${step}`);
    },
    tooManyTries((request, response, said) => {
      const { email, next } = posted(request);
      showForm(response, { email, next: nextPage(root, next), ...said });
    }),
  );

  router.post('/logout', async (request, response) => {
    const [member, sessionId] = [memberOf(response), sessionIdOf(response)];
    if (member !== null && sessionId !== null) await signOutStaff(services, toActor(member, request.ip), sessionId);
    await signOut(request);
    response.redirect(303, `${root}/login?out`);
  });
  return router;
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
