import { randomBytes } from 'node:crypto';
import { routeHandler } from '@adminjs/express';
import type { ApiController, default as AdminJS } from 'adminjs';
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import type { StaffRole } from '../accounts/staff.ts';
import type { AssetStore } from './assets.ts';
import { AppError, Forbidden, NotFound, Unauthenticated } from '../kit/errors.ts';
import type { SandboxPanel } from '../sandbox/panel-controls.ts';
import { isResourceId, may, mayOnPage, readingActions, type PageId, type ResourceId } from './permissions.ts';
import { sandboxRoutes } from './sandbox-routes.ts';
import type { PanelRequest } from './panel-options.ts';
import type { SearchAnswer } from './search/search.ts';
import { panelPolicy } from './security.ts';
import type { RenderShell } from './shell.ts';
import { toActor, type StaffMember } from './staff-member.ts';
import { memberOf } from './staff-session.ts';

export interface PanelParts {
  admin: AdminJS;
  assets: AssetStore;
  Api: typeof ApiController;
  renderShell: RenderShell;
  /** How much waits for somebody in which table. */
  countWaiting: () => Promise<Partial<Record<ResourceId, number>>>;
  /** What this role finds by what was typed. */
  find: (role: StaffRole, typed: unknown) => Promise<SearchAnswer>;
  /** Outside production only. */
  sandbox: SandboxPanel | undefined;
}

interface Params {
  resourceId: string;
  recordId: string;
  action: string;
  query: string;
}

/**
 * AdminJS's routes, by the handler of its Express plugin, on addresses that Express 5 understands. Every one asks the permission table before AdminJS is asked, so that what is forbidden
 * is 403 for the page and the JSON alike, and what is not there is 404. Bodies are JSON and nothing else: AdminJS's
 * multipart forms, and with them uploads, are not taken.
 */
export function panelRouter(parts: PanelParts): Router {
  const { admin, assets, Api, renderShell, countWaiting, find, sandbox } = parts;
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
  router.get('/', mustSee('dashboard'), page);
  router.get('/resources/:resourceId', page);
  router.get('/resources/:resourceId/actions/:action', page);
  router.get('/resources/:resourceId/records/:recordId/:action', page);
  if (sandbox !== undefined) {
    router.get('/pages/sandbox', mustSee('sandbox'), page);
    router.use('/api/sandbox', sandboxRoutes(sandbox, signedIn));
  }
  router.get('/api/waiting', async (_request, response) => {
    const { role } = signedIn(response);
    const waiting = Object.entries(await countWaiting()).filter(([id]) => isResourceId(id) && may(role, id, 'list'));
    response.set('Cache-Control', 'no-store').json(Object.fromEntries(waiting));
  });

  router.get('/api/search', async (request, response) => {
    response.set('Cache-Control', 'no-store').json(await find(signedIn(response).role, request.query.q));
  });

  const PanelApi = refusing(Api);
  const body = express.json({ limit: '100kb' });
  const call = (path: string, action: keyof ApiController): [RequestHandler<Partial<Params>>, RequestHandler] => [
    hand(admin),
    routeHandler({ admin, route: { method: 'POST', path, Controller: PanelApi, action } }),
  ];
  router.use('/api/dashboard', mustSee('dashboard'));
  const calls: Record<string, keyof ApiController> = {
    '/api/dashboard': 'dashboard',
    '/api/resources/:resourceId/actions/:action{/:query}': 'resourceAction',
    '/api/resources/:resourceId/records/:recordId/:action': 'recordAction',
    '/api/resources/:resourceId/bulk/:action': 'bulkAction',
  };
  for (const [path, action] of Object.entries(calls)) router.all(path, body, ...call(path, action));
  return router;
}

function mustSee(page: PageId): RequestHandler {
  return (_request, response, next) => {
    if (!mayOnPage(signedIn(response).role, page, 'view')) throw new Forbidden();
    next();
  };
}

/** Lets through what this member may do, with what AdminJS's handler looks for on a request. */
function hand(admin: AdminJS): RequestHandler<Partial<Params>> {
  return (request, response, next) => {
    const member = signedIn(response);
    const method = methodOf(request);
    authorize(admin, member, request.params, method);
    // Who it is was read from the table for this request; the session store never learns it.
    Object.defineProperty(request.session, 'adminUser', { value: { ...member }, configurable: true });
    const given: Pick<PanelRequest, 'actor'> & { fields: object } = {
      actor: toActor(member, request.ip),
      fields: method === 'post' ? bodyOf(request) : {},
    };
    Object.assign(request, given, { params: { ...request.params }, method: method.toUpperCase() });
    response.set('Cache-Control', 'no-store');
    next();
  };
}

/** AdminJS's own controller, which answers 200 to what it could not find or would not do: here the status says so. */
function refusing(Api: typeof ApiController): typeof ApiController {
  return class extends Api {
    override async resourceAction(...call: Parameters<ApiController['resourceAction']>) {
      return checked(await super.resourceAction(...call));
    }

    override async recordAction(...call: Parameters<ApiController['recordAction']>) {
      return checked(await super.recordAction(...call));
    }

    override async bulkAction(...call: Parameters<ApiController['bulkAction']>) {
      return checked(await super.bulkAction(...call));
    }
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

/** @throws NotFound, Forbidden */
function checked<Answer>(answer: Answer): Answer {
  const type = (answer as { record?: { baseError?: { type?: string } | null } } | undefined)?.record?.baseError?.type;
  if (type === 'NotFoundError') throw new NotFound('There is no such row.');
  if (type === 'ForbiddenError') throw new Forbidden();
  return answer;
}

function signedIn(response: Response): StaffMember {
  const member = memberOf(response);
  if (member === null) throw new Unauthenticated();
  return member;
}
