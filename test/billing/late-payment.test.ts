import { expect } from 'chai';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

describe('an order that is paid after it was closed', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });

  afterEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  /** Closed here, while another window of the buyer's goes on at PayPal. */
  async function closedOrder(customer: Client, status: 'cancelled' | 'expired'): Promise<Json & { paymentId: string }> {
    const { body } = await customer.post('/payments/create-order', { plan_code: 'pro' });
    await app.db.pool.query('UPDATE orders SET status = $2, closed_at = now() WHERE id = $1', [body.order_id, status]);
    const { rows } = await app.db.pool.query<{ id: string }>(
      "UPDATE payments SET status = 'cancelled' WHERE order_id = $1 RETURNING id",
      [body.order_id],
    );
    await customer.approve(body);
    return { ...body, paymentId: rows[0]?.id ?? '' };
  }

  async function takeAtPaypal(order: Json): Promise<void> {
    const providerOrderId = order.provider_order_id as string;
    await app.services.providers.get('paypal')?.captureOrder({ providerOrderId, requestId: newId() });
  }

  const orderNow = async (customer: Client, order: Json) =>
    (await customer.get(`/payments/orders/${order.order_id as string}`)).body;

  for (const status of ['cancelled', 'expired'] as const) {
    it(`hands nothing over and gives the money back: ${status}`, async () => {
      const customer = await Client.register(app);
      const order = await closedOrder(customer, status);
      await takeAtPaypal(order);
      const settlements = await Promise.all(
        Array.from({ length: 5 }, () => settlePayment(app.services, order.paymentId)),
      );
      expect(settlements.map(({ outcome }) => outcome)).to.deep.equal(Array(5).fill('returned'));
      const now = await orderNow(customer, order);
      expect(now).to.include({ status: 'refunded', refunded_amount: '29.99' });
      expect(now.refunds).to.have.length(1);
      expect(await customer.credits()).to.include({ available_credits: 0, total_credits: 0 });
      expect(await customer.subscription()).to.equal(null);
      const { rows } = await app.db.pool.query('SELECT kind FROM incidents WHERE subject_id = $1', [order.order_id]);
      expect(rows).to.deep.equal([{ kind: 'late_payment' }]);
      const late = await customer.post(`/payments/orders/${order.order_id as string}/capture`);
      expect(late.body).to.include({ status: 409, code: 'order_not_payable' });
    });
  }

  it('remembers it while PayPal holds the money', async () => {
    const customer = await Client.register(app);
    const order = await closedOrder(customer, 'cancelled');
    const fault = { on: 'capture', fault: 'pending', times: 1, order_id: order.provider_order_id };
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: fault });
    await takeAtPaypal(order);
    expect(await settlePayment(app.services, order.paymentId)).to.include({ outcome: 'processing' });
    const sql = 'SELECT provider_capture_id AS id FROM payments WHERE id = $1';
    const { rows } = await app.db.pool.query<{ id: string }>(sql, [order.paymentId]);
    await call(app, 'POST', `/sandbox/api/paypal/captures/${rows[0]?.id ?? ''}/complete`);
    expect(await settlePayment(app.services, order.paymentId)).to.include({ outcome: 'returned' });
    expect(await orderNow(customer, order)).to.include({ status: 'refunded' });
  });

  it('leaves the refund to the job while PayPal does not answer', async () => {
    const customer = await Client.register(app);
    const order = await closedOrder(customer, 'expired');
    await takeAtPaypal(order);
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'refund', fault: 'error_500', times: 100 } });
    expect(await settlePayment(app.services, order.paymentId)).to.include({ outcome: 'returned' });
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    app.clock.turnTo(new Date(app.clock.now().getTime() + 10 * 60_000));
    await call(app, 'POST', '/sandbox/api/jobs/follow-up-refunds/run');
    await eventually(async () => ((await orderNow(customer, order)).status === 'refunded' ? true : undefined));
  });
});
