import { Router, type Request } from 'express';
import { z } from 'zod';
import { cancelSubscription, resumeSubscription } from '../billing/cancel-subscription.ts';
import {
  previewPlanChange,
  revokePlanChange,
  schedulePlanChange,
  type ChangeRequest,
} from '../billing/schedule-plan-change.ts';
import type { Services } from '../billing/services.ts';
import { startFreePlan } from '../billing/start-free-plan.ts';
import { whatFollows } from '../billing/what-follows.ts';
import { validate } from '../kit/http/validate.ts';
import { toDecimal } from '../kit/money.ts';
import { findPlan } from '../plans/catalog.ts';
import { localized, subscriptionTypes } from '../plans/plan-terms.ts';
import { liveSubscription, type Subscription } from '../subscriptions/subscriptions.ts';
import { customerOf, readableUser } from './authenticate.ts';
import { languageOf } from './catalog-routes.ts';
import { presentChange, presentSubscription } from './present.ts';

const cancellation = z.strictObject({ at_period_end: z.boolean().default(true) });
const freePlan = z.strictObject({ plan_code: z.string().max(50) });
const empty = z.strictObject({});
const planChange = z.strictObject({
  plan_code: z.string().max(50),
  subscription_type: z.enum(subscriptionTypes).default('monthly'),
});

export function subscriptionRoutes(services: Services): Router {
  const router = Router();

  const present = async (req: Request, subscription: Subscription, locale: string) =>
    presentSubscription(
      subscription,
      await findPlan(subscription.planId),
      await whatFollows(subscription),
      languageOf(req, locale),
    );

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

  /** What moving to another plan would mean; one that begins at once is bought with create-order. */
  router.get('/current/change', async (req, res) => {
    const user = await customerOf(req);
    const request = toChange(user.id, validate(planChange, req.query));
    const { change, due, effectiveAt, to } = await previewPlanChange(services, request);
    res.json({
      plan_code: to.plan.planCode,
      plan_name: localized(to.plan.names, languageOf(req, user.locale)),
      subscription_type: to.price.subscriptionType,
      ...presentChange(change, due.currency),
      effective_at: effectiveAt,
      amount_due: toDecimal(due),
      currency: due.currency,
    });
  });

  router.post('/current/change', async (req, res) => {
    const user = await customerOf(req);
    const request = toChange(user.id, validate(planChange, req.body));
    res.json(await present(req, await schedulePlanChange(services, request), user.locale));
  });

  router.delete('/current/change', async (req, res) => {
    const user = await customerOf(req);
    res.json(await present(req, await revokePlanChange(services, user.id), user.locale));
  });

  return router;
}

function toChange(userId: string, { plan_code, subscription_type }: z.infer<typeof planChange>): ChangeRequest {
  return { userId, plan: { planCode: plan_code }, subscriptionType: subscription_type };
}
