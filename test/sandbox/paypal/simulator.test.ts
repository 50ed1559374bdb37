import { expect } from 'chai';
import { newId } from '../../../src/kit/ids.ts';
import type { ProviderOrderInput } from '../../../src/payments/provider.ts';
import { createLogger } from '../../../src/kit/logger.ts';
import { createPaypalSimulator, simulatorCredentials } from '../../../src/sandbox/paypal/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { openPaypalStage, type PaypalStage } from '../../support/paypal-stage.ts';

const hour = 60 * 60 * 1000;

type Json = Record<string, unknown>;

describe('PayPal simulator', () => {
  let database: TestDatabase;
  let stage: PaypalStage;

  before(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    stage = await openPaypalStage(database.url);
    await stage.pool.query(
      `TRUNCATE sandbox.paypal_orders, sandbox.paypal_captures, sandbox.paypal_refunds, sandbox.paypal_disputes,
         sandbox.paypal_requests, sandbox.paypal_faults, sandbox.paypal_deliveries`,
    );
  });
  afterEach(async () => {
    await stage.close();
  });
  after(async () => {
    await database.drop();
  });

  const input = (overrides: Partial<ProviderOrderInput> = {}): ProviderOrderInput => ({
    requestId: newId(), reference: newId(), invoiceId: newId(), amountMinor: 999, currency: 'USD', description: 'Basic',
    locale: 'en', returnUrl: 'http://127.0.0.1/r?x=1', cancelUrl: 'http://127.0.0.1/c', ...overrides,
  }); // prettier-ignore
  const created = async () => (await stage.provider.createOrder(input())).providerOrderId;
  const approved = async () => {
    const id = await created();
    await stage.simulator.control.approve(id);
    return id;
  };
  const captured = async () => {
    const order = await stage.provider.captureOrder({ providerOrderId: await approved(), requestId: newId() });
    return order.capture?.captureId ?? '';
  };
  const turn = (ms: number) => {
    stage.clock.set(new Date(stage.clock.now().getTime() + ms));
  };
  const types = () => stage.webhooks.map(({ body }) => (JSON.parse(body.toString('utf8')) as { event_type: string }).event_type);

  const token = async (): Promise<string> => {
    const { clientId, clientSecret } = simulatorCredentials;
    const response = await fetch(`${stage.simulatorUrl}/v1/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  };
  const call = async (method: string, path: string, body?: string | object, headers: Record<string, string> = {}) => {
    const response = await fetch(stage.simulatorUrl + path, {
      method,
      headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
  const unit = { amount: { currency_code: 'USD', value: '9.99' } };

  describe('refuses what PayPal refuses, in its words', () => {
    const refusals: [string, string | object | undefined, number, string, string?][] = [
      ['no body', undefined, 400, 'MISSING_REQUIRED_PARAMETER', '/intent'],
      ['broken JSON', '{"intent":', 400, 'MALFORMED_REQUEST_JSON'],
      ['no units', { intent: 'CAPTURE', purchase_units: [] }, 400, 'INVALID_ARRAY_MIN_ITEMS', '/purchase_units'],
      ['no amount', { intent: 'CAPTURE', purchase_units: [{}] }, 400, 'MISSING_REQUIRED_PARAMETER', '/purchase_units/0/amount'],
      ['an amount as a number', { intent: 'CAPTURE', purchase_units: [{ amount: { currency_code: 'USD', value: 9.99 } }] }, 400, 'INVALID_PARAMETER_SYNTAX', '/purchase_units/0/amount/value'],
      ['an unknown intent', { intent: 'GIVE', purchase_units: [unit] }, 400, 'INVALID_PARAMETER_VALUE', '/intent'],
      ['a long custom id', { intent: 'CAPTURE', purchase_units: [{ ...unit, custom_id: 'x'.repeat(128) }] }, 400, 'INVALID_STRING_LENGTH', '/purchase_units/0/custom_id'],
      ['nothing to pay', { intent: 'CAPTURE', purchase_units: [{ amount: { currency_code: 'USD', value: '0.00' } }] }, 422, 'CANNOT_BE_ZERO_OR_NEGATIVE'],
      ['three decimals', { intent: 'CAPTURE', purchase_units: [{ amount: { currency_code: 'USD', value: '1.001' } }] }, 422, 'DECIMAL_PRECISION'],
      ['decimal yen', { intent: 'CAPTURE', purchase_units: [{ amount: { currency_code: 'JPY', value: '1.5' } }] }, 422, 'DECIMAL_PRECISION'],
      ['an unknown currency', { intent: 'CAPTURE', purchase_units: [{ amount: { currency_code: 'XXX', value: '1.00' } }] }, 422, 'INVALID_CURRENCY_CODE'],
      ['a wallet without a request id', { intent: 'CAPTURE', purchase_units: [unit], payment_source: { paypal: {} } }, 400, 'PAYPAL_REQUEST_ID_REQUIRED'],
    ]; // prettier-ignore
    for (const [what, body, status, issue, field] of refusals) {
      it(`${what}: ${status} ${issue}`, async () => {
        const answer = await call('POST', '/v2/checkout/orders', body);
        expect(answer.status).to.equal(status);
        expect(answer.body).to.include.keys('name', 'message', 'debug_id', 'details', 'links');
        const [detail] = answer.body.details as Json[];
        expect(detail).to.include({ issue, ...(field === undefined ? {} : { field }) });
      });
    }

    it('a token that it never gave', async () => {
      const answer = await call('GET', '/v2/checkout/orders/1AB', undefined, { authorization: 'Bearer guessed' });
      expect(answer).to.have.property('status', 401);
      expect(answer.body.name).to.equal('AUTHENTICATION_FAILURE');
    });

    it('a path that is not PayPal’s', async () => {
      expect(await call('GET', '/v2/checkout/nothing')).to.have.property('status', 404);
    });
  });

  it('answers briefly unless the whole is asked for', async () => {
    const body = { intent: 'CAPTURE', purchase_units: [unit] };
    const minimal = await call('POST', '/v2/checkout/orders', body);
    expect(minimal.body).to.have.all.keys('id', 'status', 'links');
    expect((minimal.body.links as Json[]).map(({ rel }) => rel)).to.deep.equal(['self', 'approve']);
    const whole = await call('POST', '/v2/checkout/orders', body, { prefer: 'return=representation' });
    expect(whole.body).to.include.keys('purchase_units', 'intent', 'create_time');
  });

  it('understands the odd paths that the SDK makes', async () => {
    expect(await call('GET', `/v2/checkout/orders/${await created()}?`)).to.have.property('status', 200);
  });

  it('forgets a request id for orders after 6 hours and for refunds after 45 days', async () => {
    const asked = input();
    const first = await stage.provider.createOrder(asked);
    turn(5.9 * hour);
    expect((await stage.provider.createOrder(asked)).providerOrderId).to.equal(first.providerOrderId);
    turn(0.2 * hour);
    expect((await stage.provider.createOrder(asked)).providerOrderId).not.to.equal(first.providerOrderId);

    const refund = { requestId: newId(), captureId: await captured(), amountMinor: 100, currency: 'USD', note: null };
    const { refundId } = await stage.provider.refundCapture(refund);
    turn(44 * 24 * hour);
    expect((await stage.provider.refundCapture(refund)).refundId).to.equal(refundId);
    turn(2 * 24 * hour);
    expect((await stage.provider.refundCapture(refund)).refundId).not.to.equal(refundId);
  });

  it('captures once for twenty at the same time', async () => {
    const providerOrderId = await approved();
    const orders = await Promise.all(
      Array.from({ length: 20 }, () => stage.provider.captureOrder({ providerOrderId, requestId: newId() })),
    );
    expect(new Set(orders.map(({ capture }) => capture?.captureId)).size).to.equal(1);
  });

  it('never gives back more than was paid, however many ask at once', async () => {
    const captureId = await captured();
    const call = () => stage.provider.refundCapture({ requestId: newId(), captureId, amountMinor: 400, currency: 'USD', note: null });
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, call));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(2);
  });

  describe('webhooks', () => {
    it('come in order, once each', async () => {
      await captured();
      await stage.simulator.idle();
      expect(types()).to.deep.equal(['CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.COMPLETED']);
    });

    it('are tried again until they are taken, under one id and newly dated', async () => {
      stage.webhookAnswers.push(503, 500);
      await approved();
      await stage.simulator.idle();
      expect(stage.webhooks).to.have.length(1);
      turn(1000);
      await stage.simulator.idle();
      turn(1000);
      await stage.simulator.idle();
      expect(stage.webhooks).to.have.length(2);
      turn(1000);
      await stage.simulator.idle();
      expect(stage.webhooks).to.have.length(3);
      turn(24 * hour);
      await stage.simulator.idle();
      expect(stage.webhooks).to.have.length(3);
      const headers = (name: string) => new Set(stage.webhooks.map((webhook) => webhook.headers[name])).size;
      expect(headers('paypal-transmission-id')).to.equal(1);
      expect(headers('paypal-transmission-time')).to.equal(3);
      expect(await stage.simulator.control.listDeliveries(5)).to.have.nested.property('[0].attempts', 3);
    });

    it('are given up after 25 attempts', async () => {
      stage.webhookAnswers.push(...Array.from({ length: 30 }, () => 500));
      await approved();
      for (let attempt = 0; attempt < 30; attempt += 1) {
        await stage.simulator.idle();
        turn(5 * hour);
      }
      expect(stage.webhooks.filter(({ headers }) => headers['paypal-transmission-id'] === stage.webhooks[0]?.headers['paypal-transmission-id'])).to.have.length(25);
      const states = (await stage.simulator.control.listDeliveries(5)).map(({ state }) => state);
      expect(states).to.include('given_up');
    });

    it('can be doubled, lost and held up on demand', async () => {
      for (const fault of ['duplicate', 'lost', 'delayed']) await stage.simulator.control.armFault({ on: 'webhook', fault });
      await captured();
      await approved();
      await stage.simulator.idle();
      expect(types()).to.deep.equal(['CHECKOUT.ORDER.APPROVED', 'CHECKOUT.ORDER.APPROVED']);
      turn(61_000);
      await stage.simulator.idle();
      expect(types()).to.deep.equal(['CHECKOUT.ORDER.APPROVED', 'CHECKOUT.ORDER.APPROVED', 'CHECKOUT.ORDER.APPROVED']);
      expect(await stage.simulator.control.listFaults()).to.deep.equal([]);
    });

    it('that one process could not deliver are delivered by the next', async () => {
      await stage.simulator.close();
      const captureId = await captured();
      expect(stage.webhooks).to.deep.equal([]);
      const restarted = createPaypalSimulator({
        clock: stage.clock,
        log: createLogger('silent'),
        pool: stage.pool,
        publicUrl: () => stage.simulatorUrl,
        webhookUrl: () => `${stage.origin}/webhooks/paypal`,
      });
      await restarted.prepare();
      expect(await restarted.rootCertificate()).to.equal(await stage.simulator.rootCertificate());
      await Promise.all([restarted.idle(), restarted.idle()]);
      await restarted.close();
      expect(types()).to.deep.equal(['CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.COMPLETED']);
      const verified = await Promise.all(stage.webhooks.map(({ body, headers }) => stage.provider.verifyWebhook(body, headers)));
      expect(verified.at(-1)?.captureId).to.equal(captureId);
    });

    it('are delivered once by two processes', async () => {
      const others = [1, 2].map(() =>
        createPaypalSimulator({
          clock: stage.clock, log: createLogger('silent'), pool: stage.pool,
          publicUrl: () => stage.simulatorUrl, webhookUrl: () => `${stage.origin}/webhooks/paypal`,
        }),
      ); // prettier-ignore
      await Promise.all(others.map((other) => other.prepare()));
      await stage.simulator.close();
      await Promise.all(Array.from({ length: 6 }, approved));
      await Promise.all(others.map((other) => other.idle()));
      await Promise.all(others.map((other) => other.close()));
      expect(stage.webhooks).to.have.length(6);
    });
  });

  it('takes back an approval that nobody captured in three hours', async () => {
    const id = await approved();
    stage.simulator.start();
    turn(3.1 * hour);
    await eventually(async () => {
      await stage.simulator.idle();
      expect(types()).to.include('CHECKOUT.PAYMENT-APPROVAL.REVERSED');
    });
    expect((await stage.provider.fetchOrder(id)).status).to.equal('voided');
    const reversal = stage.webhooks.at(-1);
    expect(stage.provider.parseEvent(reversal?.body ?? Buffer.alloc(0))).to.include({ kind: 'order_reversed', providerOrderId: id });
  });

  describe('approval page', () => {
    const open = async (id: string) => {
      const response = await fetch(`${stage.simulatorUrl}/checkoutnow?token=${id}`);
      return { response, html: await response.text() };
    };
    const click = (id: string, action: string) =>
      fetch(`${stage.simulatorUrl}/checkoutnow?token=${id}`, {
        method: 'POST',
        body: new URLSearchParams({ action }),
        redirect: 'manual',
      });

    it('says that no money moves, shows what is paid, and needs neither script nor inline style', async () => {
      const { providerOrderId } = await stage.provider.createOrder(input({ description: 'Pro <b>monthly</b>' }));
      const { response, html } = await open(providerOrderId);
      expect(html).to.include('No real money moves').and.include('$9.99').and.include('Pro &lt;b&gt;monthly&lt;/b&gt;');
      expect(html).not.to.match(/<script|<style|style=|onclick/);
      expect(response.headers.get('content-security-policy')).to.include("default-src 'none'").and.include("form-action 'self' http://127.0.0.1;");
      expect((await fetch(`${stage.simulatorUrl}/assets/simulator.css`)).headers.get('content-type')).to.match(/^text\/css/);
    });

    it('speaks Chinese where the shop does', async () => {
      const { providerOrderId } = await stage.provider.createOrder(input({ locale: 'zh-CN' }));
      expect((await open(providerOrderId)).html).to.include('lang="zh-CN"').and.include('不会产生真实扣款').and.include('付款');
    });

    it('leads back with token and payer after Pay, and to the other address after Cancel', async () => {
      const id = await created();
      const cancelled = await click(id, 'cancel');
      expect([cancelled.status, cancelled.headers.get('location')]).to.deep.equal([303, `http://127.0.0.1/c?token=${id}`]);
      const paid = await click(id, 'pay');
      expect(paid.headers.get('location')).to.equal(`http://127.0.0.1/r?x=1&token=${id}&PayerID=SBUYER2345678`);
      expect((await stage.provider.fetchOrder(id)).status).to.equal('approved');
    });

    it('lets the buyer choose again after Decline', async () => {
      const id = await created();
      expect((await click(id, 'decline')).status).to.equal(303);
      const outcome = await stage.provider.captureOrder({ providerOrderId: id, requestId: newId() }).catch((error: unknown) => error);
      expect(outcome).to.have.property('issue', 'INSTRUMENT_DECLINED');
      expect((await open(id)).html).to.include('The card was declined').and.include('value="pay"');
      await click(id, 'pay');
      expect((await stage.provider.captureOrder({ providerOrderId: id, requestId: newId() })).status).to.equal('completed');
    });

    it('has nothing to click once it is approved, paid, expired or unknown', async () => {
      const id = await approved();
      expect((await open(id)).html).to.include('Already approved').and.not.include('<button');
      await stage.provider.captureOrder({ providerOrderId: id, requestId: newId() });
      expect((await open(id)).html).to.include('Already paid');
      expect((await click(id, 'pay')).status).to.equal(200);
      const late = await created();
      turn(4 * hour);
      expect((await open(late)).response.status).to.equal(410);
      expect((await open('0NOSUCHORDER00000')).response.status).to.equal(404);
    });
  });

  describe('control API', () => {
    const control = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${stage.origin}/sandbox/api/paypal${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Json };
    };

    it('clicks for the buyer', async () => {
      const id = await created();
      const answer = await control('POST', `/orders/${id}/approve`);
      expect(answer.body).to.include({ id, status: 'APPROVED' }).and.have.property('redirect_url').that.includes(`token=${id}`);
      expect((await control('POST', `/orders/${id}/approve`)).status).to.equal(409);
      expect((await control('POST', '/orders/0NOSUCHORDER00000/approve')).status).to.equal(404);
    });

    it('arms faults, lists them and clears them, and names what there is when one is unknown', async () => {
      expect(await control('POST', '/faults', { on: 'capture', fault: 'timeout_after', times: 2 })).to.deep.equal({
        status: 201,
        body: { on: 'capture', fault: 'timeout_after', times: 2, order_id: null },
      });
      expect((await control('GET', '/faults')).body.data).to.have.length(1);
      for (const body of [
        { on: 'capture', fault: 'earthquake' },
        { on: 'moon', fault: 'decline' },
        { on: 'create', fault: 'decline' },
        { on: 'create', fault: 'error_500', order_id: 'X' },
        { on: 'capture', fault: 'decline', times: 0 },
        { on: 'capture', fault: 'decline', colour: 'red' },
      ]) {
        expect(await control('POST', '/faults', body), JSON.stringify(body)).to.include({ status: 400 });
      }
      const unknown = await control('POST', '/faults', { on: 'capture', fault: 'earthquake' });
      expect(JSON.stringify(unknown.body)).to.include('decline').and.include('timeout_after');
      expect((await control('DELETE', '/faults')).status).to.equal(204);
      expect((await control('GET', '/faults')).body.data).to.deep.equal([]);
    });

    it('does what happens at PayPal’s side, and tells the shop', async () => {
      const [refunded, reversed, disputed] = [await captured(), await captured(), await captured()];
      await stage.simulator.control.armFault({ on: 'capture', fault: 'pending', times: 2 });
      const [completed, denied] = [await captured(), await captured()];
      stage.webhooks.length = 0;
      await stage.simulator.idle();
      stage.webhooks.length = 0;
      const steps: [string, object?][] = [
        [`/captures/${refunded}/refund`, { amount: '1.50' }],
        [`/captures/${refunded}/refund`],
        [`/captures/${reversed}/reverse`],
        [`/captures/${disputed}/dispute`],
        [`/captures/${disputed}/dispute`, { outcome: 'lost' }],
        [`/captures/${completed}/complete`],
        [`/captures/${denied}/deny`],
      ];
      for (const [path, body] of steps) expect((await control('POST', path, body)).status, path).to.equal(200);
      for (const path of [`/captures/${refunded}/refund`, `/captures/${denied}/complete`, `/captures/${reversed}/reverse`]) {
        expect((await control('POST', path)).status, path).to.equal(409);
      }
      expect((await control('POST', '/captures/0NOSUCHCAPTURE000/reverse')).status).to.equal(404);
      await stage.simulator.idle();
      expect(types()).to.deep.equal([
        'PAYMENT.CAPTURE.REFUNDED',
        'PAYMENT.CAPTURE.REFUNDED',
        'PAYMENT.CAPTURE.REVERSED',
        'CUSTOMER.DISPUTE.CREATED',
        'PAYMENT.CAPTURE.REVERSED',
        'CUSTOMER.DISPUTE.RESOLVED',
        'PAYMENT.CAPTURE.COMPLETED',
        'PAYMENT.CAPTURE.DENIED',
      ]);
      expect((await control('GET', '/deliveries?limit=3')).body.data).to.have.length(3);
      expect((await control('GET', '/orders')).body.data).to.have.length(5);
    });
  });
});

/** Waits for a condition, with a bound; never for a time. */
async function eventually(check: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await check();
      return;
    } catch (error) {
      if (attempt >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
