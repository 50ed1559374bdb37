import { randomBytes } from 'node:crypto';
import type { ActionRequest, ApiController, CurrentAdmin, default as AdminJS } from 'adminjs';
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import type { AssetStore } from './assets.ts';
import { AppError, Forbidden, NotFound, Unauthenticated } from '../kit/errors.ts';
import { isResourceId, may, readingActions, type ResourceId } from './permissions.ts';
import type { PanelRequest } from './panel-options.ts';
import { panelPolicy } from './security.ts';
import type { RenderShell } from './shell.ts';
import { toActor, type StaffMember } from './staff-member.ts';
import { memberOf } from './staff-session.ts';

export interface PanelParts {
  admin: AdminJS;
  assets: AssetStore;
  Api: typeof ApiController;
  renderShell: RenderShell;
}

interface Params {
  resourceId: string;
  recordId: string;
  action: string;
  query: string;
}

/**
 * AdminJS's routes on Express 5. Every one asks the permission table before AdminJS is asked, so that what is forbidden
 * is 403 for the page and the JSON alike, and what is not there is 404. Bodies are JSON and nothing else: AdminJS's
 * multipart forms, and with them uploads, are not taken.
 */
export function panelRouter({ admin, assets, Api, renderShell }: PanelParts): Router {
  const router = Router();
  const page: RequestHandler<Partial<Params>> = async (request, response) => {
    const member = signedIn(response);
    authorize(admin, member, request.params);
    if (request.query.lang !== undefined) {
      // The choice is in the cookie now; the address stays clean.
      response.redirect(303, request.baseUrl + request.path);
      return;
    }
    const nonce = randomBytes(16).toString('base64');
    const html = await renderShell({ ...member }, nonce);
    response.set('Content-Security-Policy', panelPolicy(nonce)).set('Cache-Control', 'no-store').send(html);
  };
  router.get('/assets/:file', assets.serve);
  router.get('/', page);
  router.get('/resources/:resourceId', page);
  router.get('/resources/:resourceId/actions/:action', page);
  router.get('/resources/:resourceId/records/:recordId/:action', page);

  const body = express.json({ limit: '100kb' });
  const call = (run: (api: ApiController, request: ActionRequest, response: Response) => Promise<unknown>) => {
    return [body, handle(admin, Api, run)];
  };
  const onResource = call((api, request, response) => api.resourceAction(request, response));
  const onRecord = call((api, request, response) => api.recordAction(request, response));
  const onMany = call((api, request, response) => api.bulkAction(request, response));
  router.get(
    '/api/dashboard',
    handle(admin, Api, (api, request, response) => api.dashboard(request, response)),
  );
  router.all('/api/resources/:resourceId/actions/:action{/:query}', ...onResource);
  router.all('/api/resources/:resourceId/records/:recordId/:action', ...onRecord);
  router.all('/api/resources/:resourceId/bulk/:action', ...onMany);
  return router;
}

function handle(
  admin: AdminJS,
  Api: typeof ApiController,
  run: (api: ApiController, request: ActionRequest, response: Response) => Promise<unknown>,
): RequestHandler<Partial<Params>> {
  return async (request, response) => {
    const member = signedIn(response);
    const method = methodOf(request);
    authorize(admin, member, request.params, method);
    const actionRequest: PanelRequest = {
      params: { ...request.params } as ActionRequest['params'],
      query: request.query,
      payload: method === 'post' ? bodyOf(request) : {},
      method,
      actor: toActor(member, request.ip),
    };
    const currentAdmin: CurrentAdmin = { ...member };
    const answer = await run(new Api({ admin }, currentAdmin), actionRequest, response);
    refuse(answer);
    response.set('Cache-Control', 'no-store').json(answer);
  };
}

function methodOf(request: Request<Partial<Params>>): 'get' | 'post' {
  if (request.method === 'GET' || request.method === 'HEAD') return 'get';
  if (request.method === 'POST') return 'post';
  throw new AppError(405, 'not_found', `${request.method} is not known here.`);
}

function bodyOf(request: Request<Partial<Params>>): Record<string, unknown> {
  if (request.is('json') !== 'json') throw new AppError(415, 'validation_failed', 'Send JSON.');
  return request.body as Record<string, unknown>;
}

/** @throws NotFound for what does not exist, Forbidden for what this role may not do */
function authorize(admin: AdminJS, member: StaffMember, params: Partial<Params>, method: 'get' | 'post' = 'get'): void {
  const { resourceId, action = 'list' } = params;
  if (resourceId === undefined) return;
  if (!isResourceId(resourceId)) throw new NotFound();
  const known = Object.hasOwn(admin.findResource(resourceId).decorate().actions, action);
  if (!known) throw new NotFound();
  if (!may(member.role, resourceId, action)) throw new Forbidden(forbidden(resourceId, action));
  if (method === 'post' && readingActions.includes(action)) throw new Forbidden(forbidden(resourceId, action));
}

function forbidden(resourceId: ResourceId, action: string): string {
  return `Your role does not allow ${action} on ${resourceId}.`;
}

/** AdminJS answers 200 to what it could not find or would not do; we say so in the status. */
function refuse(answer: unknown): void {
  const type = (answer as { record?: { baseError?: { type?: string } | null } } | undefined)?.record?.baseError?.type;
  if (type === 'NotFoundError') throw new NotFound('There is no such row.');
  if (type === 'ForbiddenError') throw new Forbidden();
}

function signedIn(response: Response): StaffMember {
  const member = memberOf(response);
  if (member === null) throw new Unauthenticated();
  return member;
}
