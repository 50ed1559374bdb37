import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import type { Consumed } from '../credits/consume.ts';
import { validate } from '../kit/http/validate.ts';
import { actorOf, subjectFor, type Caller } from './authenticate.ts';
import { consumptionFields, requirePrice, toConsumption } from './consumption-request.ts';

const consumption = requirePrice(z.strictObject({ user_id: z.string().optional(), ...consumptionFields }));

/** `POST /credits/consume` once its caller is known: validate → call. The same for both of its doors. */
export type ConsumeCall = (request: { caller: Caller; body: unknown; key: string | null }) => Promise<Consumed>;

export function createConsumeCall({ consumptions, clock, metrics }: Services): ConsumeCall {
  return async ({ caller, body, key }) => {
    const { user_id, ...request } = validate(consumption, body);
    const userId = subjectFor(caller, 'credits:consume', user_id);
    const circumstances = { userId, actor: actorOf(caller), idempotencyKey: key, now: clock.now() };
    const consumed = await consumptions.consume(toConsumption(request, circumstances));
    if (!consumed.replayed) metrics.creditsSpent.inc(consumed.amount);
    return consumed;
  };
}

export function presentConsumed({ transactionId, amount, balanceAfter }: Consumed) {
  return { transaction_id: transactionId, amount, balance_after: balanceAfter };
}
