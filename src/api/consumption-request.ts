import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Consumption } from '../credits/consume.ts';
import { maxConsumption } from '../credits/refusals.ts';
import { text } from '../kit/http/validate.ts';

/** What is to be spent, as single calls, items of a batch and holds say it alike. */
export const consumptionFields = {
  amount: z.int().min(1).max(maxConsumption).optional(),
  quantity: z.int().min(1).max(maxConsumption).optional(),
  feature_type: text(100),
  reference: text(255).optional(),
  description: text(500).optional(),
};

interface ConsumptionRequest {
  amount?: number | undefined;
  quantity?: number | undefined;
  feature_type: string;
  reference?: string | undefined;
  description?: string | undefined;
}

/** One of amount and quantity at least: else nobody has said how much. */
export function requirePrice<Schema extends z.ZodType<ConsumptionRequest>>(schema: Schema): Schema {
  return schema.refine(({ amount, quantity }) => amount !== undefined || quantity !== undefined, {
    path: ['amount'],
    message: 'say how many credits, or how many units (quantity) where the plan has a price list',
    // Told together with what else is wrong.
    when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
  });
}

/** Who spends, under which key, and when. */
type Circumstances = Pick<Consumption, 'userId' | 'actor' | 'idempotencyKey' | 'now'>;

export function toConsumption(request: ConsumptionRequest, circumstances: Circumstances): Consumption {
  return {
    ...circumstances,
    amount: request.amount ?? null,
    quantity: request.quantity ?? null,
    featureType: request.feature_type,
    reference: request.reference ?? null,
    description: request.description ?? null,
    fingerprint: circumstances.idempotencyKey === null ? '' : fingerprintOf(request),
  };
}

/**
 * The same for the same request, whether it comes by itself or within a batch: a client may try a call that failed again
 * the other way. The user is not in it, because keys are each user's own.
 * @param more what a hold says besides
 */
export function fingerprintOf(request: ConsumptionRequest, ...more: number[]): string {
  const { amount, quantity, feature_type, reference, description } = request;
  return hash('sha256', JSON.stringify([amount, quantity, feature_type, reference, description, ...more]), 'base64url');
}
