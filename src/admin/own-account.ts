import express, { Router, type Request, type Response } from 'express';
import { validate as isUuid } from 'uuid';
import { countRecoveryCodes, hasFactor } from '../accounts/staff-factor.ts';
import { liveSessions } from '../accounts/staff-sessions.ts';
import type { Staff, StaffActor } from '../accounts/staff.ts';
import { resetStaffPassword } from '../billing/invite-staff.ts';
import { endStaffSessions } from '../billing/manage-staff.ts';
import { enrolSecondFactor, removeSecondFactor, renewRecoveryCodes } from '../billing/second-factor.ts';
import type { Services } from '../billing/services.ts';
import { asActor } from '../billing/staff-audit.ts';
import { NotFound, Unauthenticated } from '../kit/errors.ts';
import { translatorOf } from '../kit/http/language.ts';
import type { ShowPage, Shown } from './door-page.ts';
import { codeOf } from './door-second-step.ts';
import { enrolModel } from './enrol-model.ts';
import { forgetProposal, proposalOf, sessionIdOf, staffOf } from './staff-session.ts';

export interface OwnAccountParts {
  services: Services;
  root: string;
  show: ShowPage;
}

/**
 * What everybody may see and do about their own account, whatever their role: the second factor, and the places where
 * they are signed in. It takes nobody's id but theirs from the session.
 */
export function ownAccount({ services, root, show }: OwnAccountParts): Router {
  const router = Router();
  const readForm = express.urlencoded({ extended: false, limit: '10kb' });
  const me = `${root}/me`;
  const showMe = async (response: Response, shown: Shown = {}) => {
    show(response, 'me', { ...(await meModel(services, response)), ...shown });
  };
  const wrongCode = (response: Response) =>
    showMe(response, { status: 401, problem: translatorOf(response)('admin:code.wrong') });

  router.get('/me', (request, response) => {
    const done = ['ended', 'removed', 'mailed'].find((name) => request.query[name] !== undefined);
    return showMe(response, done === undefined ? {} : { notice: translatorOf(response)(`admin:me.${done}`) });
  });

  router.post('/me/sessions/:id/end', async (request: Request<{ id: string }>, response) => {
    const { id } = request.params;
    const { by } = signedIn(request as Request, response);
    if (!isUuid(id)) throw new NotFound();
    await endStaffSessions(services, { staffId: by.staffId, staff: by, only: id });
    response.redirect(303, `${me}?ended`);
  });

  router.post('/me/sessions/end', async (request, response) => {
    const { by } = signedIn(request, response);
    await endStaffSessions(services, { staffId: by.staffId, staff: by, except: sessionIdOf(response) ?? '' });
    response.redirect(303, `${me}?ended`);
  });

  router.post('/me/password', async (request, response) => {
    const { by } = signedIn(request, response);
    await resetStaffPassword(services, { staffId: by.staffId, staff: by });
    response.redirect(303, `${me}?mailed`);
  });

  const showEnrol = (response: Response, staff: Staff, proposal: string, shown: Shown = {}) => {
    show(response, 'enrol', { ...enrolModel(services, proposal, staff), action: `${me}/factor`, back: me, ...shown });
  };

  router.get('/me/factor', async (request, response) => {
    const { staff } = signedIn(request, response);
    if (hasFactor(staff)) response.redirect(303, me);
    else showEnrol(response, staff, await proposalOf(services, request));
  });

  router.post('/me/factor', readForm, async (request, response) => {
    const { staff, by } = signedIn(request, response);
    const proposal = await proposalOf(services, request);
    const codes = await enrolSecondFactor(services, { proposal, code: codeOf(request), staff: by });
    if (codes === null) {
      showEnrol(response, staff, proposal, { status: 401, problem: translatorOf(response)('admin:enrol.wrong') });
      return;
    }
    await forgetProposal(request);
    show(response, 'recovery', { codes, next: me });
  });

  router.post('/me/factor/remove', readForm, async (request, response) => {
    const { by } = signedIn(request, response);
    if (await removeSecondFactor(services, by, codeOf(request))) response.redirect(303, `${me}?removed`);
    else await wrongCode(response);
  });

  router.post('/me/factor/codes', readForm, async (request, response) => {
    const { by } = signedIn(request, response);
    const codes = await renewRecoveryCodes(services, by, codeOf(request));
    if (codes === null) await wrongCode(response);
    else show(response, 'recovery', { codes, next: me });
  });
  return router;
}

function signedIn(request: Request, response: Response): { staff: Staff; by: StaffActor } {
  const staff = staffOf(response);
  if (staff === null) throw new Unauthenticated();
  return { staff, by: asActor(staff, request.ip ?? null) };
}

async function meModel({ machineClock, settings }: Services, response: Response) {
  const staff = staffOf(response);
  if (staff === null) throw new Unauthenticated();
  const { id, name, email, role, totpEnrolledAt } = staff;
  const { idleMs, totalMs, totp } = settings.staff;
  const sessions = await liveSessions(id, settings.staff, machineClock.now());
  const current = sessionIdOf(response);
  return {
    name,
    email,
    role,
    enrolledAt: totpEnrolledAt,
    codesLeft: totpEnrolledAt === null ? 0 : await countRecoveryCodes(id),
    mayRemove: totp === 'optional',
    idleMinutes: Math.round(idleMs / 60_000),
    totalHours: Math.round(totalMs / 3600_000),
    sessions: sessions.map((session) => {
      const { id: sessionId, browser, address, begunAt, lastSeenAt } = session;
      const isCurrent = sessionId === current;
      return {
        id: sessionId,
        browser: browser ?? '–',
        address: address ?? '–',
        begunAt,
        lastSeenAt,
        current: isCurrent,
      };
    }),
    others: sessions.length > 1,
  };
}
