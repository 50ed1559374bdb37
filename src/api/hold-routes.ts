import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import { listHolds, readHold } from '../credits/hold-queries.ts';
import { closeHold, openHold, type ClosedHold } from '../credits/holds.ts';
import { maxConsumption } from '../credits/refusals.ts';
import { NotFound } from '../kit/errors.ts';
import { uuid, validate } from '../kit/http/validate.ts';
import { actorOf, callerOf, readableUser, subjectOf } from './authenticate.ts';
import { consumptionFields, fingerprintOf, requirePrice, toConsumption } from './consumption-request.ts';
import { keyOf, markReplayed } from './idempotency.ts';
import { pageRequest, toPage } from './pages.ts';
import { presentHold } from './present.ts';

const secondMs = 1000;

const named = { user_id: z.string().optional() };
const opening = requirePrice(
  z.strictObject({ ...named, ...consumptionFields, expires_in_seconds: z.int().min(1).max(86_400) }),
);
const settlement = z.strictObject({ ...named, amount: z.int().min(0).max(maxConsumption) });
const release = z.strictObject(named);
const filter = z.object({ status: z.enum(['open', 'settled', 'released', 'expired']).optional() });

/** `/credits/holds`: credits set apart for work whose price is known when it is done. */
export function holdRoutes({ db, clock, metrics }: Services): Router {
  const router = Router();

  router.post('/', async (req, res) => {
    const { expires_in_seconds: seconds, ...body } = validate(opening, req.body);
    const userId = subjectOf(req, 'credits:consume', body.user_id);
    const now = clock.now();
    const hold = await openHold(db.pool, {
      ...toConsumption(body, {
        userId,
        actor: actorOf(callerOf(req)),
        idempotencyKey: keyOf(req.headers['idempotency-key']),
        now,
      }),
      fingerprint: fingerprintOf(body, seconds),
      expiresAt: new Date(now.getTime() + seconds * secondMs),
    });
    markReplayed(res, hold.replayed);
    res.status(201).json({
      hold_id: hold.holdId,
      amount: hold.amount,
      status: 'open',
      expires_at: hold.expiresAt,
      available_credits: hold.available,
    });
  });

  router.post('/:holdId/settle', async (req, res) => {
    const { amount, user_id } = validate(settlement, req.body);
    const closed = await close(req, user_id, amount);
    if (!closed.replayed) metrics.creditsSpent.inc(closed.settled);
    markReplayed(res, closed.replayed);
    res.json(presentClosed(req, closed));
  });

  router.post('/:holdId/release', async (req, res) => {
    const closed = await close(req, validate(release, req.body).user_id, null);
    markReplayed(res, closed.replayed);
    res.json(presentClosed(req, closed));
  });

  router.get('/:holdId', async (req, res) => {
    const { id } = await readableUser(req, 'credits:read', req.query.user_id);
    const holdId = holdIdOf(req);
    res.json(presentHold(await db.transaction((tx) => readHold(tx, id, holdId, clock.now()))));
  });

  router.get('/', async (req, res) => {
    const { id } = await readableUser(req, 'credits:read', req.query.user_id);
    const { limit, after: before } = pageRequest(req.query, (cursor) => uuid.safeParse(cursor).success);
    const { status } = validate(filter, req.query);
    const page = { status, limit: limit + 1, before, now: clock.now() };
    const holds = await db.transaction((tx) => listHolds(tx, id, page));
    res.json(toPage(holds, limit, (hold) => hold.id, presentHold));
  });

  /** @param amount what is spent of it; null: nothing, it is released */
  async function close(req: Request, named: string | undefined, amount: number | null): Promise<ClosedHold> {
    const userId = subjectOf(req, 'credits:consume', named);
    return closeHold(db.pool, {
      userId,
      holdId: holdIdOf(req),
      amount,
      actor: actorOf(callerOf(req)),
      idempotencyKey: keyOf(req.headers['idempotency-key']),
      // Kept with the hold, of which this is all there is to say: the same key may close another one.
      fingerprint: String(amount),
      now: clock.now(),
    });
  }

  return router;
}

/** @throws NotFound for what cannot be one */
function holdIdOf(req: Request): string {
  const id = uuid.safeParse(req.params.holdId);
  if (!id.success) throw new NotFound('There is no such hold.');
  return id.data;
}

function presentClosed(req: Request, { status, amount, settled, transactionId, available }: ClosedHold) {
  return {
    hold_id: holdIdOf(req),
    status,
    amount,
    settled_amount: settled,
    released_amount: amount - settled,
    transaction_id: transactionId,
    available_credits: available,
  };
}
