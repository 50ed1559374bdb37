import { expect } from 'chai';
import { newId } from '../../../src/kit/ids.ts';
import {
  ProviderDeclined,
  ProviderNotApproved,
  ProviderRejected,
  ProviderUnavailable,
} from '../../../src/payments/provider-errors.ts';
import { simulatorCredentials, type Exchange } from '../../../src/sandbox/paypal/index.ts';
import { orderInput, refusalOf, usePaypalStage, type PaypalStage } from '../../support/paypal-stage.ts';

describe('PayPal adapter, against the simulator over HTTP', () => {
  const using = usePaypalStage();
  const { acts } = using;
  const traffic: Exchange[] = [];
  let stage: PaypalStage;

  beforeEach(() => {
    ({ stage } = using);
    traffic.length = 0;
    stage.simulator.observe({ exchange: (exchange) => traffic.push(exchange) });
  });

  const calls = (path: RegExp) => traffic.filter((exchange) => path.test(exchange.path));
  const captureCount = async (orderId: string): Promise<number> => {
    const { rows } = await stage.pool.query('SELECT 1 FROM sandbox.paypal_captures WHERE order_id = $1', [orderId]);
    return rows.length;
  };

  it('leads the buyer from order to capture, and brings our reference back', async () => {
    const asked = orderInput();
    const created = await stage.provider.createOrder(asked);
    expect(created).to.include({ status: 'created', payee: 'SMERCHANT2345', payer: null, capture: null });
    expect(created.approvalUrl).to.equal(`${stage.simulatorUrl}/checkoutnow?token=${created.providerOrderId}`);

    await stage.simulator.control.approve(created.providerOrderId);
    const seen = await stage.provider.fetchOrder(created.providerOrderId);
    expect(seen).to.include({ status: 'approved', approvalUrl: null });
    expect(seen.payer).to.deep.equal({
      payerId: 'SBUYER2345678',
      email: 'buyer@simulator.example',
      name: 'Bea Buyer',
      countryCode: 'US',
    });

    const completed = await stage.provider.captureOrder({
      providerOrderId: created.providerOrderId,
      requestId: newId(),
    });
    expect(completed.status).to.equal('completed');
    const expected = {
      status: 'completed',
      amountMinor: 2999,
      currency: 'USD',
      reference: asked.reference,
      payee: 'SMERCHANT2345',
      providerOrderId: created.providerOrderId,
    };
    expect(completed.capture).to.include(expected);
    expect(await stage.provider.fetchCapture(completed.capture?.captureId ?? '')).to.include(expected);
  });

  it('gives money back in parts, and then no more than there was', async () => {
    const capture = await acts.captured();
    const give = (amountMinor: number) =>
      stage.provider.refundCapture({
        requestId: newId(),
        captureId: capture.captureId,
        amountMinor,
        currency: 'USD',
        note: null,
      });
    const first = await give(1000);
    expect(first).to.include({ status: 'completed', amountMinor: 1000, currency: 'USD', captureId: capture.captureId });
    const second = await give(1999);
    expect(await stage.provider.fetchRefund(second.refundId)).to.deep.equal(second);
    expect((await stage.provider.fetchCapture(capture.captureId)).status).to.equal('refunded');
    expect(await refusalOf(give(1)))
      .to.be.instanceOf(ProviderRejected)
      .and.include({ issue: 'CAPTURE_FULLY_REFUNDED' });
  });

  it('tells a declined card from an order that waits for approval, and lets the same order be paid after both', async () => {
    const { providerOrderId } = await stage.provider.createOrder(orderInput());
    const requestId = newId();
    const capture = () => stage.provider.captureOrder({ providerOrderId, requestId });
    expect(await refusalOf(capture()))
      .to.be.instanceOf(ProviderNotApproved)
      .and.include({ issue: 'ORDER_NOT_APPROVED' });
    await stage.simulator.control.decline(providerOrderId);
    expect(await refusalOf(capture()))
      .to.be.instanceOf(ProviderDeclined)
      .and.include({ issue: 'INSTRUMENT_DECLINED' });
    expect(calls(/capture$/)).to.have.length(2);
    await stage.simulator.control.approve(providerOrderId);
    expect((await capture()).capture?.status).to.equal('completed');
  });

  it('declines once where the fault says so, though the buyer approved', async () => {
    const providerOrderId = await acts.approved();
    await stage.simulator.control.armFault({ on: 'capture', fault: 'decline', orderId: providerOrderId });
    const capture = () => stage.provider.captureOrder({ providerOrderId, requestId: newId() });
    expect(await refusalOf(capture())).to.be.instanceOf(ProviderDeclined);
    await stage.simulator.control.approve(providerOrderId);
    expect((await capture()).status).to.equal('completed');
  });

  it('takes an order that was captured before as it is', async () => {
    const capture = await acts.captured();
    const providerOrderId = capture.providerOrderId ?? '';
    const again = await stage.provider.captureOrder({ providerOrderId, requestId: newId() });
    expect(again.capture).to.deep.equal(capture);
  });

  it('captures once when the answer is lost and the call is repeated by itself', async () => {
    const providerOrderId = await acts.approved();
    await stage.simulator.control.armFault({ on: 'capture', fault: 'timeout_after' });
    const order = await stage.provider.captureOrder({ providerOrderId, requestId: newId() });
    expect(order.capture?.status).to.equal('completed');
    expect(calls(/capture$/).map(({ status }) => status)).to.deep.equal([null, 200]);
    expect(await captureCount(providerOrderId)).to.equal(1);
  });

  it('says that the outcome is unknown when no answer comes, and finds one capture afterwards', async () => {
    const providerOrderId = await acts.approved();
    await stage.simulator.control.armFault({ on: 'capture', fault: 'timeout_after', times: 3 });
    const requestId = newId();
    const capture = () => stage.provider.captureOrder({ providerOrderId, requestId });
    expect(await refusalOf(capture())).to.be.instanceOf(ProviderUnavailable);
    expect((await stage.provider.fetchOrder(providerOrderId)).capture?.status).to.equal('completed');
    expect((await capture()).capture?.status).to.equal('completed');
    expect(await captureCount(providerOrderId)).to.equal(1);
  });

  it('says the same when the call never arrived, and captures when asked again', async () => {
    const providerOrderId = await acts.approved();
    await stage.simulator.control.armFault({ on: 'capture', fault: 'timeout_before', times: 3 });
    const capture = () => stage.provider.captureOrder({ providerOrderId, requestId: newId() });
    expect(await refusalOf(capture())).to.be.instanceOf(ProviderUnavailable);
    expect(await captureCount(providerOrderId)).to.equal(0);
    expect((await capture()).status).to.equal('completed');
  });

  it('gives back once when the answer to a refund is lost', async () => {
    const capture = await acts.captured();
    await stage.simulator.control.armFault({ on: 'refund', fault: 'timeout_after', times: 3 });
    const call = { requestId: newId(), captureId: capture.captureId, amountMinor: 500, currency: 'USD', note: null };
    expect(await refusalOf(stage.provider.refundCapture(call))).to.be.instanceOf(ProviderUnavailable);
    expect(await stage.provider.refundCapture(call)).to.include({ status: 'completed', amountMinor: 500 });
    const { rows } = await stage.pool.query('SELECT 1 FROM sandbox.paypal_refunds WHERE capture_id = $1', [
      capture.captureId,
    ]);
    expect(rows).to.have.length(1);
  });

  it('makes one order of two calls with one request id, one after the other or at once', async () => {
    const asked = orderInput();
    const orders = await Promise.all([1, 2, 3].map(() => stage.provider.createOrder(asked)));
    orders.push(await stage.provider.createOrder(asked));
    expect(new Set(orders.map(({ providerOrderId }) => providerOrderId)).size).to.equal(1);
  });

  for (const fault of ['error_429', 'error_500']) {
    it(`tries again after ${fault}, and gives up as unavailable when it lasts`, async () => {
      await stage.simulator.control.armFault({ on: 'create', fault });
      expect((await stage.provider.createOrder(orderInput())).status).to.equal('created');
      await stage.simulator.control.armFault({ on: 'create', fault, times: 3 });
      expect(await refusalOf(stage.provider.createOrder(orderInput()))).to.be.instanceOf(ProviderUnavailable);
    });
  }

  it('fetches a new token when PayPal no longer knows the old one', async () => {
    await stage.provider.createOrder(orderInput());
    await stage.simulator.control.revokeTokens();
    traffic.length = 0;
    await Promise.all([1, 2, 3, 4].map(() => stage.provider.createOrder(orderInput())));
    expect(calls(/oauth2/)).to.have.length(1);
  });

  it('forgets a token call that failed', async () => {
    const provider = stage.client();
    await stage.simulator.control.armFault({ on: 'token', fault: 'timeout_before', times: 3 });
    expect(await refusalOf(provider.createOrder(orderInput()))).to.be.instanceOf(ProviderUnavailable);
    expect((await provider.createOrder(orderInput())).status).to.equal('created');
  });

  it('fetches one token for many calls at once', async () => {
    const provider = stage.client();
    await Promise.all([1, 2, 3, 4, 5].map(() => provider.createOrder(orderInput())));
    expect(calls(/oauth2/)).to.have.length(1);
  });

  it('is unavailable, and does not insist, with wrong credentials', async () => {
    const provider = stage.client({ clientSecret: 'wrong' });
    const error = await refusalOf(provider.createOrder(orderInput()));
    expect(error).to.be.instanceOf(ProviderUnavailable).and.include({ issue: 'AUTHENTICATION_FAILURE' });
    expect(calls(/oauth2/)).to.have.length(1);
  });

  it('holds a pending capture apart from a completed one', async () => {
    await stage.simulator.control.armFault({ on: 'capture', fault: 'pending' });
    const capture = await acts.captured();
    expect((await stage.provider.fetchOrder(capture.providerOrderId ?? '')).status).to.equal('completed');
    expect(capture).to.include({ status: 'pending', pendingReason: 'PENDING_REVIEW' });
    await stage.simulator.control.completeCapture(capture.captureId);
    expect(await stage.provider.fetchCapture(capture.captureId)).to.include({
      status: 'completed',
      pendingReason: null,
    });
  });

  for (const [currency, amountMinor, value] of [
    ['JPY', 500, '500'],
    ['HUF', 50000, '500'],
    ['EUR', 5, '0.05'],
  ] as const) {
    it(`pays ${value} ${currency}`, async () => {
      const capture = await acts.captured({ currency, amountMinor });
      expect(capture).to.include({ amountMinor, currency });
      const { rows } = await stage.pool.query<{ amount: unknown }>(
        `SELECT doc->'unit'->'amount' AS amount FROM sandbox.paypal_orders WHERE id = $1`,
        [capture.providerOrderId],
      );
      expect(rows[0]?.amount).to.deep.equal({ currency_code: currency, value });
    });
  }

  for (const [amountMinor, currency, issue] of [
    [50, 'HUF', 'DECIMALS_NOT_SUPPORTED'],
    [1000, 'KWD', 'INVALID_CURRENCY_CODE'],
    [0, 'USD', 'CANNOT_BE_ZERO_OR_NEGATIVE'],
  ] as const) {
    it(`refuses ${amountMinor} ${currency} before anything is sent`, async () => {
      const error = await refusalOf(stage.provider.createOrder(orderInput({ amountMinor, currency })));
      expect(error).to.be.instanceOf(ProviderRejected).and.include({ issue });
      expect(traffic).to.deep.equal([]);
    });
  }

  it('finds nothing under an unknown id', async () => {
    const { provider } = stage;
    const missing = [
      () => provider.fetchOrder('0NOSUCHORDER00000'),
      () => provider.fetchCapture('0NOSUCHCAPTURE000'),
      () => provider.fetchRefund('0NOSUCHREFUND0000'),
      () => provider.fetchDispute('PP-D-0NOSUCHDISPUTE00'),
    ];
    for (const fetchMissing of missing) {
      expect(await refusalOf(fetchMissing()))
        .to.be.instanceOf(ProviderRejected)
        .and.include({ issue: 'RESOURCE_NOT_FOUND' });
    }
  });

  it('carries neither secrets nor raw answers in its errors, and PayPal’s debug id for support', async () => {
    const { providerOrderId } = await stage.provider.createOrder(orderInput());
    const error = await refusalOf(stage.provider.captureOrder({ providerOrderId, requestId: newId() }));
    const told = JSON.stringify([error, Object.getOwnPropertyNames(error), error.message, error.stack, error.cause]);
    expect(told)
      .not.to.match(/Bearer|A21AA|Basic /)
      .and.not.to.include(simulatorCredentials.clientSecret);
    expect(error.cause).to.equal(undefined);
    expect(error.debugId).to.match(/^\w{13}$/);
  });

  it('refuses an invoice id that was captured before', async () => {
    const invoiceId = `PL-${newId()}`;
    await acts.captured({ invoiceId });
    const providerOrderId = await acts.approved({ invoiceId });
    const error = await refusalOf(stage.provider.captureOrder({ providerOrderId, requestId: newId() }));
    expect(error).to.be.instanceOf(ProviderRejected).and.include({ issue: 'DUPLICATE_INVOICE_ID' });
  });

  it('will not send credentials anywhere but to PayPal or this machine', async () => {
    const provider = stage.client({ baseUrl: () => 'http://example.com' });
    const error = await refusalOf(provider.createOrder(orderInput()));
    expect(error).to.be.instanceOf(ProviderUnavailable).and.include({ issue: 'BASE_URL_NOT_ALLOWED' });
    expect(() => stage.client({ environment: 'live' })).to.throw(/not trusted/);
  });
});
