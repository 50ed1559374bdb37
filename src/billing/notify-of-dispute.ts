import { activeStaff } from '../accounts/staff.ts';
import type { Tx } from '../db/index.ts';
import { postMail } from '../mail/outbox.ts';
import type { Order } from '../orders/orders.ts';
import type { Dispute } from '../payments/disputes.ts';
import { providerOf, type Services } from './services.ts';

/** Writes to everybody who decides about money, each in their language: the gateway waits for an answer. */
export async function notifyOfDispute(services: Services, tx: Tx, order: Order, dispute: Dispute): Promise<void> {
  const now = services.clock.now();
  const { amountMinor, currency, reason, openedAt, respondBy } = dispute;
  for (const { id, name, email, locale } of await activeStaff(['owner', 'finance'], tx)) {
    await postMail(services.db, tx, {
      template: 'dispute_opened',
      data: {
        customerName: name,
        disputeId: dispute.id,
        orderNo: order.orderNo,
        amount: { amountMinor, currency },
        reason,
        openedAt: openedAt.toISOString(),
        respondBy: respondBy?.toISOString() ?? null,
        creditsFrozen: services.settings.freezeDisputed,
        providerName: providerOf(services, dispute.provider).displayName(locale),
      },
      to: { userId: null, address: email, locale },
      dedupeKey: `dispute:${dispute.id}:${now.toISOString()}:${id}`,
      now,
    });
  }
}
