import { expect } from 'chai';
import { createLogger } from '../../../src/kit/logger.ts';
import { createPaypalSimulator } from '../../../src/sandbox/paypal/index.ts';
import { usePaypalStage, type PaypalStage } from '../../support/paypal-stage.ts';

const hour = 60 * 60 * 1000;

describe('PayPal simulator: webhooks', () => {
  const using = usePaypalStage();
  const { acts } = using;
  let stage: PaypalStage;
  beforeEach(() => {
    ({ stage } = using);
  });

  it('come in order, once each', async () => {
    await acts.captured();
    await stage.simulator.idle();
    expect(acts.webhookTypes()).to.deep.equal(['CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.COMPLETED']);
  });

  it('are tried again until they are taken, under one id and newly dated', async () => {
    stage.webhookAnswers.push(503, 500);
    await acts.approved();
    await stage.simulator.idle();
    expect(stage.webhooks).to.have.length(1);
    acts.turn(1000);
    await stage.simulator.idle();
    acts.turn(1000);
    await stage.simulator.idle();
    expect(stage.webhooks).to.have.length(2);
    acts.turn(1000);
    await stage.simulator.idle();
    expect(stage.webhooks).to.have.length(3);
    acts.turn(24 * hour);
    await stage.simulator.idle();
    expect(stage.webhooks).to.have.length(3);
    const headers = (name: string) => new Set(stage.webhooks.map((webhook) => webhook.headers[name])).size;
    expect(headers('paypal-transmission-id')).to.equal(1);
    expect(headers('paypal-transmission-time')).to.equal(3);
    expect(await stage.simulator.control.listDeliveries(5)).to.have.nested.property('[0].attempts', 3);
  });

  it('are given up after 25 attempts', async () => {
    stage.webhookAnswers.push(...Array.from({ length: 30 }, () => 500));
    await acts.approved();
    for (let attempt = 0; attempt < 30; attempt += 1) {
      await stage.simulator.idle();
      acts.turn(5 * hour);
    }
    expect(
      stage.webhooks.filter(
        ({ headers }) => headers['paypal-transmission-id'] === stage.webhooks[0]?.headers['paypal-transmission-id'],
      ),
    ).to.have.length(25);
    const states = (await stage.simulator.control.listDeliveries(5)).map(({ state }) => state);
    expect(states).to.include('given_up');
  });

  it('can be doubled, lost and held up on demand', async () => {
    for (const fault of ['duplicate', 'lost', 'delayed'])
      await stage.simulator.control.armFault({ on: 'webhook', fault });
    await acts.captured();
    await acts.approved();
    await stage.simulator.idle();
    expect(acts.webhookTypes()).to.deep.equal(['CHECKOUT.ORDER.APPROVED', 'CHECKOUT.ORDER.APPROVED']);
    acts.turn(61_000);
    await stage.simulator.idle();
    expect(acts.webhookTypes()).to.deep.equal([
      'CHECKOUT.ORDER.APPROVED',
      'CHECKOUT.ORDER.APPROVED',
      'CHECKOUT.ORDER.APPROVED',
    ]);
    expect(await stage.simulator.control.listFaults()).to.deep.equal([]);
  });

  it('that one process could not deliver are delivered by the next', async () => {
    await stage.simulator.close();
    const { captureId } = await acts.captured();
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
    expect(acts.webhookTypes()).to.deep.equal(['CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.COMPLETED']);
    const verified = await Promise.all(
      stage.webhooks.map(({ body, headers }) => stage.provider.verifyWebhook(body, headers)),
    );
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
    await Promise.all(Array.from({ length: 6 }, () => acts.approved()));
    await Promise.all(others.map((other) => other.idle()));
    await Promise.all(others.map((other) => other.close()));
    expect(stage.webhooks).to.have.length(6);
  });

  it('takes back an approval that nobody captured in three hours', async () => {
    const id = await acts.approved();
    stage.simulator.start();
    acts.turn(3.1 * hour);
    await eventually(async () => {
      await stage.simulator.idle();
      expect(acts.webhookTypes()).to.include('CHECKOUT.PAYMENT-APPROVAL.REVERSED');
    });
    expect((await stage.provider.fetchOrder(id)).status).to.equal('voided');
    const reversal = stage.webhooks.at(-1);
    expect(stage.provider.parseEvent(reversal?.body ?? Buffer.alloc(0))).to.include({
      kind: 'order_reversed',
      providerOrderId: id,
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
