import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { AppError, Forbidden } from '../kit/errors.ts';
import { translatorOf } from '../kit/http/language.ts';
import { validate } from '../kit/http/validate.ts';
import type { SandboxPanel, SandboxView } from '../sandbox/panel-controls.ts';
import { mayOnPage } from './permissions.ts';
import { toActor, type StaffMember } from './staff-member.ts';

/** What the page is told. */
export interface SandboxAnswer extends SandboxView {
  mayChange: boolean;
}

const turn = z.union([z.strictObject({ advance: z.string().max(50) }), z.strictObject({ set: z.string().max(50) })]);
const fault = z.strictObject({
  on: z.string().max(50),
  fault: z.string().max(50),
  times: z.int().min(1).max(100),
  orderId: z.string().max(36).nullable(),
});
const nothing = z.strictObject({});
const listQuery = z.object({ to: z.string().trim().max(254).optional() });

/** The JSON behind the sandbox's page. It is mounted where there is a sandbox only, so in production all of it is 404. */
export function sandboxRoutes(sandbox: SandboxPanel, signedIn: (response: Response) => StaffMember): Router {
  const router = Router();
  const json = express.json({ limit: '10kb' });
  const actorOf = (request: Request, response: Response) => toActor(signedIn(response), request.ip);
  const allow =
    (what: 'view' | 'change'): RequestHandler =>
    (request, response, next) => {
      if (!mayOnPage(signedIn(response).role, 'sandbox', what))
        throw new Forbidden('Your role does not allow to change the sandbox.');
      if (what === 'change' && request.is('json') !== 'json')
        throw new AppError(415, 'validation_failed', 'Send JSON.');
      response.set('Cache-Control', 'no-store');
      next();
    };

  router.get('/', allow('view'), async (request, response) => {
    const { to } = validate(listQuery, request.query);
    const view = await sandbox.read(translatorOf(response), to === '' ? undefined : to);
    const mayChange = mayOnPage(signedIn(response).role, 'sandbox', 'change');
    response.json({ ...view, mayChange } satisfies SandboxAnswer);
  });

  router.get('/mails/:id', allow('view'), async (request: Request<{ id: string }>, response) => {
    response.json(await sandbox.readMail(request.params.id));
  });

  router.post('/clock', allow('change'), json, async (request, response) => {
    response.json({ now: await sandbox.turn(validate(turn, request.body), actorOf(request, response)) });
  });

  router.post('/faults', allow('change'), json, async (request, response) => {
    await sandbox.armFault(validate(fault, request.body), actorOf(request, response));
    response.status(204).end();
  });

  router.post('/faults/clear', allow('change'), json, async (request, response) => {
    validate(nothing, request.body);
    await sandbox.clearFaults(actorOf(request, response));
    response.status(204).end();
  });

  return router;
}
