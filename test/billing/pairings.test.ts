import { expect } from 'chai';
import { cancelSubscription } from '../../src/billing/cancel-subscription.ts';
import { handleProviderEvent } from '../../src/billing/handle-provider-event.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import { AppError } from '../../src/kit/errors.ts';
import { newId } from '../../src/kit/ids.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { call, startApp, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { Shop, type Opened } from '../support/shop.ts';
import { Visitor } from '../support/visitor.ts';
import { startProcess } from '../crash/other-process.ts';
import { take, type Task } from '../crash/steps.ts';
import { deliver, type Webhook } from '../webhooks/signed-webhooks.ts';

const atOnce = 20;
/** What the webhooks say; handling one fetches the truth, so any would do. */
const told = 'CHECKOUT.ORDER.APPROVED';

/**
 * Whatever can happen to one order happens twenty times at once, each thing with each other, half of it in one system and
 * half in another on the same database: one outcome, and nobody is told of a fault.
 */
describe('an order to which twenty things happen at once', function () {
  this.timeout(180_000);
  const faults: string[] = [];
  let systems: [TestApp, TestApp];
  let shop: Shop;
  let visitors: [Visitor, Visitor];
  let buyer: { userId: string; email: string };

  before(async () => {
    const log = createLogger('error', { write: (line) => faults.push(line) });
    const app = await startApp({ worker: false, log });
    systems = [app, await app.another()];
    shop = await Shop.open(app);
    const email = `${newId()}@example.com`;
    visitors = [new Visitor(systems[0]), new Visitor(systems[1])];
    await visitors[0].register(email);
    await visitors[1].post('/login', { email, password: 'a long enough password' });
    const { rows } = await app.db.pool.query<{ userId: string }>('SELECT id AS "userId" FROM users WHERE email = $1', [
      email,
    ]);
    buyer = { userId: rows[0]?.userId ?? '', email };
  });
  after(() => systems[0].close());

  /** An order, and what every one of the twenty needs to know of it. */
  interface Scene extends Opened {
    token: string;
    webhook: Webhook;
  }

  /** One thing that happens, in the system of that number. → the answer's HTTP status */
  type Happening = (scene: Scene, system: 0 | 1) => Promise<number>;

  const happenings: Record<string, Happening> = {
    'a capture': async ({ orderId, token }, system) =>
      (await call(systems[system], 'POST', `/api/v1/payments/orders/${orderId}/capture`, { token })).status,
    'a refund': ({ orderId }, system) =>
      statusOf(refundOrder(systems[system].services, { orderId, reason: 'unhappy', staff: shop.staff })),
    'the same webhook': ({ webhook }, system) => takeIn(webhook, system),
    'another webhook': async (scene, system) => takeIn(await shop.webhookOf(scene, told, { id: newId() }), system),
    'a cancelled checkout': async ({ providerOrderId }, system) =>
      (await visitors[system].get(`/checkout/cancel?token=${providerOrderId}`)).status,
    'a cancelled subscription': async ({ token }, system) => {
      const body = { at_period_end: false };
      return (await call(systems[system], 'POST', '/api/v1/subscriptions/current/cancel', { token, body })).status;
    },
  };

  /** Received over HTTP, and handled at once, as two workers would that have it both. */
  async function takeIn({ body, headers }: Webhook, system: 0 | 1): Promise<number> {
    const { url, db, services } = systems[system];
    // Each system believes the simulator at its own address.
    const certificate = (headers['paypal-cert-url'] ?? '').replace(systems[0].url, url);
    const { status } = await deliver({ url }, { body, headers: { ...headers, 'paypal-cert-url': certificate } });
    expect(status).to.equal(200);
    const { id } = JSON.parse(body.toString()) as { id: string };
    const { rows } = await db.pool.query<{ id: string }>('SELECT id FROM provider_events WHERE event_id = $1', [id]);
    await handleProviderEvent(services, rows[0]!.id);
    return status;
  }

  /** What the caller would be told: anything but a failure of ours has a status. */
  async function statusOf(work: Promise<unknown>): Promise<number> {
    try {
      await work;
      return 200;
    } catch (error) {
      if (error instanceof AppError) return error.status;
      throw error;
    }
  }

  const starts: Record<string, (order: Opened) => Promise<Opened>> = {
    'approved and not captured': (order) => shop.approved(order),
    'captured and not booked': async (order) => {
      // As after a call whose answer was lost: it was asked for.
      await settlePayment(shop.app.services, order.paymentId);
      return shop.capturedUnheard(order);
    },
    paid: (order) => shop.paid(order),
  };

  for (const [start, begin] of Object.entries(starts)) {
    for (const [first, second] of pairs(Object.keys(happenings))) {
      it(`when it is ${start}: ${first} and ${second}`, async () => {
        const scene = await prepare(begin);
        const statuses = await Promise.all(
          Array.from({ length: atOnce }, (_, index) => {
            const happening = happenings[index % 2 === 0 ? first : second]!;
            return happening(scene, index % 4 < 2 ? 0 : 1);
          }),
        );
        expect(statuses.filter((status) => status >= 500)).to.deep.equal([]);
        // Whoever comes last finds what became of it.
        await settlePayment(shop.app.services, scene.paymentId);
        expectOneOutcome(await sidesOf(scene), start, [first, second]);
        await expectBalancedBooks(shop.app.services);
        expect(faults).to.deep.equal([]);
      });
    }
  }

  it('and in two processes: captures, refunds, webhooks and a buyer who turns back', async () => {
    const other = await (await startProcess()).join(shop.app);
    const scene = await prepare((order) => shop.approved(order));
    const { paymentId, orderId, userId, providerOrderId, webhook } = scene;
    const tasks: Task[] = [
      { step: 'settle', args: { paymentId } },
      { step: 'refund', args: { orderId, reason: 'unhappy', staff: shop.staff } },
      { step: 'receive', args: { body: webhook.body.toString(), headers: webhook.headers } },
      { step: 'cancel', args: { userId, provider: 'paypal', providerOrderId } },
      { step: 'settle', args: { paymentId } },
    ];
    const all = [...tasks, ...tasks];
    const [theirs] = await Promise.all([
      other.run(all.map((task) => ({ task, holdAt: null }))),
      ...all.map((task) => statusOf(take(shop.app.services, task))),
    ]);
    await other.kill();
    expect(theirs.filter(({ error }) => error !== null && !error.isExpected)).to.deep.equal([]);
    await settlePayment(shop.app.services, paymentId);
    expectOneOutcome(await sidesOf(scene), 'approved and not captured', ['a refund', 'a cancelled checkout']);
    await expectBalancedBooks(shop.app.services);
  });

  it('and no two of them ever waited for each other', async () => {
    const sql = 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()';
    expect((await systems[0].db.pool.query(sql)).rows).to.deep.equal([{ deadlocks: 0 }]);
  });

  async function prepare(begin: (order: Opened) => Promise<Opened>): Promise<Scene> {
    const { userId } = buyer;
    const { services } = shop.app;
    await cancelSubscription(services, { userId, atPeriodEnd: false }).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
    });
    const order = await begin(await shop.opened({ webhooks: 'lost', by: buyer, key: newId() }));
    const webhook = await shop.webhookOf(order, told);
    return { ...order, token: services.accessTokens.issue(userId), webhook };
  }

  interface Sides {
    captured: number;
    givenBack: number;
    status: string;
    paid: number;
    refunded: number;
    grants: number;
    receipts: number;
    refundMails: number;
    openRefunds: number;
  }

  async function sidesOf({ orderId }: Opened): Promise<Sides> {
    const { rows } = await shop.app.db.pool.query<Sides>(
      `SELECT orders.status, refunded_minor AS refunded,
         CASE WHEN paid_at IS NULL THEN 0 ELSE amount_minor END AS paid,
         (SELECT coalesce(sum((doc->'amount'->>'value')::numeric * 100), 0) FROM sandbox.paypal_captures
          WHERE doc->>'customId' = orders.id::text) AS captured,
         (SELECT coalesce(sum((r.doc->'amount'->>'value')::numeric * 100), 0)
          FROM sandbox.paypal_refunds r JOIN sandbox.paypal_captures c ON c.id = r.capture_id
          WHERE c.doc->>'customId' = orders.id::text AND r.doc->>'status' = 'COMPLETED') AS "givenBack",
         (SELECT count(*) FROM credit_grants WHERE order_id = orders.id) AS grants,
         (SELECT count(*) FROM emails WHERE dedupe_key = 'receipt:' || orders.id) AS receipts,
         (SELECT count(*) FROM emails JOIN refunds ON dedupe_key = 'refund:' || refunds.id
          WHERE order_id = orders.id) AS "refundMails",
         (SELECT count(*) FROM refunds WHERE order_id = orders.id AND status <> 'completed') AS "openRefunds"
       FROM orders WHERE id = $1`,
      [orderId],
    );
    return rows[0]!;
  }

  /** Never paid, paid once, or given back once: nothing between, the same on both sides, and what was bound to come. */
  function expectOneOutcome(sides: Sides, start: string, happened: readonly string[]): void {
    const isRefunded = happened.includes('a refund');
    const allowed = isRefunded ? [givenBack] : [];
    if (start !== 'paid' || !isRefunded) allowed.push(handedOver);
    // An order whose money was taken is not cancelled any more.
    if (start === 'approved and not captured' && happened.includes('a cancelled checkout')) allowed.push(cancelled);
    expect(sides).to.be.deep.oneOf(allowed);
  }
});

const cancelled = {
  status: 'cancelled',
  captured: 0,
  givenBack: 0,
  paid: 0,
  refunded: 0,
  grants: 0,
  receipts: 0,
  refundMails: 0,
  openRefunds: 0,
};
const handedOver = { ...cancelled, status: 'completed', captured: 2999, paid: 2999, grants: 1, receipts: 1 };
const givenBack = { ...handedOver, status: 'refunded', givenBack: 2999, refunded: 2999, refundMails: 1 };

/** Each with each other, and each with itself. */
function pairs<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((first, index) => items.slice(index).map((second): [T, T] => [first, second]));
}
