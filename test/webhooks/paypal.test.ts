import { expect } from 'chai';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { deliver, inbox, sign, type StoredEvent, type Webhook } from './signed-webhooks.ts';

describe('PayPal’s webhooks', function () {
  this.timeout(60_000);
  const app = useApp();
  let customer: Client;
  beforeEach(async () => {
    customer = await Client.register(app);
  });
  afterEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  async function started(pack = 'pack-500'): Promise<Json> {
    return (await customer.post('/payments/create-order', { pack_code: pack })).body;
  }

  const capture = (order: Json) => customer.post(`/payments/orders/${order['order_id'] as string}/capture`);

  async function arm(fault: string, times = 1): Promise<void> {
    const body = { on: 'webhook', fault, times };
    expect((await call(app, 'POST', '/sandbox/api/paypal/faults', { body })).status).to.equal(201);
  }

  /** The events that name this order of PayPal's, once all that came are handled. */
  async function eventsOf(order: Json): Promise<StoredEvent[]> {
    await app.simulator.idle();
    return eventually(async () => {
      const events = (await inbox(app)).filter(({ body }) => body.includes(order['provider_order_id'] as string));
      return events.every(({ handledAt }) => handledAt !== null) ? events : undefined;
    });
  }

  async function lastEvent(): Promise<StoredEvent> {
    const order = await started();
    await customer.approve(order);
    await capture(order);
    const [event] = (await eventsOf(order)).slice(-1);
    if (event === undefined) throw new Error('no webhook came');
    return event;
  }

  async function granted(): Promise<number> {
    const entries = (await customer.get('/credits/transactions')).body['data'] as Json[];
    expect(entries).to.have.length(1);
    return (await customer.credits())['available_credits'] as number;
  }

  async function receipts(): Promise<number> {
    const isReceipt = async () => (await customer.mails()).filter(({ template }) => template === 'receipt');
    await eventually(async () => ((await isReceipt()).length > 0 ? true : undefined));
    return (await isReceipt()).length;
  }

  it('are stored once each, handled, and say what came of them', async () => {
    const order = await started();
    await customer.approve(order);
    await capture(order);
    const events = await eventsOf(order);
    expect(events.map(({ type }) => type)).to.deep.equal(['CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.COMPLETED']);
    for (const { outcome, attempts } of events) {
      expect(outcome).to.match(/^payment [\w-]+: completed$/);
      expect(attempts).to.equal(1);
    }
    expect(await granted()).to.equal(500);
  });

  it('that come again, byte for byte, are answered with 200 and change nothing', async () => {
    const event = await lastEvent();
    const before = await inbox(app);
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(app, event)));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(10).fill(200));
    expect(await inbox(app)).to.deep.equal(before);
    expect(await granted()).to.equal(500);
    expect(await receipts()).to.equal(1);
  });

  it('that are new and come ten times at once are stored once', async () => {
    await lastEvent();
    const eventId = `WH-${newId()}`;
    const webhook = await sign(app, { id: eventId, event_type: 'BILLING.PLAN.CREATED', resource: {} });
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(app, webhook)));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(10).fill(200));
    expect((await inbox(app)).filter((event) => event.eventId === eventId)).to.have.length(1);
  });

  const changes: [string, (good: Webhook) => Webhook][] = [
    ['a changed byte', ({ body, headers }) => ({ headers, body: Buffer.from(String(body).replace('"id":"WH-', '"id":"WX-')) })],
    ['a space more', ({ body, headers }) => ({ headers, body: Buffer.concat([body, Buffer.from(' ')]) })],
    ['no body', ({ headers }) => ({ headers, body: Buffer.alloc(0) })],
    ['no signature', ({ body, headers }) => ({ body, headers: { ...headers, 'paypal-transmission-sig': '' } })],
    ['another signature', ({ body, headers }) => ({ body, headers: { ...headers, 'paypal-transmission-sig': 'bm9wZQ==' } })],
    ['another transmission id', ({ body, headers }) => ({ body, headers: { ...headers, 'paypal-transmission-id': newId() } })],
    ['a certificate of somebody else', ({ body, headers }) => ({ body, headers: { ...headers, 'paypal-cert-url': 'https://evil.example/cert' } })],
  ]; // prettier-ignore
  for (const [what, change] of changes) {
    it(`with ${what} are refused, and nothing is stored`, async () => {
      const good = await lastEvent();
      const before = await inbox(app);
      const bad = change(good);
      expect(bad).not.to.deep.equal({ body: good.body, headers: good.headers });
      expect(await deliver(app, bad)).to.deep.equal({ status: 401, code: 'unauthenticated' });
      expect(await inbox(app)).to.deep.equal(before);
    });
  }

  it('that are too large or for nobody are refused', async () => {
    const { headers } = await lastEvent();
    const before = await inbox(app);
    const large = { headers, body: Buffer.alloc(300_000, 'x') };
    expect(await deliver(app, large)).to.deep.equal({ status: 413, code: 'payload_too_large' });
    expect(await deliver(app, large, 'cowrie')).to.include({ code: 'payload_too_large' });
    expect(await deliver(app, { headers, body: Buffer.from('{}') }, 'cowrie')).to.include({ code: 'not_found' });
    expect(await inbox(app)).to.deep.equal(before);
  });

  it('of a type that we do not know are kept, and marked as handled', async () => {
    await lastEvent();
    const eventId = `WH-${newId()}`;
    const event = { id: eventId, event_type: 'CATALOG.PRODUCT.CREATED', resource: { id: 'PROD-1', tags: ['new'] } };
    expect(await deliver(app, await sign(app, event))).to.include({ status: 200 });
    const stored = await eventually(async () =>
      (await inbox(app)).find((each) => each.eventId === eventId && each.handledAt !== null),
    );
    expect(stored.outcome).to.contain('CATALOG.PRODUCT.CREATED');
    expect(JSON.parse(String(stored.body))).to.deep.equal(event);
  });

  it('that say an order is paid are only a hint: PayPal is asked', async () => {
    await lastEvent();
    const order = await started('pack-2500');
    const event = {
      id: `WH-${newId()}`,
      event_type: 'PAYMENT.CAPTURE.COMPLETED',
      resource: {
        id: '9AB12345CD678901E',
        status: 'COMPLETED',
        supplementary_data: { related_ids: { order_id: order['provider_order_id'] } },
      },
    };
    expect(await deliver(app, await sign(app, event))).to.include({ status: 200 });
    const [stored] = await eventsOf(order);
    expect(stored?.outcome).to.contain('not_approved');
    const { body } = await customer.get(`/payments/orders/${order['order_id'] as string}`);
    expect(body['status']).to.equal('pending');
    expect(await granted()).to.equal(500);
  });

  it('of somebody else’s sale are kept, and change nothing', async () => {
    await lastEvent();
    const eventId = `WH-${newId()}`;
    const resource = {
      id: '9AB12345CD678901E',
      supplementary_data: { related_ids: { order_id: '8XY12345CD678901E' } },
    };
    await deliver(app, await sign(app, { id: eventId, event_type: 'PAYMENT.CAPTURE.COMPLETED', resource }));
    const stored = await eventually(async () =>
      (await inbox(app)).find((each) => each.eventId === eventId && each.handledAt !== null),
    );
    expect(stored.outcome).to.equal('not a payment of ours');
  });

  it('that come twice settle once', async () => {
    await arm('duplicate', 2);
    const order = await started();
    await customer.approve(order);
    await capture(order);
    expect(await eventsOf(order)).to.have.length(2);
    expect(await granted()).to.equal(500);
    expect(await receipts()).to.equal(1);
  });

  it('that come late find everything done by the buyer who came back', async () => {
    await arm('delayed', 2);
    const order = await started();
    await customer.approve(order);
    await capture(order);
    expect(await granted()).to.equal(500);
    expect(await eventsOf(order)).to.have.length(0);

    await call(app, 'POST', '/sandbox/api/clock', { body: { advance: 'PT5M' } });
    const events = await eventually(async () => {
      const found = await eventsOf(order);
      return found.length === 2 ? found : undefined;
    });
    expect(events.map(({ outcome }) => outcome?.split(': ')[1])).to.deep.equal(['completed', 'completed']);
    await customer.signIn();
    expect(await granted()).to.equal(500);
    expect(await receipts()).to.equal(1);
  });

  it('that are lost are not missed: whoever paid and left gets what they bought', async () => {
    await arm('lost', 10);
    const order = await started();
    await customer.approve(order);
    await app.simulator.idle();
    expect(await customer.credits()).to.include({ available_credits: 0 });

    await call(app, 'POST', '/sandbox/api/clock', { body: { advance: 'PT5M' } });
    await call(app, 'POST', '/sandbox/api/jobs/follow-up-payments/run');
    await customer.signIn();
    expect(await granted()).to.equal(500);
    expect(await eventsOf(order)).to.have.length(0);
    expect(await receipts()).to.equal(1);
  });

  it('that could not be handled are handled by the next sweep', async () => {
    const { id } = await lastEvent();
    await app.db.pool.query('UPDATE provider_events SET handled_at = NULL, outcome = NULL WHERE id = $1', [id]);
    await call(app, 'POST', '/sandbox/api/clock', { body: { advance: 'PT5M' } });
    await call(app, 'POST', '/sandbox/api/jobs/sweep-webhooks/run');
    const event = (await inbox(app)).find((each) => each.id === id);
    expect(event?.outcome).to.match(/: completed$/);
    await customer.signIn();
    expect(await granted()).to.equal(500);
  });

  it('and the payer in them are stored sealed', async () => {
    const event = await lastEvent();
    const order = await started();
    await customer.approve(order);
    await capture(order);
    expect(await eventsOf(order)).to.have.length(2);

    const opened = (await inbox(app)).map(({ body }) => String(body)).join('\n');
    const [address = ''] = /[\w.+-]+@[\w-]+\.[\w.]+/.exec(opened) ?? [];
    expect(address, 'a payer in what PayPal sent').not.to.equal('');
    const { rows } = await app.db.pool.query<{ text: string }>(
      `SELECT row_to_json(e)::text AS text FROM provider_events e
       UNION ALL SELECT row_to_json(p)::text FROM payments p
       UNION ALL SELECT row_to_json(o)::text FROM orders o`,
    );
    const stored = rows.map(({ text }) => text).join('\n');
    expect(stored).not.to.match(/@|given_name|email_address/);
    expect(stored).not.to.contain(JSON.stringify(String(event.body)).slice(1, 60));

    const payments = await app.db.pool.query<{ payer_sealed: string | null }>(
      `SELECT payer_sealed FROM payments WHERE status = 'completed'`,
    );
    for (const { payer_sealed: sealed } of payments.rows) {
      expect(app.services.sealer.open(sealed ?? '')).to.contain('@');
    }
  });
});
