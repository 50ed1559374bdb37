import type { Tx } from '../db/index.ts';
import { OrderRequest } from './order-request.model.ts';

export type { OrderRequest } from './order-request.model.ts';

export async function findOrderRequest(userId: string, idempotencyKey: string, tx?: Tx): Promise<OrderRequest | null> {
  return OrderRequest.findOne({ where: { userId, idempotencyKey }, transaction: tx ?? null });
}

/** For good: the same key is answered with this order from now on. */
export async function keepOrderRequest(
  tx: Tx,
  { now, ...request }: { userId: string; idempotencyKey: string; fingerprint: string; orderId: string; now: Date },
): Promise<void> {
  await OrderRequest.create({ ...request, createdAt: now }, { transaction: tx });
}
