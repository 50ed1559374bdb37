import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import type { Consumed, Consumption } from '../credits/consume.ts';
import { logUnforeseen, toAppError, toProblem } from '../kit/http/problem.ts';
import { uuid, validate } from '../kit/http/validate.ts';
import { actorOf, apiKeyWith } from './authenticate.ts';
import { consumptionFields, requirePrice, toConsumption } from './consumption-request.ts';
import { keyMessage, keyPattern } from './idempotency.ts';

const batch = z.strictObject({ items: z.array(z.unknown()).min(1).max(500) });

const item = requirePrice(
  z.strictObject({ user_id: uuid, key: z.string().regex(keyPattern, keyMessage), ...consumptionFields }),
);

type Result<Value> = PromiseSettledResult<Value>;

/**
 * `POST /credits/consume/batch`: consumptions of many users in one call, each with its own key and its own result, in
 * order. One that is malformed or refused spoils no other.
 */
export function consumeBatch({ clock, log, metrics, consumptions }: Services): RequestHandler {
  return async (req, res) => {
    const actor = actorOf(apiKeyWith(req, 'credits:consume'));
    const { items } = validate(batch, req.body);
    const now = clock.now();
    const spends = items.map((sent) => read(sent, { actor, now }));
    const outcomes = await spendThose(spends, (valid) => consumptions.consumeMany(valid));
    metrics.creditsSpent.inc(creditsSpent(outcomes));
    // What broke for many at once is one failure.
    const failures = new Set<unknown>(
      outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }): unknown => reason),
    );
    for (const failure of failures) logUnforeseen(log, req, toAppError(failure));
    res.json({ results: outcomes.map((outcome, place) => ({ ...nameOf(items[place]), ...present(outcome, req) })) });
  };
}

function read(sent: unknown, circumstances: { actor: string; now: Date }): Result<Consumption> {
  try {
    const { user_id: userId, key: idempotencyKey, ...request } = validate(item, sent);
    return { status: 'fulfilled', value: toConsumption(request, { ...circumstances, userId, idempotencyKey }) };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}

/** → for each in its place what became of it, or why it could not even be read */
async function spendThose(
  spends: readonly Result<Consumption>[],
  consumeMany: (valid: Consumption[]) => Promise<Result<Consumed>[]>,
): Promise<Result<Consumed>[]> {
  const valid = spends.flatMap((spend) => (spend.status === 'fulfilled' ? [spend.value] : []));
  const spent = (await consumeMany(valid)).values();
  return spends.map((spend) => (spend.status === 'rejected' ? spend : answered(spent.next().value)));
}

function answered(outcome: Result<Consumed> | undefined): Result<Consumed> {
  if (outcome === undefined) throw new RangeError('fewer answers than consumptions');
  return outcome;
}

function creditsSpent(outcomes: readonly Result<Consumed>[]): number {
  return outcomes.reduce(
    (sum, outcome) => sum + (outcome.status === 'fulfilled' && !outcome.value.replayed ? outcome.value.amount : 0),
    0,
  );
}

/** What the caller knows it by, as it was sent. */
function nameOf(sent: unknown): { user_id: string | null; key: string | null } {
  const { user_id, key } = (sent ?? {}) as Record<string, unknown>;
  return { user_id: typeof user_id === 'string' ? user_id : null, key: typeof key === 'string' ? key : null };
}

function present(outcome: Result<Consumed>, req: Request) {
  if (outcome.status === 'rejected') return { problem: toProblem(toAppError(outcome.reason), req) };
  const { transactionId, amount, balanceAfter, replayed } = outcome.value;
  return {
    transaction_id: transactionId,
    amount,
    balance_after: balanceAfter,
    ...(replayed ? { replayed: true } : {}),
  };
}
