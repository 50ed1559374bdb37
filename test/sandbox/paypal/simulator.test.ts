import { expect } from 'chai';
import { newId } from '../../../src/kit/ids.ts';
import { simulatorCredentials } from '../../../src/sandbox/paypal/index.ts';
import { orderInput, usePaypalStage, type PaypalStage } from '../../support/paypal-stage.ts';

const hour = 60 * 60 * 1000;

type Json = Record<string, unknown>;

describe('PayPal simulator', () => {
  const using = usePaypalStage();
  const { acts } = using;
  let stage: PaypalStage;
  beforeEach(() => {
    ({ stage } = using);
  });

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
    expect(await call('GET', `/v2/checkout/orders/${await acts.created()}?`)).to.have.property('status', 200);
  });

  it('forgets a request id for orders after 6 hours and for refunds after 45 days', async () => {
    const asked = orderInput();
    const first = await stage.provider.createOrder(asked);
    acts.turn(5.9 * hour);
    expect((await stage.provider.createOrder(asked)).providerOrderId).to.equal(first.providerOrderId);
    acts.turn(0.2 * hour);
    expect((await stage.provider.createOrder(asked)).providerOrderId).not.to.equal(first.providerOrderId);

    const refund = {
      requestId: newId(),
      captureId: (await acts.captured()).captureId,
      amountMinor: 100,
      currency: 'USD',
      note: null,
    };
    const { refundId } = await stage.provider.refundCapture(refund);
    acts.turn(44 * 24 * hour);
    expect((await stage.provider.refundCapture(refund)).refundId).to.equal(refundId);
    acts.turn(2 * 24 * hour);
    expect((await stage.provider.refundCapture(refund)).refundId).not.to.equal(refundId);
  });

  it('captures once for twenty at the same time', async () => {
    const providerOrderId = await acts.approved();
    const orders = await Promise.all(
      Array.from({ length: 20 }, () => stage.provider.captureOrder({ providerOrderId, requestId: newId() })),
    );
    expect(new Set(orders.map(({ capture }) => capture?.captureId)).size).to.equal(1);
  });

  it('never gives back more than was paid, however many ask at once', async () => {
    const { captureId } = await acts.captured({ amountMinor: 999 });
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => acts.refund(captureId, 400)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(2);
  });
});
