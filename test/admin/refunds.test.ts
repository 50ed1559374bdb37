import { expect } from 'chai';
import { settlePayment } from '../../src/billing/settle-payment.ts';
import type { Purchase } from '../../src/billing/price-purchase.ts';
import { startCheckout } from '../../src/billing/start-checkout.ts';
import { findDifferences } from '../../src/billing/check-books.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, buy, startPanel, type TestPanel } from './harness.ts';
import { StaffClient, type Answer } from './staff-client.ts';

describe('refunds in the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  const basic: Purchase = { plan: { planCode: 'basic' }, subscriptionType: 'monthly' };
  const pack: Purchase = { packCode: 'pack-500' };
  let panel: TestPanel;
  let owner: StaffClient;
  let second: StaffClient;
  let customer: { id: string; email: string };

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    owner = await StaffClient.signedIn(panel, (await addStaff(panel.services, 'owner')).email);
    second = await StaffClient.signedIn(panel, (await addStaff(panel.services, 'finance')).email);
    await panel.warmUp();
  });
  beforeEach(async () => {
    customer = await addCustomer(panel.services);
  });
  afterEach(async () => {
    expect(await findDifferences(panel.services)).to.deep.equal([]);
  });
  after(() => panel.close());

  const sql = async <Row = Record<string, unknown>>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];
  const previewOf = ({ json }: Answer) =>
    JSON.parse((json.record as { params: { preview: string } }).params.preview) as Record<string, unknown>;
  const preview = async (orderId: string, query = '') =>
    previewOf(await owner.get(`/api/resources/orders/records/${orderId}/refund${query}`));
  const refund = (orderId: string, body: object, staff = owner) =>
    staff.post(`/api/resources/orders/records/${orderId}/refund`, { reason: 'half of it', ...body });
  const orderOf = async (id: string) => (await sql('SELECT status, refunded_minor FROM orders WHERE id = $1', id))[0];
  const subscriptionStatus = async () =>
    (await sql<{ status: string }>('SELECT status FROM subscriptions WHERE user_id = $1', customer.id))[0]?.status;

  it('follow the amount that is typed, and do what they said', async () => {
    const orderId = await buy(panel.services, customer.id, basic);
    expect(await preview(orderId)).to.include({
      leftMinor: 999,
      amountMinor: 999,
      creditsTakenBack: 500,
      subscription: 'ends',
    });
    const shown = await preview(orderId, '?amount=4.00');
    expect(shown).to.include({
      leftMinor: 999,
      amountMinor: 400,
      creditsTakenBack: 200,
      isFull: false,
      subscription: 'stays',
    });
    expect((await refund(orderId, { amount: '4.00' })).status).to.equal(200);
    expect(await orderOf(orderId)).to.deep.equal({ status: 'partially_refunded', refunded_minor: 400 });
    expect(await subscriptionStatus()).to.equal('active');
    const [row] = await sql('SELECT amount_minor, credits_clawed_back, ends_subscription FROM refunds WHERE order_id = $1', orderId); // prettier-ignore
    expect(row).to.deep.equal({ amount_minor: 400, credits_clawed_back: 200, ends_subscription: false });
    expect(await preview(orderId, '?amount=5.99')).to.include({ leftMinor: 599, isFull: true, subscription: 'ends' });
    expect((await refund(orderId, { amount: '5.99' })).status).to.equal(200);
    expect(await orderOf(orderId)).to.deep.equal({ status: 'refunded', refunded_minor: 999 });
    expect(await subscriptionStatus()).to.equal('cancelled');
  });

  it('end the subscription or leave it, as staff choose, and the audit log says so', async () => {
    const orderId = await buy(panel.services, customer.id, basic);
    expect(await preview(orderId, '?amount=4.00&endSubscription=yes')).to.include({
      creditsTakenBack: 200,
      subscription: 'ends',
      creditsEnding: 300,
    });
    expect(await preview(orderId, '?amount=9.99&endSubscription=no')).to.include({ subscription: 'stays' });
    expect((await refund(orderId, { amount: '9.99', endSubscription: false })).status).to.equal(200);
    expect(await subscriptionStatus()).to.equal('active');
    const [entry] = await sql('SELECT after FROM audit_log WHERE subject_id = $1', orderId);
    expect(entry).to.deep.nested.include({ 'after.amount': '9.99', 'after.endsSubscription': false });

    // What was left to the customer counts as paid for when a later period is given back.
    const renewal = await buy(panel.services, customer.id, basic);
    const shown = await preview(renewal);
    expect(shown).to.include({ subscription: 'shortened' });
    expect((await refund(renewal, {})).status).to.equal(200);
    const [live] = await sql<{ status: string; end_date: Date }>('SELECT status, end_date FROM subscriptions WHERE user_id = $1', customer.id); // prettier-ignore
    expect(live?.status).to.equal('active');
    expect(live?.end_date.toISOString()).to.equal(shown.endsAt);

    const other = await addCustomer(panel.services);
    const partly = await buy(panel.services, other.id, basic);
    expect((await refund(partly, { amount: '4.00', endSubscription: true })).status).to.equal(200);
    const [ended] = await sql('SELECT s.status, b.available FROM subscriptions s JOIN credit_balances b USING (user_id) WHERE user_id = $1', other.id); // prettier-ignore
    expect(ended).to.deep.equal({ status: 'cancelled', available: 0 });
  });

  it('refuse what is no amount, or more than is left', async () => {
    const orderId = await buy(panel.services, customer.id, pack);
    for (const amount of ['', 'abc', '0', '-1', '10.00', '4.001', '1e3', '1,50', '99999999999999999']) {
      const asked = await owner.get(
        `/api/resources/orders/records/${orderId}/refund?amount=${encodeURIComponent(amount)}`,
      );
      expect(asked.status, `preview ${amount}`).to.equal(400);
      expect((await refund(orderId, { amount })).status, amount).to.equal(400);
    }
    expect((await refund(orderId, { amount: 4 })).status).to.equal(400);
    expect(await sql('SELECT FROM refunds WHERE order_id = $1', orderId)).to.have.length(0);
  });

  it('take yen without decimals', async () => {
    await sql("UPDATE credit_packs SET currency = 'JPY', amount_minor = 1500 WHERE pack_code = 'pack-2500'");
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-2500' });
    expect((await refund(orderId, { amount: '500.00' })).status).to.equal(400);
    expect(await preview(orderId, '?amount=500')).to.include({ amountMinor: 500, leftMinor: 1500, currency: 'JPY' });
    expect((await refund(orderId, { amount: '500' })).status).to.equal(200);
    expect(await orderOf(orderId)).to.deep.equal({ status: 'partially_refunded', refunded_minor: 500 });
  });

  it('never give back more than is left when two press at once', async () => {
    const orderId = await buy(panel.services, customer.id, pack);
    const presses = Array.from({ length: 10 }, (_, place) =>
      refund(orderId, { amount: '4.00' }, place % 2 === 0 ? owner : second),
    );
    const statuses = (await Promise.all(presses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).to.have.length(2);
    expect(statuses.filter((status) => status === 400)).to.have.length(8);
    expect(await orderOf(orderId)).to.deep.equal({ status: 'partially_refunded', refunded_minor: 800 });
    const { json } = await owner.get(`/api/resources/orders/records/${orderId}/show`);
    const shown = JSON.parse((json.record as { params: { refunds: string } }).params.refunds) as {
      leftMinor: number;
      refunds: { amountMinor: number; by: string; creditsClawedBack: number }[];
    };
    expect(shown.leftMinor).to.equal(199);
    expect(shown.refunds.map(({ amountMinor }) => amountMinor)).to.deep.equal([400, 400]);
    expect(shown.refunds.map(({ by }) => by)).to.satisfy((names: string[]) => names.every((name) => name !== ''));
  });

  describe('of a second payment for the same', () => {
    /** Paid after the window, so that it was handed over and staff are asked. → the incident */
    async function paidTwice(): Promise<{ incidentId: string; orderId: string; firstNo: string }> {
      const { clock } = panel;
      const later = (minutes: number) => {
        clock.turnTo(new Date(clock.now().getTime() + minutes * 60_000));
      };
      const begin = () =>
        startCheckout(panel.services, { userId: customer.id, purchase: pack, provider: 'paypal', locale: 'en' });
      const first = await begin();
      later(121);
      const again = await begin();
      // The gateway says that the second was taken, though it was not asked to.
      const gateway = panel.services.providers.get('paypal');
      const taken = await gateway?.captureOrder({
        providerOrderId: again.payment.providerOrderId ?? '',
        requestId: 'r',
      });
      await settlePayment(panel.services, first.payment.id);
      later(61);
      const fetchOrder = () => Promise.resolve(taken);
      const providers = new Map([['paypal', { ...gateway, fetchOrder }]]) as unknown as typeof panel.services.providers;
      await settlePayment({ ...panel.services, providers }, again.payment.id);
      const [incident] = await sql<{ id: string }>('SELECT id FROM incidents WHERE subject_id = $1', again.order.id);
      return { incidentId: incident?.id ?? '', orderId: again.order.id, firstNo: first.order.orderNo };
    }
    const press = (incidentId: string, staff = owner) =>
      staff.post(`/api/resources/incidents/records/${incidentId}/refundDuplicate`, { reason: 'Paid twice.' });

    it('is one click on the incident, which it closes', async () => {
      const { incidentId, orderId, firstNo } = await paidTwice();
      const path = `/api/resources/incidents/records/${incidentId}`;
      const { json } = await owner.get(`${path}/show`);
      const names = (json.record as { recordActions: { name: string }[] }).recordActions.map(({ name }) => name);
      expect(names).to.include.members(['refundDuplicate', 'resolve']);
      expect(previewOf(await owner.get(`${path}/refundDuplicate`))).to.include({
        amountMinor: 999,
        creditsTakenBack: 500,
        firstOrderNo: firstNo,
      });
      const presses = await Promise.all([press(incidentId), press(incidentId, second)]);
      expect(presses.map(({ status }) => status).sort()).to.deep.equal([200, 409]);
      expect(await orderOf(orderId)).to.deep.equal({ status: 'refunded', refunded_minor: 999 });
      expect(await sql('SELECT status, resolution FROM incidents WHERE id = $1', incidentId)).to.deep.equal([
        { status: 'resolved', resolution: 'Paid twice.' },
      ]);
      const audit = await sql(
        'SELECT action FROM audit_log WHERE subject_id IN ($1, $2) ORDER BY id',
        orderId,
        incidentId,
      );
      expect(audit).to.deep.equal([{ action: 'order.refund' }, { action: 'incident.resolve' }]);
      const [balance] = await sql('SELECT available FROM credit_balances WHERE user_id = $1', customer.id);
      expect(balance).to.deep.equal({ available: 500 });
      expect((await press(incidentId)).status).to.equal(409);
    });
  });
});
