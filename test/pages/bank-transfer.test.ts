import { expect } from 'chai';
import { confirmBankTransfer } from '../../src/billing/confirm-bank-transfer.ts';
import { newId } from '../../src/kit/ids.ts';
import { Client, eventually, startApp, useApp, type TestApp } from '../support/app.ts';
import { confirmTransfer, recordTransfer } from '../support/bank-transfers.ts';
import { addStaffActor } from '../support/staff.ts';
import { Visitor } from '../support/visitor.ts';

describe('paying by bank transfer', function () {
  this.timeout(60_000);
  const app = useApp();

  async function customer(): Promise<{ visitor: Visitor; email: string }> {
    const [visitor, email] = [new Visitor(app), `${newId()}@example.com`];
    await visitor.register(email);
    return { visitor, email };
  }

  const formOf = (text: string) => ({
    key: /name="key" value="([^"]+)"/.exec(text)?.[1] ?? '',
    expected: /name="expected" value="([^"]+)"/.exec(text)?.[1] ?? '',
  });

  /** → the address of the page that says where to pay */
  async function choose(visitor: Visitor, pack = 'pack-500'): Promise<string> {
    const { text } = await visitor.get(`/checkout/packs/${pack}`);
    const answer = await visitor.post(`/checkout/packs/${pack}`, { ...formOf(text), provider: 'manual' });
    expect(answer.status).to.equal(303);
    return new URL(answer.headers.get('location') ?? '', app.url).pathname;
  }

  it('is the second button of the checkout, and leads to all that has to be typed', async () => {
    const { visitor, email } = await customer();
    const { text } = await visitor.get('/checkout/packs/pack-500');
    expect(text.match(/class="button wide large"/g)).to.have.length(1);
    expect(text.indexOf('PayPal</button>')).to.be.below(text.indexOf('Pay by bank transfer</button>')).and.above(0);
    const path = await choose(visitor);
    expect(path).to.match(/^\/checkout\/transfer\/PL-/);
    const page = await visitor.get(path);
    const orderNo = path.split('/').at(-1) ?? '';
    for (const said of [
      '$9.99',
      'XX00 DEMO',
      orderNo,
      'business day',
      email,
      `/account/orders/${orderNo}`,
      'mailto:',
    ]) {
      expect(page.text).to.contain(said);
    }
    expect((await visitor.get(`/account/orders/${orderNo}`)).text)
      .to.contain(path)
      .and.contain('Bank transfer');
    const mail = await eventually(async () => {
      const sent = await fetch(`${app.url}/sandbox/api/mail?to=${email}`);
      return ((await sent.json()) as { template: string; text: string }[]).find(
        ({ template }) => template === 'transfer_instructions',
      );
    });
    expect(mail.text).to.contain(orderNo).and.contain('XX00 DEMO');
  });

  it('of the same page twice is one order, and beside PayPal another', async () => {
    const { visitor } = await customer();
    const { text } = await visitor.get('/checkout/packs/pack-500');
    const send = async (more: Record<string, string>) =>
      (await visitor.post('/checkout/packs/pack-500', { ...formOf(text), ...more })).headers.get('location');
    const first = await send({ provider: 'manual' });
    expect(await send({ provider: 'manual' })).to.equal(first);
    expect(await send({})).to.contain('/sandbox/paypal/');
    expect((await visitor.post('/checkout/packs/pack-500', { ...formOf(text), provider: 'gold' })).status).to.equal(
      409,
    );
  });

  it('shows nobody else’s order, and none that goes through PayPal', async () => {
    const [one, other] = [await customer(), await customer()];
    const path = await choose(one.visitor);
    expect((await other.visitor.get(path)).status).to.equal(404);
    expect((await new Visitor(app).get(path)).status).to.equal(303);
    const { text } = await one.visitor.get('/checkout/packs/pack-500');
    await one.visitor.post('/checkout/packs/pack-500', formOf(text));
    const { rows } = await app.db.pool.query<{ order_no: string }>(
      "SELECT order_no FROM orders JOIN payments ON order_id = orders.id WHERE provider = 'paypal'",
    );
    expect((await one.visitor.get(`/checkout/transfer/${rows[0]?.order_no ?? ''}`)).status).to.equal(404);
  });

  it('leads to the receipt once it is paid, and says so when the order is closed', async () => {
    const { visitor } = await customer();
    const [paid, closed] = [await choose(visitor), await choose(visitor, 'pack-2500')];
    const staff = [await addStaffActor(app), await addStaffActor(app)] as const;
    const idOf = async (path: string) =>
      (
        await app.db.pool.query<{ id: string }>('SELECT id FROM bank_transfers WHERE reference = $1', [
          path.split('/').at(-1),
        ])
      ).rows[0]?.id ?? '';
    await recordTransfer(app, await idOf(paid), staff[0], { amountMinor: 999, currency: 'USD' });
    expect((await visitor.get(paid)).status).to.equal(200);
    await confirmTransfer(app, await idOf(paid), staff[1]);
    expect((await visitor.get(paid)).headers.get('location')).to.equal(
      paid.replace('checkout/transfer', 'account/orders'),
    );

    await app.db.pool.query("UPDATE orders SET status = 'expired', closed_at = now() WHERE order_no = $1", [
      closed.split('/').at(-1),
    ]);
    await app.db.pool.query("UPDATE payments SET status = 'cancelled' WHERE provider_order_id = $1", [
      await idOf(closed),
    ]);
    const expired = await visitor.get(closed);
    expect(expired.text).to.contain('This order has expired').and.contain('goes back to you in full');
    await recordTransfer(app, await idOf(closed), staff[0], { amountMinor: 3999, currency: 'USD' });
    const late = { transferId: await idOf(closed), reason: 'seen', staff: staff[1] };
    expect(await confirmBankTransfer(app.services, late)).to.equal('returned');
    expect((await visitor.get(closed)).text).to.contain('arrived after this order had been closed');
    const order = await visitor.get(closed.replace('checkout/transfer', 'account/orders'));
    expect(order.text).to.contain('Nothing was bought').and.contain('Refund on its way');
  });

  it('works through the API, where it cannot be captured before it is confirmed', async () => {
    const client = await Client.register(app);
    const { status, body } = await client.post('/payments/create-order', { plan_code: 'pro', provider: 'manual' });
    expect(status).to.equal(201);
    expect(body).to.include({ provider: 'manual', status: 'pending' }).and.not.have.property('paypal_order_id');
    expect(body.approval_url).to.equal(`${app.url}/checkout/transfer/${body.order_no as string}`);
    const capture = await client.post(`/payments/orders/${body.order_id as string}/capture`);
    expect(capture.body).to.include({ status: 409, code: 'order_not_payable', approval_url: body.approval_url });
  });
});

describe('without bank details', function () {
  this.timeout(60_000);
  let app: TestApp;
  before(async () => {
    app = await startApp({ config: { bankAccount: undefined }, worker: false });
  });
  after(() => app.close());

  it('there is no second button, and no such provider', async () => {
    const visitor = new Visitor(app);
    await visitor.register(`${newId()}@example.com`);
    expect((await visitor.get('/checkout/packs/pack-500')).text).to.not.contain('name="provider"');
    const client = await Client.register(app);
    const answer = await client.post('/payments/create-order', { plan_code: 'pro', provider: 'manual' });
    expect(answer.body).to.include({ status: 400, code: 'validation_failed' });
  });
});
