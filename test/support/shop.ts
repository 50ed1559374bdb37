import { createUser } from '../../src/accounts/users.ts';
import type { StaffActor } from '../../src/accounts/staff.ts';
import { receiveWebhook } from '../../src/billing/receive-webhook.ts';
import { providerOf } from '../../src/billing/services.ts';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import { startCheckout, type CheckoutRequest } from '../../src/billing/start-checkout.ts';
import { openBalance } from '../../src/credits/ledger.ts';
import { newId } from '../../src/kit/ids.ts';
import type { TestApp } from './app.ts';
import { addStaffActor } from './staff.ts';
import { sign, type Webhook } from '../webhooks/signed-webhooks.ts';

/** An order that was opened at the gateway. */
export interface Opened {
  userId: string;
  email: string;
  orderId: string;
  paymentId: string;
  providerOrderId: string;
}

/** What both sides say of a customer when everything has come to rest. */
export interface Ends {
  /** At the gateway. */
  captures: number;
  refunds: number;
  /** In our books. */
  paid: number;
  refunded: number;
  grants: number;
  available: number;
  subscriptions: number;
  /** In the customer's mailbox. */
  receipts: number;
  refundMails: number;
}

/** Brings customers to the moments at which something is about to happen. */
export class Shop {
  readonly app: TestApp;
  readonly staff: StaffActor;

  private constructor(app: TestApp, staff: StaffActor) {
    this.app = app;
    this.staff = staff;
  }

  static async open(app: TestApp): Promise<Shop> {
    const shop = new Shop(app, await addStaffActor(app));
    // One whole purchase, so that webhooks have come in, by which others can be made.
    await shop.paid(await shop.opened({ webhooks: 'come' }));
    await app.simulator.idle();
    return shop;
  }

  async newcomer(): Promise<{ userId: string; email: string }> {
    const { db, clock } = this.app;
    const email = `${newId()}@example.com`;
    const customer = { email, passwordHash: null, name: null, locale: 'en', now: clock.now() };
    return db.transaction(async (tx) => {
      const { id: userId } = await createUser(tx, customer);
      await openBalance(tx, userId);
      return { userId, email };
    });
  }

  /** For 2000 credits a month; the same order again under the same key. */
  requestOf(userId: string, key = userId): Omit<CheckoutRequest, 'expectedMinor'> {
    return {
      userId,
      purchase: { plan: { planCode: 'pro' }, subscriptionType: 'monthly' },
      provider: 'paypal',
      locale: 'en',
      idempotency: { key, fingerprint: 'pro' },
    };
  }

  /** Of an order whose webhooks are lost nothing is heard but what is asked. */
  async opened({
    webhooks,
    by,
    key,
  }: {
    webhooks: 'come' | 'lost';
    by?: { userId: string; email: string };
    key?: string;
  }): Promise<Opened> {
    const customer = by ?? (await this.newcomer());
    const { order, payment } = await startCheckout(this.app.services, this.requestOf(customer.userId, key));
    const providerOrderId = payment.providerOrderId ?? '';
    if (webhooks === 'lost') {
      await this.app.simulator.control.armFault({ on: 'webhook', fault: 'lost', times: 100, orderId: providerOrderId });
    }
    return { ...customer, orderId: order.id, paymentId: payment.id, providerOrderId };
  }

  async approved(order: Opened): Promise<Opened> {
    await this.app.simulator.control.approve(order.providerOrderId);
    return order;
  }

  /** The gateway takes the money, and nothing here knows. */
  async capturedUnheard(order: Opened): Promise<Opened> {
    const { providerOrderId, paymentId: requestId } = await this.approved(order);
    await providerOf(this.app.services, 'paypal').captureOrder({ providerOrderId, requestId });
    return order;
  }

  async paid(order: Opened): Promise<Opened> {
    await this.approved(order);
    const { outcome } = await settlePayment(this.app.services, order.paymentId);
    if (outcome !== 'completed') throw new Error(`a payment was ${outcome}`);
    return order;
  }

  async captureOf({ providerOrderId }: Opened): Promise<string> {
    const sql = 'SELECT id FROM sandbox.paypal_captures WHERE order_id = $1';
    return this.#one<{ id: string }>(sql, [providerOrderId]).then(({ id }) => id);
  }

  async receiptOf({ userId }: Opened): Promise<string> {
    const sql = `SELECT id FROM emails WHERE user_id = $1 AND template = 'receipt'`;
    return this.#one<{ id: string }>(sql, [userId]).then(({ id }) => id);
  }

  /** The newest that the gateway would have sent about an order, were it not lost; under another id on demand. */
  async webhookOf({ providerOrderId }: Opened, type: string, changes: { id?: string } = {}): Promise<Webhook> {
    const sql = `SELECT body FROM sandbox.paypal_deliveries WHERE order_id = $1 AND event_type = $2
      ORDER BY seq DESC LIMIT 1`;
    const { body } = await this.#one<{ body: string }>(sql, [providerOrderId, type]);
    return sign(this.app, { ...(JSON.parse(body) as object), ...changes });
  }

  /** → the row of the inbox, handled by nobody yet */
  async taken({ body, headers }: Webhook): Promise<string> {
    await receiveWebhook(this.app.services, { provider: 'paypal', rawBody: body, headers });
    const { id } = JSON.parse(body.toString()) as { id: string };
    return this.#one<{ id: string }>('SELECT id FROM provider_events WHERE event_id = $1', [id]).then((row) => row.id);
  }

  async endsOf({ userId, email }: { userId: string; email: string }): Promise<Ends> {
    return this.#one<Ends>(
      `WITH mine AS (SELECT id, id::text AS reference, paid_at, status FROM orders WHERE user_id = $1)
       SELECT
         (SELECT count(*) FROM sandbox.paypal_captures WHERE doc->>'customId' IN (SELECT reference FROM mine)) AS captures,
         (SELECT count(*) FROM sandbox.paypal_refunds r JOIN sandbox.paypal_captures c ON c.id = r.capture_id
          WHERE c.doc->>'customId' IN (SELECT reference FROM mine)) AS refunds,
         (SELECT count(*) FROM mine WHERE paid_at IS NOT NULL) AS paid,
         (SELECT count(*) FROM refunds JOIN mine ON mine.id = order_id
          WHERE refunds.status = 'completed' AND mine.status = 'refunded') AS refunded,
         (SELECT count(*) FROM credit_transactions WHERE user_id = $1 AND type = 'earn') AS grants,
         (SELECT available FROM credit_balances WHERE user_id = $1) AS available,
         (SELECT count(*) FROM subscriptions WHERE user_id = $1 AND status = 'active') AS subscriptions,
         (SELECT count(*) FROM sandbox.mails WHERE address = $2 AND template = 'receipt') AS receipts,
         (SELECT count(*) FROM sandbox.mails WHERE address = $2 AND template = 'refund') AS "refundMails"`,
      [userId, email],
    );
  }

  async #one<Row extends object>(sql: string, values: unknown[]): Promise<Row> {
    const { rows } = await this.app.db.pool.query<Row>(sql, values);
    if (rows[0] === undefined) throw new Error(`nothing was found by ${sql}`);
    return rows[0];
  }
}
