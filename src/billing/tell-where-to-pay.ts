import { getUser } from '../accounts/users.ts';
import type { Tx } from '../db/index.ts';
import { postMail } from '../mail/outbox.ts';
import type { Order } from '../orders/orders.ts';
import type { ProviderTransfer } from '../payments/provider.ts';
import { addressOf, itemOf, totalOf } from './mail-data.ts';
import type { Services } from './services.ts';

/** The buyer leaves our page for their bank: what they have to type there goes after them by mail, once per order. */
export async function tellWhereToPay(
  { db, clock }: Services,
  tx: Tx,
  order: Order,
  { account, reference }: ProviderTransfer,
): Promise<void> {
  const user = await getUser(order.userId, tx);
  await postMail(db, tx, {
    template: 'transfer_instructions',
    data: {
      customerName: user.name,
      orderNo: order.orderNo,
      item: itemOf(order),
      total: totalOf(order),
      account,
      reference,
      payUntil: order.expiresAt.toISOString(),
    },
    to: addressOf(user),
    dedupeKey: `transfer_instructions:${order.id}`,
    now: clock.now(),
  });
}
