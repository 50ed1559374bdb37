import type { Services } from '../billing/services.ts';
import { QueryTypes } from 'sequelize';
import { refundableMinor } from '../billing/refund-policy.ts';
import { findOrder } from '../orders/orders.ts';
import { refundsOf } from '../payments/refunds.ts';

/** What was given back of an order, newest first, and what can still be. Amounts in minor units of `currency`. */
export interface OrderRefunds {
  currency: string;
  leftMinor: number;
  refunds: {
    id: string;
    status: string;
    amountMinor: number;
    creditsClawedBack: number;
    endsSubscription: boolean | null;
    reason: string;
    /** Who gave it back; null: it was made at the gateway, or by itself. */
    by: string | null;
    createdAt: string;
  }[];
}

export async function readOrderRefunds({ db }: Services, orderId: string): Promise<OrderRefunds | null> {
  const [order, refunds] = await Promise.all([findOrder(orderId), refundsOf([orderId])]);
  if (order === null) return null;
  const staff = await db.sequelize.query<{ id: string; name: string }>(
    'SELECT id, name FROM staff WHERE id IN (SELECT requested_by FROM refunds WHERE order_id = $orderId)',
    { type: QueryTypes.SELECT, bind: { orderId } },
  );
  const names = new Map(staff.map(({ id, name }) => [id, name]));
  return {
    currency: order.currency,
    leftMinor: refundableMinor(order, refunds),
    refunds: refunds.map(
      ({ id, status, amountMinor, creditsClawedBack, endsSubscription, reason, requestedBy, createdAt }) => ({
        ...{ id, status, amountMinor, creditsClawedBack, endsSubscription, reason },
        by: names.get(requestedBy ?? '') ?? null,
        createdAt: createdAt.toISOString(),
      }),
    ),
  };
}
