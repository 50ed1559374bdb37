import { expect } from 'chai';
import type { StaffActor } from '../../src/accounts/staff.ts';
import { askAboutRefund } from '../../src/billing/ask-gateway.ts';
import { followUpPayments, followUpRefunds } from '../../src/billing/follow-up.ts';
import { sweepEvents } from '../../src/billing/handle-provider-event.ts';
import { recordProviderRefund } from '../../src/billing/record-provider-refund.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { providerOf, type Services } from '../../src/billing/services.ts';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import { FixedClock } from '../../src/kit/clock.ts';
import { newId } from '../../src/kit/ids.ts';
import { ProviderUnavailable } from '../../src/payments/provider-errors.ts';
import type { PaymentProvider, ProviderOrder } from '../../src/payments/provider.ts';
import { call, Client, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000] as const;

describe('what is left open at the gateway', function () {
  this.timeout(120_000);
  const app = useApp({ worker: false });
  let staff: StaffActor;

  before(async () => {
    staff = await addStaffActor(app);
  });
  beforeEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await fault({ on: 'webhook', fault: 'lost', times: 1000 });
    // Out of sight: each test sees its own only.
    await sql(`UPDATE payments SET status = 'failed' WHERE status IN ('pending', 'processing')`);
    await sql(`UPDATE refunds SET status = 'failed' WHERE status = 'pending'`);
    await sql(`UPDATE provider_events SET handled_at = now()`);
  });

  const sql = async (text: string, values: unknown[] = []): Promise<Json[]> =>
    (await app.db.pool.query<Json>(text, values)).rows;
  const fault = (body: Json) => call(app, 'POST', '/sandbox/api/paypal/faults', { body });
  const later = (ms: number) => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + ms));
  };
  const paypal = () => providerOf(app.services, 'paypal');
  const withPaypal = (changes: Partial<PaymentProvider>, clock = app.services.clock): Services => ({
    ...app.services,
    clock,
    providers: new Map([['paypal', { ...paypal(), ...changes }]]),
  });
  const silent = () => Promise.reject(new ProviderUnavailable('paypal', 'NETWORK_ETIMEDOUT'));
  const order = async (customer: Client) =>
    (await customer.post('/payments/create-order', { pack_code: 'pack-500' })).body;
  const paymentOf = async ({ order_id }: Json) => {
    const [row] = await sql('SELECT * FROM payments WHERE order_id = $1', [order_id]);
    return row as { id: string; provider_order_id: string; provider_capture_id: string; order_id: string };
  };
  const give = (services: Services, { order_id }: Json, amountMinor: number) =>
    refundOrder(services, { orderId: order_id as string, amountMinor, reason: 'asked for it', staff });
  const kindsOf = async (subjects: unknown[]) =>
    (await sql('SELECT kind, occurrences FROM incidents WHERE subject_id = ANY($1) ORDER BY kind', [subjects])).map(
      ({ kind, occurrences }) => `${kind as string} ${occurrences as number}`,
    );

  /** A payment, a refund and a webhook that begin now, at a gateway that never answers. */
  async function threeOpen(clock: FixedClock) {
    const asked = { payment: 0, refund: 0, webhook: 0 };
    const customer = await Client.register(app);
    const paid = await customer.buy({ pack_code: 'pack-500' });
    const open = await order(customer);
    const count = (what: keyof typeof asked) => () => {
      asked[what] += 1;
      return silent();
    };
    const services = withPaypal(
      {
        captureOrder: count('payment'),
        fetchOrder: count('payment'),
        refundCapture: count('refund'),
        fetchRefund: count('webhook'),
      },
      clock,
    );
    clock.set(app.clock.now());
    const payment = await paymentOf(open);
    await settlePayment(services, payment.id).catch(() => undefined);
    const refund = await give(services, paid, 100);
    const webhook = newId();
    const body = { id: webhook, event_type: 'PAYMENT.REFUND.PENDING', resource: { id: '2GG279541U471931P' } };
    await sql(
      `INSERT INTO provider_events (id, provider, event_id, type, kind, body_sealed, headers, received_at)
       VALUES ($1::uuid, 'paypal', $1::uuid::text, 'PAYMENT.REFUND.PENDING', 'refund', $2, '{}', $3)`,
      [webhook, services.sealer.seal(JSON.stringify(body)), clock.now()],
    );
    const ask = async () => {
      const before = { ...asked };
      await followUpPayments(services);
      await followUpRefunds(services);
      await sweepEvents(services);
      const names = ['payment', 'refund', 'webhook'] as const;
      return names.filter((name) => asked[name] > before[name]);
    };
    return { ask, services, payment, refund, subjects: [open.order_id, refund.id, webhook] };
  }

  it('is asked about at 1 minute, 5 minutes, 1 hour and then daily for 14 days, and then put before staff', async () => {
    const clock = new FixedClock(app.clock.now());
    const { ask, subjects } = await threeOpen(clock);
    const start = clock.now().getTime();
    const days = Array.from({ length: 14 }, (_, index) => (index + 1) * day);
    const due = [minute, 5 * minute, hour, ...days];
    const between = [59_000, 4 * minute, 30 * minute, 20 * hour, 3.5 * day, 13.9 * day, 14.5 * day, 15 * day, 40 * day];
    const found = new Map<number, string[]>();
    for (const age of [...due, ...between].sort((a, b) => a - b)) {
      clock.set(new Date(start + age));
      if (age === 14 * day) expect(await kindsOf(subjects)).to.deep.equal(['webhook_unhandled 12']);
      const names = await ask();
      if (names.length > 0) found.set(age, names);
      expect(await ask(), `a second time at ${age}`).to.deep.equal([]);
    }
    expect([...found.keys()]).to.deep.equal(due);
    for (const [age, names] of found) expect(names, `at ${age}`).to.deep.equal(['payment', 'refund', 'webhook']);
    expect(await kindsOf(subjects)).to.deep.equal([
      'payment_unresolved 1',
      'refund_unresolved 1',
      'webhook_unhandled 13',
    ]);
  });

  it('is asked about once after a pause of ours, however many times have passed', async () => {
    const clock = new FixedClock(app.clock.now());
    const { ask, subjects } = await threeOpen(clock);
    clock.set(new Date(clock.now().getTime() + 20 * day));
    expect(await ask()).to.have.length(3);
    expect(await ask()).to.deep.equal([]);
    expect(await kindsOf(subjects)).to.deep.equal([
      'payment_unresolved 1',
      'refund_unresolved 1',
      'webhook_unhandled 1',
    ]);
  });

  it('is put before staff also when one of them asked after the last time, and got no answer', async () => {
    const clock = new FixedClock(app.clock.now());
    const { ask, services, payment, refund, subjects } = await threeOpen(clock);
    clock.set(new Date(clock.now().getTime() + 20 * day));
    await askAboutRefund(services, { id: refund.id, reason: 'the customer asks', staff });
    await settlePayment(services, payment.id).catch(() => undefined);
    expect(await kindsOf(subjects)).to.deep.equal([]);
    await ask();
    expect(await kindsOf(subjects)).to.include.members(['payment_unresolved 1', 'refund_unresolved 1']);
    await askAboutRefund(services, { id: refund.id, reason: 'the customer asks', staff });
    expect(await ask()).to.deep.equal([]);
  });

  it('counts as asked with the first question, however old the order is by then', async () => {
    const { id } = await paymentOf(await order(await Client.register(app)));
    await sql(`UPDATE payments SET created_at = created_at - interval '20 days' WHERE id = $1`, [id]);
    await settlePayment(app.services, id);
    expect((await sql('SELECT checked_at FROM payments WHERE id = $1', [id]))[0]?.checked_at).not.to.equal(null);
  });

  it('is waited for from the moment its answer was missing, not from the order', async () => {
    const customer = await Client.register(app);
    const bought = await order(customer);
    later(30 * minute);
    await customer.approve(bought);
    const { id } = await paymentOf(bought);
    await settlePayment(withPaypal({ captureOrder: silent, fetchOrder: silent }), id).catch(() => undefined);
    expect(await followUpPayments(app.services)).to.include({ asked: 0 });
    later(minute);
    expect(await followUpPayments(app.services)).to.deep.equal({ asked: 1, unanswered: 0 });
    await customer.signIn();
    expect(await customer.credits()).to.include({ available_credits: 500 });
    await expectBalancedBooks(app.services);
  });

  describe('once the gateway has forgotten our request id', () => {
    it('money is only taken when a look says that it was not', async () => {
      const captured: string[] = [];
      const customer = await Client.register(app);
      const [taken, approved] = [await order(customer), await order(await Client.register(app))];
      await customer.approve(taken);
      const first = await paymentOf(taken);
      await paypal().captureOrder({ providerOrderId: first.provider_order_id, requestId: first.id });
      const unpaid = await paypal().fetchOrder(approved.provider_order_id as string);
      later(7 * hour);
      const captureOrder: PaymentProvider['captureOrder'] = ({ providerOrderId }) => {
        captured.push(providerOrderId);
        return silent();
      };
      expect(await settlePayment(withPaypal({ captureOrder }), first.id)).to.include({ outcome: 'completed' });
      expect(captured).to.deep.equal([]);

      const second = await paymentOf(approved);
      const seen = (status: ProviderOrder['status']): Partial<PaymentProvider> => ({
        captureOrder,
        fetchOrder: () => Promise.resolve({ ...unpaid, status }),
      });
      expect(await settlePayment(withPaypal(seen('created')), second.id)).to.include({ outcome: 'not_approved' });
      expect(captured).to.deep.equal([]);
      await settlePayment(withPaypal(seen('approved')), second.id).catch(() => undefined);
      expect(captured).to.deep.equal([second.provider_order_id]);
    });

    it('a refund is not sent again: it is found by our id on it, or was never made', async () => {
      const customer = await Client.register(app);
      const bought = await customer.buy({ pack_code: 'pack-500' });
      const payment = await paymentOf(bought);
      const made = await give(
        withPaypal({ refundCapture: async (input) => paypal().refundCapture(input).then(silent) }),
        bought,
        300,
      );
      const lost = await give(withPaypal({ refundCapture: silent }), bought, 300);
      await call(app, 'POST', `/sandbox/api/paypal/captures/${payment.provider_capture_id}/refund`, {
        body: { amount: '3.00' },
      });
      later(46 * day);
      const never = withPaypal({ refundCapture: () => Promise.reject(new Error('it was sent again')) });
      const ask = (id: string) => askAboutRefund(never, { id, reason: 'long ago', staff });
      expect(await ask(made.id)).to.include({ status: 'completed' });
      expect(await ask(lost.id)).to.include({ status: 'failed', failureCode: 'NEVER_MADE' });
      expect(await kindsOf([lost.id])).to.deep.equal(['refund_failed 1']);
      const untold = await give(withPaypal({ refundCapture: silent }), bought, 300);
      later(46 * day);
      const deaf = withPaypal({ fetchOrder: silent, refundCapture: silent });
      expect(await askAboutRefund(deaf, { id: untold.id, reason: 'long ago', staff })).to.include({
        status: 'pending',
      });
      await expectBalancedBooks(app.services);
    });

    it('an order whose opening was never answered is closed, and no second one is opened', async () => {
      const customer = await Client.register(app);
      const headers = { 'Idempotency-Key': newId() };
      const ask = () => customer.post('/payments/create-order', { pack_code: 'pack-500' }, headers);
      const opened = async () => (await sql('SELECT 1 FROM sandbox.paypal_orders')).length;
      const before = await opened();
      await fault({ on: 'create', fault: 'timeout_after', times: 3 });
      expect((await ask()).body).to.include({ code: 'provider_unavailable' });
      later(6 * hour);
      await customer.signIn();
      const again = await ask();
      expect(again.body).to.include({ status: 'expired', approval_url: null });
      expect(await opened()).to.equal(before + 1);
    });
  });

  it('within its memory the same checkout takes up the order whose opening was not answered', async () => {
    const customer = await Client.register(app);
    const headers = { 'Idempotency-Key': newId() };
    const ask = async () => (await customer.post('/payments/create-order', { pack_code: 'pack-500' }, headers)).body;
    await fault({ on: 'create', fault: 'timeout_after', times: 3 });
    expect(await ask()).to.include({ code: 'provider_unavailable' });
    const [made] = await sql('SELECT id FROM sandbox.paypal_orders ORDER BY created_at DESC LIMIT 1');
    later(5 * hour);
    await customer.signIn();
    expect(await ask()).to.include({ status: 'pending', provider_order_id: made?.id });
  });

  it('a refund of ours and one of the same amount made in PayPal’s pages are told apart', async () => {
    const customer = await Client.register(app);
    const bought = await customer.buy({ pack_code: 'pack-500' });
    const payment = await paymentOf(bought);
    const theirs = await call(app, 'POST', `/sandbox/api/paypal/captures/${payment.provider_capture_id}/refund`, {
      body: { amount: '3.00' },
    });
    const ours = await give(
      withPaypal({ refundCapture: async (input) => paypal().refundCapture(input).then(silent) }),
      bought,
      300,
    );
    const { refunds } = await paypal().fetchOrder(payment.provider_order_id);
    expect(refunds).to.have.length(2);
    for (const refund of refunds ?? []) await recordProviderRefund(app.services, 'paypal', refund);
    const rows = await sql('SELECT id, provider_refund_id, status FROM refunds WHERE order_id = $1', [bought.order_id]);
    expect(rows.map(({ status }) => status)).to.deep.equal(['completed', 'completed']);
    const mine = rows.find(({ id }) => id === ours.id);
    expect(mine?.provider_refund_id).to.be.a('string').and.not.equal(theirs.body.id);
    await expectBalancedBooks(app.services);
  });
});
