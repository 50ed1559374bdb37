import express, { Router } from 'express';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import { runJobNow } from '../jobs/runner.ts';
import { ValidationFailed } from '../kit/errors.ts';
import { validate } from '../kit/http/validate.ts';
import type { ClockControl } from './clock.ts';
import type { Mailbox } from './mailbox.ts';

const turn = z.strictObject({ advance: z.string().max(50).optional(), set: z.string().max(50).optional() });
const mailQuery = z.object({ to: z.string().max(254).optional() });

/** Clock, mailbox and jobs of the sandbox, `/sandbox/api`. */
export function createSandboxRoutes(services: Services, clock: ClockControl, mailbox: Mailbox): Router {
  const router = Router();

  router.get('/clock', (_req, res) => {
    res.json({ now: clock.now() });
  });

  router.post('/clock', express.json({ limit: '10kb' }), async (req, res) => {
    const { advance, set } = validate(turn, req.body);
    if ((advance === undefined) === (set === undefined)) {
      throw new ValidationFailed([{ path: 'advance', message: 'give either advance or set' }]);
    }
    res.json({ now: advance === undefined ? await clock.set(set ?? '') : await clock.advance(advance) });
  });

  router.get('/mail', async (req, res) => {
    res.json(await mailbox.list(validate(mailQuery, req.query)));
  });

  router.post('/jobs/:name/run', async (req, res) => {
    res.json(await runJobNow(services, req.params.name));
  });

  return router;
}
