import { expect } from 'chai';
import { faultsByTarget } from '../../src/sandbox/paypal/faults.ts';
import { call, Client, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { Visitor } from '../support/visitor.ts';

/** Whatever PayPal can do wrong can be asked for in three places: here, over HTTP, and in tests by the control itself. */
describe('the sandbox page', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });
  const faults = Object.entries(faultsByTarget).flatMap(([on, names]) => names.map((fault) => ({ on, fault })));

  afterEach(() => call(app, 'DELETE', '/sandbox/api/paypal/faults'));

  const home = async () => (await new Visitor(app).get('/sandbox')).text;
  const press = (path: string, body: Record<string, string> = {}) => new Visitor(app).post(path, body);
  const armed = async () => (await call(app, 'GET', '/sandbox/api/paypal/faults')).body.data as Json[];
  const ordersAtPaypal = async () => (await call(app, 'GET', '/sandbox/api/paypal/orders')).body.data as Json[];
  const captureOf = async ({ provider_order_id }: Json) =>
    ((await ordersAtPaypal()).find(({ id }) => id === provider_order_id)?.captures as Json[])[0] ?? {};

  it('offers every fault that the control API knows, and no other', async () => {
    const offered = [...(await home()).matchAll(/<option value="(\w+:\w+)">/g)].map(([, value]) => value);
    expect(offered).to.have.members(faults.map(({ on, fault }) => `${on}:${fault}`));
  });

  for (const { on, fault } of faults) {
    it(`arms ${fault} on ${on}, as the control API does`, async () => {
      expect((await press('/sandbox/faults', { fault: `${on}:${fault}`, order: '', times: '2' })).status).to.equal(303);
      const answer = await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on, fault, times: 2 } });
      expect(answer.status).to.equal(201);
      const twice = { on, fault, times: 2, order_id: null };
      expect(await armed()).to.deep.equal([twice, twice]);
      expect(await home()).not.to.contain('sandbox:fault');
    });
  }

  it('lets a fault strike one order only', async () => {
    const customer = await Client.register(app);
    const { body } = await customer.post('/payments/create-order', { pack_code: 'pack-500' });
    const order = body.provider_order_id as string;
    await press('/sandbox/faults', { fault: 'capture:decline', order, times: '1' });
    expect(await armed()).to.deep.equal([{ on: 'capture', fault: 'decline', times: 1, order_id: order }]);
  });

  it('has a button for all that can happen to a payment, and for nothing that cannot', async () => {
    const customer = await Client.register(app);
    const bought = await customer.buy({ pack_code: 'pack-500' });
    const [payment] = bought.payments as Json[];
    const { id: capture } = await captureOf({ provider_order_id: payment?.provider_order_id });
    const path = `/sandbox/captures/${capture as string}`;
    const offered = async () =>
      [...(await home()).matchAll(new RegExp(`${path}/(\\w+)"`, 'g'))].map(([, action]) => action);

    expect(await offered()).to.have.members(['refund', 'reverse', 'dispute']);
    await press(`${path}/dispute`);
    expect(await offered()).to.have.members(['won', 'lost']);
    await press(`${path}/won`);
    expect((await press(`${path}/refund`, { amount: 'all of it' })).status).to.equal(400);
    await press(`${path}/refund`, { amount: '4.00' });
    expect(await offered()).to.have.members(['refund', 'reverse', 'dispute']);
    await press(`${path}/reverse`);
    expect(await offered()).to.deep.equal([]);
    expect((await press(`${path}/explode`)).status).to.equal(404);
  });

  it('takes the money away with a dispute that is lost', async () => {
    const customer = await Client.register(app);
    const bought = await customer.buy({ pack_code: 'pack-500' });
    const [payment] = bought.payments as Json[];
    const at = { provider_order_id: payment?.provider_order_id };
    const path = `/sandbox/captures/${(await captureOf(at)).id as string}`;
    await press(`${path}/dispute`);
    await press(`${path}/lost`);
    expect(await captureOf(at)).to.include({ status: 'REFUNDED' });
    expect(await home()).not.to.contain(`${path}/`);
  });

  for (const [decision, status] of [
    ['complete', 'COMPLETED'],
    ['deny', 'DECLINED'],
  ] as const) {
    it(`decides a payment that PayPal holds: ${decision}`, async () => {
      const customer = await Client.register(app);
      await press('/sandbox/faults', { fault: 'capture:pending', order: '', times: '1' });
      const { body } = await customer.post('/payments/create-order', { pack_code: 'pack-500' });
      await customer.approve(body);
      await customer.post(`/payments/orders/${body.order_id as string}/capture`);
      const held = await captureOf(body);
      expect(held).to.include({ status: 'PENDING' });
      const path = `/sandbox/captures/${held.id as string}/${decision}`;
      expect(await home()).to.contain(`"${path}"`);
      await press(path);
      expect(await captureOf(body)).to.include({ status });
      expect(await home()).not.to.contain(`"${path}"`);
    });
  }

  it('decides what PayPal held up: a payment, a refund, an approval', async () => {
    const customer = await Client.register(app);
    const bought = await customer.buy({ pack_code: 'pack-500' });
    const [payment] = bought.payments as Json[];
    const { id: capture } = await captureOf({ provider_order_id: payment?.provider_order_id });
    for (const [decision, status] of [['complete', 'COMPLETED'], ['fail', 'FAILED']] as const) {
      await press('/sandbox/faults', { fault: 'refund:pending', order: '', times: '1' });
      await press(`/sandbox/captures/${capture as string}/refund`, { amount: '1.00' });
      const refund = /\/sandbox\/refunds\/(\w+)\/complete"/.exec(await home())?.[1] ?? '';
      await press(`/sandbox/refunds/${refund}/${decision}`);
      const sql = 'SELECT doc FROM sandbox.paypal_refunds WHERE id = $1';
      expect((await app.db.pool.query<{ doc: Json }>(sql, [refund])).rows[0]?.doc).to.include({ status });
    }
    const { body } = await customer.post('/payments/create-order', { pack_code: 'pack-2500' });
    await customer.approve(body);
    await press(`/sandbox/orders/${body.provider_order_id as string}/lapse`);
    expect((await customer.post(`/payments/orders/${body.order_id as string}/capture`)).status).to.equal(409);
    await expectBalancedBooks(app.services);
  }); // prettier-ignore

  it('takes a payment of another system on the same account', async () => {
    const before = (await ordersAtPaypal()).length;
    expect((await press('/sandbox/captures', { amount: '12.50' })).status).to.equal(303);
    const orders = await ordersAtPaypal();
    expect(orders).to.have.length(before + 1);
    expect((orders[0]?.amount as Json).value).to.equal('12.50');
  });
});
