import { ValidationFailed } from '../../kit/errors.ts';
import type { Queryable } from './database.ts';

/** Where a fault may strike, and which make sense there. */
export const faultsByTarget = {
  token: ['timeout_before', 'timeout_after', 'error_401', 'error_429', 'error_500'],
  create: ['timeout_before', 'timeout_after', 'error_429', 'error_500'],
  capture: ['decline', 'pending', 'duplicate_invoice', 'timeout_before', 'timeout_after', 'error_429', 'error_500'],
  refund: [
    'pending',
    'insufficient_funds',
    'amount_exceeded',
    'fully_refunded',
    'chargeback',
    'time_limit',
    'timeout_before',
    'timeout_after',
    'error_429',
    'error_500',
  ],
  webhook: ['duplicate', 'lost', 'delayed', 'reordered'],
  statement: ['late', 'forbidden', 'timeout_before', 'error_429', 'error_500'],
} as const;

export type FaultTarget = keyof typeof faultsByTarget;
export type FaultName = (typeof faultsByTarget)[FaultTarget][number];

export interface Fault {
  on: FaultTarget;
  fault: FaultName;
  /** How many calls it still spoils. */
  times: number;
  /** Only calls about this order of PayPal's; null for any. */
  orderId: string | null;
}

/** @throws ValidationFailed naming what there is, for a fault that is unknown or does not fit its target */
export async function armFault(
  db: Queryable,
  given: { on: string; fault: string; times?: number; orderId?: string | null },
): Promise<Fault> {
  const { times = 1, orderId = null } = given;
  if (!isTarget(given.on)) {
    throw new ValidationFailed([{ path: 'on', message: `must be one of ${Object.keys(faultsByTarget).join(', ')}` }]);
  }
  const names: readonly FaultName[] = faultsByTarget[given.on];
  const fault = names.find((name) => name === given.fault);
  if (fault === undefined) {
    throw new ValidationFailed([{ path: 'fault', message: `on ${given.on} must be one of ${names.join(', ')}` }]);
  }
  if (orderId !== null && !takesOrder(given.on)) {
    throw new ValidationFailed([{ path: 'order_id', message: `${given.on} is about no single order: leave it out` }]);
  }
  await db.query('INSERT INTO sandbox.paypal_faults (target, fault, order_id, remaining) VALUES ($1, $2, $3, $4)', [
    given.on, fault, orderId, times,
  ]); // prettier-ignore
  return { on: given.on, fault, times, orderId };
}

export async function clearFaults(db: Queryable): Promise<void> {
  await db.query('DELETE FROM sandbox.paypal_faults');
}

export async function listFaults(db: Queryable): Promise<Fault[]> {
  const { rows } = await db.query<Fault>(
    `SELECT target AS on, fault, remaining AS times, order_id AS "orderId"
     FROM sandbox.paypal_faults WHERE remaining > 0 ORDER BY id`,
  );
  return rows;
}

/** The oldest armed fault of these names, used up by one; undefined when nothing is to go wrong. */
export async function takeFault(
  db: Queryable,
  target: FaultTarget,
  names: readonly FaultName[],
  orderId: string | null,
): Promise<FaultName | undefined> {
  const { rows } = await db.query<{ fault: FaultName }>(
    `UPDATE sandbox.paypal_faults SET remaining = remaining - 1
     WHERE id = (
       SELECT id FROM sandbox.paypal_faults
       WHERE target = $1 AND fault = ANY($2) AND remaining > 0 AND (order_id IS NULL OR order_id = $3)
       ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
     )
     RETURNING fault`,
    [target, names, orderId],
  );
  return rows[0]?.fault;
}

/** Whether a fault of this target can be meant for one order. */
function takesOrder(target: FaultTarget): boolean {
  return target === 'capture' || target === 'refund' || target === 'webhook';
}

function isTarget(name: string): name is FaultTarget {
  return Object.hasOwn(faultsByTarget, name);
}
