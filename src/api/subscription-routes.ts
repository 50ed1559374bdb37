import { Router, type Request } from 'express';
import { z } from 'zod';
import { cancelSubscription, resumeSubscription } from '../billing/cancel-subscription.ts';
import type { Services } from '../billing/services.ts';
import { startFreePlan } from '../billing/start-free-plan.ts';
import { validate } from '../kit/http/validate.ts';
import { findPlan } from '../plans/catalog.ts';
import { liveSubscription, type Subscription } from '../subscriptions/subscriptions.ts';
import { customerOf, readableUser } from './authenticate.ts';
import { languageOf } from './catalog-routes.ts';
import { presentSubscription } from './present.ts';

const cancellation = z.strictObject({ at_period_end: z.boolean().default(true) });
const freePlan = z.strictObject({ plan_code: z.string().max(50) });
const empty = z.strictObject({});

export function subscriptionRoutes(services: Services): Router {
  const router = Router();

  const present = async (req: Request, subscription: Subscription, locale: string) =>
    presentSubscription(subscription, await findPlan(subscription.planId), languageOf(req, locale));

  /** Starts a plan that costs nothing; one that has a price is bought with create-order. */
  router.post('/', async (req, res) => {
    const user = await customerOf(req);
    const { plan_code } = validate(freePlan, req.body);
    const subscription = await startFreePlan(services, { userId: user.id, planCode: plan_code });
    res.status(201).json(await present(req, subscription, user.locale));
  });

  router.get('/current', async (req, res) => {
    const user = await readableUser(req, 'users:read', req.query.user_id);
    const live = await liveSubscription(user.id);
    res.json({ subscription: live === null ? null : await present(req, live, user.locale) });
  });

  router.post('/current/cancel', async (req, res) => {
    const user = await customerOf(req);
    const { at_period_end: atPeriodEnd } = validate(cancellation, req.body);
    const subscription = await cancelSubscription(services, { userId: user.id, atPeriodEnd });
    res.json(await present(req, subscription, user.locale));
  });

  router.post('/current/resume', async (req, res) => {
    const user = await customerOf(req);
    validate(empty, req.body);
    res.json(await present(req, await resumeSubscription(services, user.id), user.locale));
  });

  return router;
}
