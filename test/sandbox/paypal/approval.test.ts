import { expect } from 'chai';
import { newId } from '../../../src/kit/ids.ts';
import { orderInput, usePaypalStage, type PaypalStage } from '../../support/paypal-stage.ts';

const hour = 60 * 60 * 1000;

describe('PayPal simulator: approval page', () => {
  const using = usePaypalStage();
  const { acts } = using;
  let stage: PaypalStage;
  beforeEach(() => {
    ({ stage } = using);
  });

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
    const { providerOrderId } = await stage.provider.createOrder(orderInput({ description: 'Pro <b>monthly</b>' }));
    const { response, html } = await open(providerOrderId);
    expect(html).to.include('No real money moves').and.include('$29.99').and.include('Pro &lt;b&gt;monthly&lt;/b&gt;');
    expect(html).not.to.match(/<script|<style|style=|onclick/);
    expect(response.headers.get('content-security-policy'))
      .to.include("default-src 'none'")
      .and.include("form-action 'self' http://127.0.0.1:3000;");
    expect((await fetch(`${stage.simulatorUrl}/assets/simulator.css`)).headers.get('content-type')).to.match(
      /^text\/css/,
    );
  });

  it('speaks Chinese where the shop does', async () => {
    const { providerOrderId } = await stage.provider.createOrder(orderInput({ locale: 'zh-CN' }));
    expect((await open(providerOrderId)).html)
      .to.include('lang="zh-CN"')
      .and.include('不会产生真实扣款')
      .and.include('付款');
  });

  it('leads back with token and payer after Pay, and to the other address after Cancel', async () => {
    const id = await acts.created();
    const cancelled = await click(id, 'cancel');
    expect([cancelled.status, cancelled.headers.get('location')]).to.deep.equal([
      303,
      `http://127.0.0.1:3000/checkout/cancel?token=${id}`,
    ]);
    const paid = await click(id, 'pay');
    expect(paid.headers.get('location')).to.equal(
      `http://127.0.0.1:3000/checkout/return?from=paypal&token=${id}&PayerID=SBUYER2345678`,
    );
    expect((await stage.provider.fetchOrder(id)).status).to.equal('approved');
  });

  it('lets the buyer choose again after Decline', async () => {
    const id = await acts.created();
    expect((await click(id, 'decline')).status).to.equal(303);
    const outcome = await stage.provider
      .captureOrder({ providerOrderId: id, requestId: newId() })
      .catch((error: unknown) => error);
    expect(outcome).to.have.property('issue', 'INSTRUMENT_DECLINED');
    expect((await open(id)).html)
      .to.include('The card was declined')
      .and.include('value="pay"');
    await click(id, 'pay');
    expect((await stage.provider.captureOrder({ providerOrderId: id, requestId: newId() })).status).to.equal(
      'completed',
    );
  });

  it('has nothing to click once it is approved, paid, expired or unknown', async () => {
    const id = await acts.approved();
    expect((await open(id)).html)
      .to.include('Already approved')
      .and.not.include('<button');
    await stage.provider.captureOrder({ providerOrderId: id, requestId: newId() });
    expect((await open(id)).html).to.include('Already paid');
    expect((await click(id, 'pay')).status).to.equal(200);
    const late = await acts.created();
    acts.turn(4 * hour);
    expect((await open(late)).response.status).to.equal(410);
    expect((await open('0NOSUCHORDER00000')).response.status).to.equal(404);
  });
});
