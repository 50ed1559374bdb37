import cors from 'cors';
import express, { Router, type RequestHandler } from 'express';
import { ApiKeys } from '../accounts/api-keys.ts';
import type { Services } from '../billing/services.ts';
import { NotFound } from '../kit/errors.ts';
import { problemHandler } from '../kit/http/problem.ts';
import type { RateLimits } from '../kit/http/rate-limit.ts';
import { authenticate, createIdentify } from './authenticate.ts';
import { authRoutes } from './auth-routes.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { createConsumeCall } from './consume-call.ts';
import { createConsumeLane, type ConsumeLane } from './consume-lane.ts';
import { creditRoutes } from './credit-routes.ts';
import { callerLimit, limitCallers } from './limits.ts';
import { paymentRoutes } from './payment-routes.ts';
import { subscriptionRoutes } from './subscription-routes.ts';
import { userRoutes } from './user-routes.ts';

const bodyLimit = '100kb';
/** 500 items, each with a description. */
const batchBodyLimit = '1mb';

export interface Api {
  /** For the calls that come most often. */
  lane: ConsumeLane;
  /** Everything under `/api/v1`. */
  router: Router;
}

export interface ApiOptions {
  limits: RateLimits;
  corsOrigins: string[];
  securityHeaders: RequestHandler;
}

/** The JSON API, `/api/v1`: authenticate → validate → call → present. */
export function createApi(services: Services, { limits, corsOrigins, securityHeaders }: ApiOptions): Api {
  const identify = createIdentify(services, new ApiKeys());
  const count = callerLimit(limits);
  const consume = createConsumeCall(services);
  const lane = createConsumeLane(services, { identify, count, call: consume, securityHeaders });
  const router = Router();
  router.post('/credits/consume', lane.failed);
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
  // A body that has been read is not read again.
  router.post('/credits/consume/batch', express.json({ limit: batchBodyLimit, type: () => true }));
  router.use(express.json({ limit: bodyLimit, type: () => true }));

  router.use('/auth', authRoutes(services, limits));
  router.use(catalogRoutes());

  router.use(authenticate(identify));
  router.use(limitCallers(count));
  router.use('/users', userRoutes(services));
  router.use('/payments', paymentRoutes(services));
  router.use('/subscriptions', subscriptionRoutes(services));
  router.use('/credits', creditRoutes(services, consume));

  router.use(() => {
    throw new NotFound();
  });
  router.use(problemHandler(services.log));
  return { lane, router };
}
