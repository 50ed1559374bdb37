import express, { Router, type Request, type Response } from 'express';
import { hasFactor } from '../accounts/staff-factor.ts';
import { enrolSecondFactor } from '../billing/second-factor.ts';
import type { Services } from '../billing/services.ts';
import { checkCode } from '../billing/sign-in-staff.ts';
import { asActor } from '../billing/staff-audit.ts';
import { translatorOf } from '../kit/http/language.ts';
import { limitSignIn, type RateLimits } from '../kit/http/rate-limit.ts';
import { tooManyTries, type ShowPage } from './door-page.ts';
import { enrolModel } from './enrol-model.ts';
import { knockOf, proposalOf, readPending, signIn } from './staff-session.ts';

export interface SecondStepParts {
  services: Services;
  root: string;
  show: ShowPage;
  limits: RateLimits;
}

/** Between the right password and the panel: a code, or first of all a phone to have codes from. */
export function secondStep({ services, root, show, limits }: SecondStepParts): Router {
  const router = Router();
  const readForm = express.urlencoded({ extended: false, limit: '10kb' });
  // Whose name it counts under is not in the form, but by address tries are limited here too; codes lock the account.
  const limited = limitSignIn(limits, 'staff');

  router.get('/login/code', async (request, response) => {
    const pending = await readPending(services, request);
    if (pending === null || !hasFactor(pending.staff)) response.redirect(303, `${root}/login`);
    else show(response, 'code', { email: pending.staff.email });
  });

  router.post(
    '/login/code',
    readForm,
    ...limited,
    async (request: Request, response: Response) => {
      const pending = await readPending(services, request);
      if (pending === null) {
        response.redirect(303, `${root}/login`);
        return;
      }
      const { staff, next } = pending;
      if (await checkCode(services, staff.id, codeOf(request), knockOf(request))) {
        await signIn(services, request, staff);
        response.redirect(303, next);
        return;
      }
      show(response, 'code', { status: 401, email: staff.email, problem: translatorOf(response)('admin:code.wrong') });
    },
    tooManyTries(async (request, response, said) => {
      const pending = await readPending(services, request);
      show(response, 'code', { email: pending?.staff.email ?? '', ...said });
    }),
  );

  router.get('/login/enrol', async (request, response) => {
    const pending = await readPending(services, request);
    if (pending === null || hasFactor(pending.staff)) {
      response.redirect(303, `${root}/login${pending === null ? '' : '/code'}`);
      return;
    }
    const proposal = await proposalOf(services, request);
    show(response, 'enrol', { ...enrolModel(services, proposal, pending.staff), ...atTheDoor(root) });
  });

  router.post('/login/enrol', readForm, async (request: Request, response: Response) => {
    const pending = await readPending(services, request);
    if (pending === null || hasFactor(pending.staff)) {
      response.redirect(303, `${root}/login${pending === null ? '' : '/code'}`);
      return;
    }
    const { staff, next } = pending;
    const proposal = await proposalOf(services, request);
    const by = asActor(staff, request.ip ?? null);
    const codes = await enrolSecondFactor(services, { proposal, code: codeOf(request), staff: by });
    if (codes === null) {
      const problem = translatorOf(response)('admin:enrol.wrong');
      const model = { ...enrolModel(services, proposal, staff), ...atTheDoor(root) };
      show(response, 'enrol', { status: 401, ...model, problem });
      return;
    }
    await signIn(services, request, staff);
    show(response, 'recovery', { codes, next });
  });
  return router;
}

const atTheDoor = (root: string) => ({ required: true, action: `${root}/login/enrol` });

export function codeOf(request: Request): string {
  const { code } = (request.body ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code.slice(0, 40) : '';
}
