import cors from 'cors';
import express, { Router } from 'express';
import { ApiKeys } from '../accounts/api-keys.ts';
import type { Services } from '../billing/services.ts';
import { NotFound } from '../kit/errors.ts';
import { problemHandler } from '../kit/http/problem.ts';
import type { RateLimits } from '../kit/http/rate-limit.ts';
import { actorOf, authenticate, callerOf } from './authenticate.ts';
import { authRoutes } from './auth-routes.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { creditRoutes } from './credit-routes.ts';
import { explainRoutes } from './explain-routes.ts';
import { paymentRoutes } from './payment-routes.ts';
import { subscriptionRoutes } from './subscription-routes.ts';
import { userRoutes } from './user-routes.ts';

const bodyLimit = '100kb';

/** The JSON API, `/api/v1`: authenticate → validate → call → present. */
export function createApi(
  services: Services,
  { limits, corsOrigins }: { limits: RateLimits; corsOrigins: string[] },
): Router {
  const router = Router();
  router.use(
    cors({
      // Other sites get no header at all, not even a list of what they could have asked for.
      origin: (origin, decide) => {
        decide(null, origin !== undefined && corsOrigins.includes(origin) ? origin : false);
      },
      exposedHeaders: ['Idempotency-Replayed', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'],
      maxAge: 600,
    }),
  );
  router.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.use(express.json({ limit: bodyLimit, type: () => true }));

  router.use('/auth', authRoutes(services, limits));
  router.use(catalogRoutes());

  router.use(authenticate(services, new ApiKeys()));
  // Counted in memory: these come a thousand times a second.
  const perToken = { name: 'api', points: 100, seconds: 1, local: true };
  const perKey = { name: 'api-key', points: 2000, seconds: 1, local: true };
  router.use(
    limits.by(perToken, (req) => {
      const caller = callerOf(req);
      return caller.kind === 'user' ? caller.userId : null;
    }),
    limits.by(perKey, (req) => {
      const caller = callerOf(req);
      return caller.kind === 'api_key' ? actorOf(caller) : null;
    }),
  );
  router.use('/users', userRoutes(services));
  router.use('/payments', paymentRoutes(services));
  router.use('/subscriptions', subscriptionRoutes(services));
  router.use('/credits/explain', explainRoutes(services));
  router.use('/credits', creditRoutes(services));

  router.use(() => {
    throw new NotFound();
  });
  router.use(problemHandler(services.log));
  return router;
}
