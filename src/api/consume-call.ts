import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import type { Consumed } from '../credits/consume.ts';
import { maxConsumption } from '../credits/refusals.ts';
import { text, validate } from '../kit/http/validate.ts';
import { actorOf, subjectFor, type Caller } from './authenticate.ts';

const credits = z.int().min(1).max(maxConsumption);

const consumption = z
  .strictObject({
    user_id: z.string().optional(),
    amount: credits.optional(),
    quantity: credits.optional(),
    feature_type: text(100),
    reference: text(255).optional(),
    description: text(500).optional(),
  })
  .refine(({ amount, quantity }) => amount !== undefined || quantity !== undefined, {
    // Said together with whatever else is wrong.
    when: ({ value }) => typeof value === 'object' && value !== null,
    path: ['amount'],
    message: 'say how many credits (amount), or how many units of a feature with a price (quantity)',
  });

/** `POST /credits/consume` once its caller is known: validate → call. The same for both of its doors. */
export type ConsumeCall = (request: { caller: Caller; body: unknown; key: string | null }) => Promise<Consumed>;

export function createConsumeCall({ consumptions, clock, metrics }: Services): ConsumeCall {
  return async ({ caller, body, key }) => {
    const {
      user_id,
      amount = null,
      quantity = null,
      feature_type,
      reference = null,
      description = null,
    } = validate(consumption, body);
    const userId = subjectFor(caller, 'credits:consume', user_id);
    const consumed = await consumptions.consume({
      userId,
      amount,
      quantity,
      featureType: feature_type,
      reference,
      description,
      actor: actorOf(caller),
      idempotencyKey: key,
      fingerprint: key === null ? '' : fingerprintOf([amount, quantity, feature_type, reference, description]),
      now: clock.now(),
    });
    if (!consumed.replayed) metrics.creditsSpent.inc(consumed.amount);
    return consumed;
  };
}

/** What the key stands for, whichever way the request came. */
function fingerprintOf(fields: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(fields)).digest('base64url');
}

export function presentConsumed({ transactionId, amount, balanceAfter }: Consumed) {
  return { transaction_id: transactionId, amount, balance_after: balanceAfter };
}
