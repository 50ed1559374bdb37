import { expect } from 'chai';
import { usePaypalStage, type PaypalStage } from '../../support/paypal-stage.ts';

type Json = Record<string, unknown>;

describe('PayPal simulator: control API', () => {
  const using = usePaypalStage();
  const { acts } = using;
  let stage: PaypalStage;
  beforeEach(() => {
    ({ stage } = using);
  });

  const control = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${stage.origin}/sandbox/api/paypal${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Json };
  };

  const paid = async () => (await acts.captured()).captureId;

  it('clicks for the buyer', async () => {
    const id = await acts.created();
    const answer = await control('POST', `/orders/${id}/approve`);
    expect(answer.body)
      .to.include({ id, status: 'APPROVED' })
      .and.have.property('redirect_url')
      .that.includes(`token=${id}`);
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
    const [refunded, reversed, disputed] = [await paid(), await paid(), await paid()];
    await stage.simulator.control.armFault({ on: 'capture', fault: 'pending', times: 2 });
    const [completed, denied] = [await paid(), await paid()];
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
    for (const path of [
      `/captures/${refunded}/refund`,
      `/captures/${denied}/complete`,
      `/captures/${reversed}/reverse`,
    ]) {
      expect((await control('POST', path)).status, path).to.equal(409);
    }
    expect((await control('POST', '/captures/0NOSUCHCAPTURE000/reverse')).status).to.equal(404);
    await stage.simulator.idle();
    expect(acts.webhookTypes()).to.deep.equal([
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
