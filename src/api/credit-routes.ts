import { Router } from 'express';
import type { Services } from '../billing/services.ts';
import { listTransactions, readCredits } from '../credits/queries.ts';
import { callerOf, readableUser } from './authenticate.ts';
import { consumeBatch } from './batch-route.ts';
import { presentConsumed, type ConsumeCall } from './consume-call.ts';
import { holdRoutes } from './hold-routes.ts';
import { keyOf, markReplayed } from './idempotency.ts';
import { pageRequest, toPage } from './pages.ts';
import { presentCredits, presentTransaction } from './present.ts';

export function creditRoutes(services: Services, consume: ConsumeCall): Router {
  const { db, clock } = services;
  const router = Router();

  router.get('/', async (req, res) => {
    const user = await readableUser(req, 'credits:read', req.query.user_id);
    res.json(presentCredits(await db.transaction((tx) => readCredits(tx, user.id, clock.now()))));
  });

  // Calls of a product's own servers take the fast lane; these come from a browser.
  router.post('/consume', async (req, res) => {
    const key = keyOf(req.headers['idempotency-key']);
    const consumed = await consume({ caller: callerOf(req), body: req.body as unknown, key });
    markReplayed(res, consumed.replayed);
    res.json(presentConsumed(consumed));
  });

  router.post('/consume/batch', consumeBatch(services));
  router.use('/holds', holdRoutes(services));

  router.get('/transactions', async (req, res) => {
    const user = await readableUser(req, 'credits:read', req.query.user_id);
    const { limit, after } = pageRequest(req.query, (cursor) => /^\d{1,15}$/.test(cursor));
    const entries = await listTransactions(user.id, limit + 1, after === undefined ? undefined : Number(after));
    res.json(toPage(entries, limit, (entry) => String(entry.seq), presentTransaction));
  });

  return router;
}
