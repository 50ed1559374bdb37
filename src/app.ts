import type { RequestListener } from 'node:http';
import express, { type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Redis } from 'ioredis';
import type { Admin } from './admin/index.ts';
import { createApi } from './api/index.ts';
import type { Services } from './billing/services.ts';
import { queueDepth } from './db/queue.ts';
import { problemHandler } from './kit/http/problem.ts';
import type { RateLimits } from './kit/http/rate-limit.ts';
import { logRequests, measureRequests } from './kit/http/request-log.ts';
import { nameRoutes } from './kit/http/route-name.ts';
import { refuseCrossSite } from './kit/http/same-site.ts';
import { within } from './kit/within.ts';
import { createPages } from './pages/index.ts';
import type { Sandbox } from './sandbox/index.ts';
import { createWebhooks } from './webhooks/index.ts';

export interface AppParts {
  /** Customers' cookie sessions. */
  sessions: RequestHandler;
  limits: RateLimits;
  /** Sites whose scripts may call the API. */
  corsOrigins: string[];
  /** How many proxies stand before us. */
  trustProxy: number;
  redis: Redis | undefined;
  admin: Admin;
  /** Outside production only. */
  sandbox: Sandbox | undefined;
}

export interface App {
  app: Express;
  /** The app, with the fast lane before it. */
  listener: RequestListener;
}

/** The Express app. The error handler comes last. */
export function createApp(services: Services, parts: AppParts): App {
  const { sandbox, limits } = parts;
  const app = express();
  app.disable('x-powered-by');
  nameRoutes(app);
  app.set('trust proxy', parts.trustProxy);
  const secured = securityHeaders(services.settings.publicUrl().startsWith('https:'));
  const api = createApi(services, { limits, corsOrigins: parts.corsOrigins, securityHeaders: secured });
  app.use(logRequests(services.log), measureRequests(services.metrics));
  app.use(secured);

  app.use(operations(services, parts.redis));
  app.use('/webhooks', createWebhooks(services));
  app.use('/api/v1', api.router);
  if (sandbox !== undefined) {
    app.use('/sandbox/paypal', sandbox.paypal);
    app.use('/sandbox/api', refuseCrossSite, sandbox.api, problemHandler(services.log));
  }
  app.use('/admin', parts.admin.router);
  app.use(
    createPages(services, {
      sessions: parts.sessions,
      limits,
      ...(sandbox === undefined ? {} : { more: sandbox.pages }),
    }),
  );
  app.use(problemHandler(services.log));
  return { app, listener: api.lane.before(app as RequestListener) };
}

/** Nothing from elsewhere, nothing inline; forms lead on to the gateway, which browsers count as their target too. */
function securityHeaders(isHttps: boolean): RequestHandler {
  const self = "'self'";
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': [self],
        'img-src': [self, 'data:'],
        'form-action': [self, 'https://www.paypal.com', 'https://www.sandbox.paypal.com'],
        'frame-ancestors': ["'none'"],
        'base-uri': ["'none'"],
        'object-src': ["'none'"],
        ...(isHttps ? { 'upgrade-insecure-requests': [] } : {}),
      },
    },
    strictTransportSecurity: isHttps && { maxAge: 365 * 24 * 3600, includeSubDomains: false },
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
}

/** `/healthz`, `/readyz`, `/metrics`. */
function operations({ db, metrics }: Services, redis: Redis | undefined): Router {
  const router = express.Router();

  router.use(['/healthz', '/readyz', '/metrics'], (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });

  router.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });

  router.get('/readyz', async (_req, res) => {
    const [database, queue, cache] = await Promise.all([
      works(db.pool.query('SELECT 1')),
      works(queueDepth(db.pool)),
      redis === undefined ? undefined : works(redis.ping()),
    ]);
    // Without Redis we still serve: limits are counted in memory, and only signing in by cookie waits for it.
    const isReady = database === 'ok' && queue === 'ok';
    const status = !isReady ? 'unavailable' : cache === 'down' ? 'degraded' : 'ok';
    const checks = { database, queue, ...(cache === undefined ? {} : { redis: cache }) };
    res.status(isReady ? 200 : 503).json({ status, checks });
  });

  router.get('/metrics', async (_req, res) => {
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });

  return router;
}

const checkTimeoutMs = 2_000;

async function works(check: Promise<unknown>): Promise<'ok' | 'down'> {
  return within(checkTimeoutMs, check).then(
    () => 'ok',
    () => 'down',
  );
}
