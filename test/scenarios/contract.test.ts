import { expect } from 'chai';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import {
  recordContract,
  requireContract,
  type ContractRecord,
  type PaypalContract,
} from '../support/paypal-contract.ts';
import { addStaffActor } from '../support/staff.ts';

/** Everything here goes through the whole app: what it sends to PayPal, and what it is told, is described by PayPal. */
describe('what Plantain and PayPal say to each other', function () {
  this.timeout(60_000);
  let contract: PaypalContract;
  before(function () {
    contract = requireContract(this);
  });
  const app = useApp();
  let record: ContractRecord;
  let customer: Client;
  beforeEach(async () => {
    record = recordContract(contract, app.simulator);
    customer = await Client.register(app);
  });
  afterEach(async () => {
    record.stop();
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  async function arm(on: string, fault: string): Promise<void> {
    const { status } = await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on, fault, times: 1 } });
    expect(status).to.equal(201);
  }

  async function started(what: Json): Promise<Json> {
    const { status, body } = await customer.post('/payments/create-order', what);
    expect(status).to.equal(201);
    return body;
  }

  const capture = (order: Json) => customer.post(`/payments/orders/${order['order_id'] as string}/capture`);

  async function becomes(order: Json, status: string): Promise<Json> {
    await app.simulator.idle();
    return eventually(async () => {
      const { body } = await customer.get(`/payments/orders/${order['order_id'] as string}`);
      return body['status'] === status ? body : undefined;
    });
  }

  async function atPaypal(order: Json, action: string, body: Json = {}): Promise<void> {
    const { rows } = await app.db.pool.query<{ id: string }>(
      'SELECT provider_capture_id AS id FROM payments WHERE order_id = $1',
      [order['order_id']],
    );
    const path = `/sandbox/api/paypal/captures/${rows[0]?.id ?? ''}/${action}`;
    const answer = await call(app, 'POST', path, { body });
    expect(answer.status, JSON.stringify(answer.body)).to.be.below(300);
    await app.simulator.idle();
  }

  /** Once nothing is on its way any more: every event that came has been acted upon. */
  async function quiet(): Promise<void> {
    await app.simulator.idle();
    await eventually(async () => {
      const { rows } = await app.db.pool.query('SELECT FROM provider_events WHERE handled_at IS NULL');
      return rows.length === 0 ? true : undefined;
    });
  }

  async function expectSaid(...operations: string[]): Promise<void> {
    await quiet();
    expect(record.problems).to.deep.equal([]);
    expect([...record.seen.keys()]).to.include.members(operations);
  }

  const create = 'POST /v2/checkout/orders 201';
  const capturing = 'POST /v2/checkout/orders/{id}/capture';
  const readOrder = 'GET /v2/checkout/orders/{id} 200';
  const readRefund = 'GET /v2/payments/refunds/{id} 200';

  it('fits in a purchase, in either language, of a plan and of a pack', async () => {
    await customer.buy({ plan_code: 'pro', subscription_type: 'yearly' });
    await customer.buy({ pack_code: 'pack-2500' });
    customer = await Client.register(app, { locale: 'zh-CN', name: '李雷' });
    await customer.buy({ plan_code: 'max', subscription_type: 'lifetime' });
    await expectSaid(create, `${capturing} 201`, 'CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.COMPLETED');
    expect(record.seen.get(create)).to.equal(3);
    expect(record.seen.get(`${capturing} 201`)).to.equal(3);
  });

  it('fits when the buyer has not approved, is declined and tries again', async () => {
    const order = await started({ plan_code: 'basic' });
    expect((await capture(order)).status).to.equal(409);
    await customer.approve(order, 'decline');
    expect((await capture(order)).status).to.equal(402);
    await customer.approve(order);
    expect((await capture(order)).status).to.equal(200);
    await expectSaid(create, `${capturing} 422`, `${capturing} 201`, 'PAYMENT.CAPTURE.COMPLETED');
  });

  it('fits while the money is held, and when it comes or does not', async () => {
    for (const [decision, ending] of [
      ['complete', 'completed'],
      ['deny', 'failed'],
    ] as const) {
      await arm('capture', 'pending');
      const order = await started({ pack_code: 'pack-500' });
      await customer.approve(order);
      expect((await capture(order)).body).to.include({ status: 'processing' });
      await atPaypal(order, decision);
      await becomes(order, ending);
    }
    await expectSaid(
      `${capturing} 201`,
      readOrder,
      'PAYMENT.CAPTURE.PENDING',
      'PAYMENT.CAPTURE.COMPLETED',
      'PAYMENT.CAPTURE.DENIED',
    );
  });

  it('fits in a refund by staff, at once and held by PayPal', async () => {
    const staff = await addStaffActor(app);
    const refund = async (order: Json) => {
      const reason = 'did not “work” — 退款';
      return refundOrder(app.services, { orderId: order['order_id'] as string, reason, staff });
    };
    const first = await customer.buy({ pack_code: 'pack-500' });
    expect((await refund(first)).status).to.equal('completed');
    await becomes(first, 'refunded');

    await arm('refund', 'pending');
    const second = await customer.buy({ pack_code: 'pack-500' });
    const held = await refund(second);
    expect(held.status).to.equal('pending');
    const path = `/sandbox/api/paypal/refunds/${held.providerRefundId ?? ''}/complete`;
    expect((await call(app, 'POST', path)).status).to.equal(200);
    await call(app, 'POST', '/sandbox/api/clock', { body: { advance: 'PT5M' } });
    await call(app, 'POST', '/sandbox/api/jobs/follow-up-refunds/run');
    await customer.signIn();
    await becomes(second, 'refunded');
    await expectSaid(
      'POST /v2/payments/captures/{id}/refund 201',
      readRefund,
      'PAYMENT.CAPTURE.REFUNDED',
      'PAYMENT.REFUND.PENDING',
    );
  });

  it('fits when money goes back at PayPal’s side: in part, in full, taken back, disputed', async () => {
    const order = await customer.buy({ plan_code: 'pro' });
    await atPaypal(order, 'refund', { amount: '9.99' });
    expect(await becomes(order, 'partially_refunded')).to.include({ refunded_amount: '9.99' });
    await atPaypal(order, 'refund');
    expect(await becomes(order, 'refunded')).to.include({ refunded_amount: '29.99' });

    const reversed = await customer.buy({ pack_code: 'pack-500' });
    await atPaypal(reversed, 'reverse');
    await becomes(reversed, 'refunded');

    const disputed = await customer.buy({ pack_code: 'pack-500' });
    await atPaypal(disputed, 'dispute');
    await atPaypal(disputed, 'dispute', { outcome: 'lost' });
    await expectSaid(
      readRefund,
      'PAYMENT.CAPTURE.REFUNDED',
      'PAYMENT.CAPTURE.REVERSED',
      'CUSTOMER.DISPUTE.CREATED',
      'CUSTOMER.DISPUTE.RESOLVED',
    );
  });

  it('fits in the statement that reconciliation reads', async () => {
    const order = await customer.buy({ pack_code: 'pack-500' });
    await atPaypal(order, 'refund', { amount: '4.00' });
    await becomes(order, 'partially_refunded');
    const { body } = await call(app, 'POST', '/sandbox/api/jobs/reconcile/run');
    expect(body).to.include({ differences: 0, unread: 0 });
    await expectSaid('GET /v1/reporting/transactions 200');
  });

  it('fits when answers are lost, slow or errors, and each thing still happens once', async () => {
    await arm('create', 'error_500');
    await arm('capture', 'timeout_after');
    const order = await customer.buy({ plan_code: 'pro' });
    await arm('refund', 'error_429');
    const staff = await addStaffActor(app);
    const { status } = await refundOrder(app.services, { orderId: order['order_id'] as string, reason: 'test', staff });
    expect(status).to.equal('completed');
    await becomes(order, 'refunded');
    await expectSaid('POST /v2/checkout/orders 500', create, `${capturing} cut`);
    expect(record.seen.get(create)).to.equal(1);
    expect(record.seen.get('PAYMENT.CAPTURE.COMPLETED')).to.equal(1);
    expect(record.seen.get('PAYMENT.CAPTURE.REFUNDED')).to.equal(1);
  });
});
