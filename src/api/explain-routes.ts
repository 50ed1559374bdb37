import { Router } from 'express';
import { z } from 'zod';
import { explainCredits } from '../billing/explain-credits.ts';
import type { Services } from '../billing/services.ts';
import { validate } from '../kit/http/validate.ts';
import { readableUser } from './authenticate.ts';
import { presentExplanation } from './present.ts';

const instant = z.strictObject({
  at: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-01-31T12:00:00Z' })
    .transform((text) => new Date(text))
    .optional(),
});

/** A balance at any instant, and the grants behind it. */
export function explainRoutes(services: Services): Router {
  const router = Router();

  router.get('/', async (req, res) => {
    const user = await readableUser(req, 'credits:read', req.query.user_id);
    const { at } = validate(instant, { at: req.query.at });
    res.json(presentExplanation(await explainCredits(services, { userId: user.id, at })));
  });

  return router;
}
