import { expect } from 'chai';
import type { StaffActor } from '../../src/accounts/staff.ts';
import { expireOrders } from '../../src/billing/expire-orders.ts';
import { sweepEvents } from '../../src/billing/handle-provider-event.ts';
import { reconcile } from '../../src/billing/reconcile.ts';
import { recordBankTransfer, rejectBankTransfer } from '../../src/billing/record-bank-transfer.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { Client, useApp, type Json } from '../support/app.ts';
import { confirmTransfer, orderByTransfer, recordTransfer, transfersOf } from '../support/bank-transfers.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';

const dayMs = 24 * 3600 * 1000;
const price = { amountMinor: 2999, currency: 'USD' };

describe('a purchase by bank transfer', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });
  let ada: StaffActor;
  let ben: StaffActor;

  before(async () => {
    ada = await addStaffActor(app, 'support');
    ben = await addStaffActor(app, 'finance');
  });
  afterEach(() => expectBalancedBooks(app.services));

  const orderNow = async (customer: Client, { order_id }: Json) => {
    await customer.signIn();
    return (await customer.get(`/payments/orders/${order_id as string}`)).body;
  };
  const errorOf = (work: Promise<unknown>) => work.catch((error: unknown) => error as Json);
  const turn = (ms: number) => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + ms));
  };
  const incidentsOf = async (order: Json) =>
    (await app.db.pool.query<{ kind: string }>('SELECT kind FROM incidents WHERE subject_id = $1', [order.order_id]))
      .rows;
  const auditOf = async (id: string) =>
    (await app.db.pool.query<Json>('SELECT * FROM audit_log WHERE subject_id = $1 ORDER BY id', [id])).rows;

  it('is handed over when two people have seen the money, and tells the customer where to pay', async () => {
    const customer = await Client.register(app);
    const order = await orderByTransfer(customer, { plan_code: 'pro' });
    const { rows: mails } = await app.db.pool.query<Json>(
      "SELECT data FROM emails WHERE user_id = $1 AND template = 'transfer_instructions'",
      [customer.id],
    );
    expect(mails).to.have.length(1);
    expect(mails[0]?.data).to.include({ reference: order.order_no });

    await recordTransfer(app, order.transfer.id, ada, price);
    expect(await orderNow(customer, order)).to.include({ status: 'pending' });
    expect(await confirmTransfer(app, order.transfer.id, ben)).to.equal('completed');

    expect(await orderNow(customer, order)).to.include({ status: 'completed' });
    expect(await customer.credits()).to.include({ available_credits: 2000 });
    expect(await customer.subscription()).to.include({ plan_code: 'pro', status: 'active' });
    const audit = await auditOf(order.transfer.id);
    expect(audit.map(({ action, staff_id, reason }) => [action, staff_id, reason])).to.deep.equal([
      ['transfer.record', ada.staffId, 'on the statement'],
      ['transfer.confirm', ben.staffId, 'seen it too'],
    ]);
    expect(await errorOf(confirmTransfer(app, order.transfer.id, ada))).to.include({ code: 'conflict' });
    expect(await reconcile(app.services)).to.include({ differences: 0, left: 0 });
  });

  it('is not paid by one person alone, whatever their role', async () => {
    const owner = await addStaffActor(app, 'owner');
    const customer = await Client.register(app);
    const order = await orderByTransfer(customer, { pack_code: 'pack-500' });
    const { id } = order.transfer;
    expect(await errorOf(confirmTransfer(app, id, owner))).to.include({ code: 'conflict' });
    await recordTransfer(app, id, owner, { amountMinor: order.transfer.amount_minor, currency: 'USD' });
    expect(await errorOf(confirmTransfer(app, id, owner))).to.include({ code: 'conflict' });
    expect(await orderNow(customer, order)).to.include({ status: 'pending' });
    const past = app.db.pool.query(
      "UPDATE bank_transfers SET status = 'confirmed', confirmed_by = recorded_by, confirmed_at = now() WHERE id = $1",
      [id],
    );
    expect(await errorOf(past)).to.include({ constraint: 'bank_transfers_two_people' });
    const both = await Promise.allSettled([confirmTransfer(app, id, ben), confirmTransfer(app, id, ada)]);
    expect(both.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    const change = app.db.pool.query("UPDATE bank_transfers SET bank_reference = 'other' WHERE id = $1", [id]);
    expect(String(await errorOf(change))).to.contain('never changes');
  });

  it('waits again when the record is taken back, by whomever, with the reason', async () => {
    const customer = await Client.register(app);
    const { transfer } = await orderByTransfer(customer, { plan_code: 'pro' });
    for (const staff of [ada, ben]) {
      await recordTransfer(app, transfer.id, ada, price);
      const taken = { transferId: transfer.id, reason: 'another customer’s', staff };
      expect(await rejectBankTransfer(app.services, taken)).to.include({ status: 'awaiting', bankReference: null });
      expect(await errorOf(rejectBankTransfer(app.services, taken))).to.include({ code: 'conflict' });
    }
    const actions = (await auditOf(transfer.id)).map(({ action }) => action);
    expect(actions).to.deep.equal(['transfer.record', 'transfer.reject', 'transfer.record', 'transfer.reject']);
  });

  it('counts a line of the statement once', async () => {
    const customer = await Client.register(app);
    const [first, second] = [
      await orderByTransfer(customer, { pack_code: 'pack-500' }),
      await orderByTransfer(await Client.register(app), { pack_code: 'pack-500' }),
    ];
    const bankDate = app.clock.now().toISOString().slice(0, 10);
    const record = (transferId: string, bankReference: string) =>
      recordBankTransfer(app.services, {
        transferId,
        bankReference,
        bankDate,
        received: { amountMinor: 999, currency: 'USD' },
        reason: 'seen',
        staff: ada,
      });
    await record(first.transfer.id, 'NTRF 4711');
    expect(await errorOf(record(second.transfer.id, ' NTRF 4711 '))).to.include({ code: 'conflict' });
    expect((await record(second.transfer.id, 'NTRF 4712')).status).to.equal('recorded');
  });

  it('refuses a record without a reference, a day that can be, or an amount', async () => {
    const customer = await Client.register(app);
    const { transfer } = await orderByTransfer(customer, { plan_code: 'pro' });
    const today = app.clock.now().toISOString().slice(0, 10);
    const good = { bankReference: 'R', bankDate: today, received: price, reason: 'seen' };
    const bad = [
      { bankReference: ' ' },
      { bankDate: 'yesterday' },
      { bankDate: new Date(app.clock.now().getTime() + 3 * dayMs).toISOString().slice(0, 10) },
      { received: undefined },
      { received: { amountMinor: 0, currency: 'USD' } },
      { reason: '  ' },
    ];
    for (const wrong of bad) {
      const record = { ...good, ...wrong, transferId: transfer.id, staff: ada };
      expect(await errorOf(recordBankTransfer(app.services, record))).to.include({ code: 'validation_failed' });
    }
  });

  it('is settled by the queue when the process dies between the confirmation and the settlement', async () => {
    const customer = await Client.register(app);
    const order = await orderByTransfer(customer, { plan_code: 'pro' });
    await recordTransfer(app, order.transfer.id, ada, price);
    const dead = new Map([...app.services.providers].filter(([name]) => name !== 'manual'));
    const services = { ...app.services, providers: dead };
    expect(await errorOf(confirmTransfer({ services }, order.transfer.id, ben))).to.be.an('error');
    expect((await transfersOf(app, order))[0]).to.include({ status: 'confirmed' });
    expect(await orderNow(customer, order)).to.include({ status: 'pending' });
    turn(5 * 60_000);
    expect(await sweepEvents(app.services)).to.include({ failed: 0 });
    expect(await orderNow(customer, order)).to.include({ status: 'completed' });
    expect(await customer.credits()).to.include({ available_credits: 2000 });
  });

  it('hands nothing over for another amount or currency, and becomes an incident', async () => {
    for (const received of [
      { amountMinor: 2989, currency: 'USD' },
      { amountMinor: 2999, currency: 'EUR' },
    ]) {
      const customer = await Client.register(app);
      const order = await orderByTransfer(customer, { plan_code: 'pro' });
      await recordTransfer(app, order.transfer.id, ada, received);
      expect(await confirmTransfer(app, order.transfer.id, ben)).to.equal('closed');
      expect(await orderNow(customer, order)).to.include({ status: 'failed' });
      expect(await customer.credits()).to.include({ available_credits: 0 });
      expect(await incidentsOf(order)).to.deep.equal([{ kind: 'capture_mismatch' }]);
    }
  });

  it('stays open for fourteen days, and longer when money was recorded', async () => {
    const [customer, other] = [await Client.register(app), await Client.register(app)];
    const [paid, forgotten] = [
      await orderByTransfer(customer, { pack_code: 'pack-500' }),
      await orderByTransfer(other, { pack_code: 'pack-500' }),
    ];
    turn(13 * dayMs);
    await expireOrders(app.services);
    expect(await orderNow(other, forgotten)).to.include({ status: 'pending' });
    const amount = { amountMinor: paid.transfer.amount_minor, currency: 'USD' };
    await recordTransfer(app, paid.transfer.id, ada, amount);
    turn(2 * dayMs);
    await expireOrders(app.services);
    expect(await orderNow(other, forgotten)).to.include({ status: 'expired' });
    expect(await orderNow(customer, paid)).to.include({ status: 'pending' });
    expect(await confirmTransfer(app, paid.transfer.id, ben)).to.equal('completed');
  });

  it('goes back when it arrives after the order has expired: sent by one, confirmed by another', async () => {
    const customer = await Client.register(app);
    const order = await orderByTransfer(customer, { plan_code: 'pro' });
    turn(15 * dayMs);
    await expireOrders(app.services);
    await recordTransfer(app, order.transfer.id, ada, price);
    expect(await confirmTransfer(app, order.transfer.id, ben)).to.equal('returned');
    expect(await orderNow(customer, order)).to.include({ status: 'completed', refunded_amount: '0.00' });
    expect(await customer.credits()).to.include({ available_credits: 0 });
    expect(await incidentsOf(order)).to.deep.equal([{ kind: 'late_payment' }]);

    const [, back] = await transfersOf(app, order);
    expect(back).to.include({ direction: 'outgoing', status: 'awaiting', amount_minor: 2999 });
    await recordTransfer(app, back?.id ?? '', ben);
    expect(await errorOf(confirmTransfer(app, back?.id ?? '', ben))).to.include({ code: 'conflict' });
    expect(await confirmTransfer(app, back?.id ?? '', ada)).to.equal('refunded');
    expect(await orderNow(customer, order)).to.include({ status: 'refunded', refunded_amount: '29.99' });
  });

  it('goes back when another plan was paid for while it was on its way', async () => {
    const customer = await Client.register(app);
    const order = await orderByTransfer(customer, { plan_code: 'pro' });
    await customer.buy({ plan_code: 'basic' });
    await recordTransfer(app, order.transfer.id, ada, price);
    expect(await confirmTransfer(app, order.transfer.id, ben)).to.equal('returned');
    expect(await customer.subscription()).to.include({ plan_code: 'basic', status: 'active' });
    expect(await customer.credits()).to.include({ available_credits: 500 });
    expect((await transfersOf(app, order))[1]).to.include({ direction: 'outgoing', status: 'awaiting' });
  });

  it('is refunded by a transfer that two people see leave, and no sooner', async () => {
    const customer = await Client.register(app);
    const order = await orderByTransfer(customer, { plan_code: 'pro' });
    await recordTransfer(app, order.transfer.id, ada, price);
    await confirmTransfer(app, order.transfer.id, ben);
    const request = { orderId: order.order_id as string, reason: 'unhappy', staff: ben };
    expect(await refundOrder(app.services, { ...request, amountMinor: 1000 })).to.include({ status: 'pending' });
    expect(await refundOrder(app.services, request)).to.include({ status: 'pending', amountMinor: 1999 });
    expect(await errorOf(refundOrder(app.services, request))).to.include({ code: 'conflict' });
    const [, first, rest] = await transfersOf(app, order);
    for (const id of [first?.id ?? '', rest?.id ?? '']) {
      await recordTransfer(app, id, ada);
      expect(await customer.subscription()).to.include({ plan_code: 'pro' });
      expect(await confirmTransfer(app, id, ben)).to.equal('refunded');
    }
    expect(await orderNow(customer, order)).to.include({ status: 'refunded', refunded_amount: '29.99' });
    expect(await customer.subscription()).to.equal(null);
    await reconcile(app.services);
    const differing = "SELECT FROM incidents WHERE kind = 'gateway_difference' AND details ->> 'order' = $1";
    expect((await app.db.pool.query(differing, [order.order_id])).rowCount).to.equal(0);
  });
});
