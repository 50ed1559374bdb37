import { Router, type RequestHandler, type Response } from 'express';
import type { Services } from '../billing/services.ts';
import { NotFound } from '../kit/errors.ts';
import { chooseLanguage } from '../kit/http/language.ts';
import type { RateLimits } from '../kit/http/rate-limit.ts';
import { refuseCrossSite } from '../kit/http/same-site.ts';
import { createTemplates } from '../kit/templates.ts';
import type { SandboxPanel } from '../sandbox/panel-controls.ts';
import { AssetStore } from './assets.ts';
import { addDoorAssets } from './door-assets.ts';
import { doorPages } from './door-page.ts';
import { secondStep } from './door-second-step.ts';
import { door } from './door.ts';
import { errorPage } from './error-page.ts';
import { invitationPage } from './invitation-page.ts';
import { ownAccount } from './own-account.ts';
import { doorPolicy } from './security.ts';
import { readMember, requireSignIn, staffOf } from './staff-session.ts';

export interface AdminParts {
  /** Sessions of staff, under a cookie of their own. */
  session: RequestHandler;
  limits: RateLimits;
  /** Outside production only. */
  sandbox?: SandboxPanel | undefined;
}

export interface Admin {
  /** To be mounted at `/admin`. */
  router: Router;
  /** Loads AdminJS now, so that nobody waits for it later. The first request to the panel does the same. */
  warmUp: () => Promise<void>;
}

const root = '/admin';

/**
 * The staff panel: the sign-in, and behind it AdminJS, which is loaded once, when it is first needed: importing it
 * takes longer than the rest of the start.
 */
export async function createAdmin(services: Services, { session, limits, sandbox }: AdminParts): Promise<Admin> {
  const assets = new AssetStore(root);
  const doorAssets = await addDoorAssets(assets);
  const render = createTemplates();
  const panel = once(async () => {
    const { loadPanel } = await import('./panel.ts');
    return loadPanel(services, root, sandbox);
  });

  const router = Router();
  router.use(doorPolicy);
  router.get('/assets/:file', assets.serve);
  router.use(session, readMember(services), chooseLanguage(accountLocale), refuseCrossSite);
  // Whoever looks at the sign-in page is about to need the panel.
  const expectVisit = () => {
    panel().catch((error: unknown) => {
      services.log.error({ err: error }, 'the panel could not be loaded');
    });
  };
  const show = doorPages({ root, render, assets: doorAssets });
  router.use(door({ services, root, show, limits, expectVisit }));
  router.use(secondStep({ services, root, show, limits }));
  router.use(invitationPage({ services, root, show }));
  router.use(requireSignIn(root));
  router.use(ownAccount({ services, root, show }));
  router.use(async (request, response, next) => {
    const loaded = await panel();
    loaded(request, response, next);
  });
  router.use(() => {
    throw new NotFound();
  });
  router.use(errorPage({ root, render, assets: doorAssets, log: services.log }));
  return {
    router,
    warmUp: async () => {
      await panel();
    },
  };
}

function accountLocale(response: Response): string | undefined {
  return staffOf(response)?.locale;
}

/** A load that failed is tried again by the next request. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}
