import { Router } from 'express';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import { listTransactions, readCredits } from '../credits/queries.ts';
import { text, validate } from '../kit/http/validate.ts';
import { actorOf, callerOf, readableUser, subjectOf } from './authenticate.ts';
import { idempotencyOf, markReplayed } from './idempotency.ts';
import { pageRequest, toPage } from './pages.ts';
import { presentCredits, presentTransaction } from './present.ts';

const maxConsumption = 1_000_000_000;

const consumption = z.strictObject({
  user_id: z.string().optional(),
  amount: z.int().min(1).max(maxConsumption),
  feature_type: text(100),
  reference: text(255).optional(),
  description: text(500).optional(),
});

export function creditRoutes({ db, clock, metrics, consumptions }: Services): Router {
  const router = Router();

  router.get('/', async (req, res) => {
    const user = await readableUser(req, 'credits:read', req.query.user_id);
    res.json(presentCredits(await db.transaction((tx) => readCredits(tx, user.id, clock.now()))));
  });

  // The hot path: nothing here but what decides; see credits/consume.ts.
  router.post('/consume', async (req, res) => {
    const body = validate(consumption, req.body);
    const userId = subjectOf(req, 'credits:consume', body.user_id);
    const idempotency = idempotencyOf(req);
    const spent = await consumptions.consume({
      userId,
      amount: body.amount,
      quantity: null,
      featureType: body.feature_type,
      reference: body.reference ?? null,
      description: body.description ?? null,
      actor: actorOf(callerOf(req)),
      idempotencyKey: idempotency?.key ?? null,
      fingerprint: idempotency?.fingerprint ?? '',
      now: clock.now(),
    });
    if (!spent.replayed) metrics.creditsSpent.inc(spent.amount);
    markReplayed(res, spent.replayed);
    res.json({ transaction_id: spent.transactionId, amount: spent.amount, balance_after: spent.balanceAfter });
  });

  router.get('/transactions', async (req, res) => {
    const user = await readableUser(req, 'credits:read', req.query.user_id);
    const { limit, after } = pageRequest(req.query, (cursor) => /^\d{1,15}$/.test(cursor));
    const entries = await listTransactions(user.id, limit + 1, after === undefined ? undefined : Number(after));
    res.json(toPage(entries, limit, (entry) => String(entry.seq), presentTransaction));
  });

  return router;
}
