import { expect } from 'chai';
import type { StaffActor } from '../../../src/accounts/staff.ts';
import { newId } from '../../../src/kit/ids.ts';
import {
  ProviderNotApproved,
  ProviderRejected,
  WebhookRejected,
  type ProviderError,
} from '../../../src/payments/provider-errors.ts';
import { createManualProvider } from '../../../src/payments/providers/manual.ts';
import type { PaymentProvider, ProviderOrderInput } from '../../../src/payments/provider.ts';
import { Client, useApp } from '../../support/app.ts';
import { recordTransfer } from '../../support/bank-transfers.ts';
import { addStaffActor } from '../../support/staff.ts';

describe('the gateway of bank transfers', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });
  let provider: PaymentProvider;
  let people: [StaffActor, StaffActor];
  let asked: ProviderOrderInput;

  before(async () => {
    people = [await addStaffActor(app), await addStaffActor(app)];
    const account = 'Example Ltd\nIBAN: DE00 1234';
    provider = createManualProvider({ db: app.db, clock: app.clock, account, publicUrl: () => 'https://shop.example' });
  });
  beforeEach(async () => {
    const customer = await Client.register(app);
    const { body } = await customer.post('/payments/create-order', { pack_code: 'pack-500' });
    asked = {
      requestId: newId(),
      reference: body.order_id as string,
      invoiceId: `INV-${newId()}`,
      amountMinor: 999,
      currency: 'USD',
      description: '500 credits',
      locale: 'en',
      returnUrl: '',
      cancelUrl: '',
    };
  });

  const failure = (work: Promise<unknown>) => work.then(
    () => expect.fail('it should have been refused'),
    (error: unknown) => error as ProviderError,
  ); // prettier-ignore
  const refund = (captureId: string, amountMinor: number, requestId = newId(), currency = 'USD') =>
    provider.refundCapture({ requestId, captureId, amountMinor, currency, note: null });
  const received = (amountMinor: number) => ({ amountMinor, currency: 'USD' });
  /** By hand: the flow would go on to settle a payment, and there is none here. */
  const confirm = async (id: string): Promise<void> => {
    await app.db.pool.query(
      "UPDATE bank_transfers SET status = 'confirmed', confirmed_by = $2, confirmed_at = now() WHERE id = $1",
      [id, people[1].staffId],
    );
  };

  it('opens an order once per request id, and never two under one reference', async () => {
    const [first, again] = await Promise.all([provider.createOrder(asked), provider.createOrder(asked)]);
    expect(again).to.deep.equal(first);
    expect(first).to.deep.include({
      status: 'created',
      approvalUrl: `https://shop.example/checkout/transfer/${asked.invoiceId}`,
      payee: 'Example Ltd, IBAN: DE00 1234',
      capture: null,
      transfer: { account: 'Example Ltd\nIBAN: DE00 1234', reference: asked.invoiceId },
    });
    const error = await failure(provider.createOrder({ ...asked, requestId: newId() }));
    expect(error).to.be.instanceOf(ProviderRejected).and.include({ issue: 'DUPLICATE_INVOICE_ID' });
  });

  it('has no money before a second person confirmed it, and then what the statement says', async () => {
    const order = await provider.createOrder(asked);
    const { providerOrderId } = order;
    const capture = () => provider.captureOrder({ providerOrderId, requestId: asked.requestId });
    expect(await failure(capture())).to.be.instanceOf(ProviderNotApproved);
    await recordTransfer(app, providerOrderId, people[0], received(990));
    expect(await failure(capture())).to.be.instanceOf(ProviderNotApproved);
    expect(await failure(provider.fetchCapture(providerOrderId))).to.include({ issue: 'RESOURCE_NOT_FOUND' });
    await confirm(providerOrderId);
    const captured = await capture();
    expect(captured).to.deep.include({ status: 'completed', approvalUrl: null });
    expect(captured.capture).to.deep.include({
      captureId: providerOrderId,
      status: 'completed',
      amountMinor: 990,
      currency: 'USD',
      reference: asked.reference,
      payee: order.payee,
    });
    expect(await provider.fetchOrder(providerOrderId)).to.deep.equal(captured);
    expect(await provider.fetchCapture(providerOrderId)).to.deep.equal(captured.capture);
  });

  it('gives back no more than came, once per request id', async () => {
    const order = await provider.createOrder(asked);
    const captureId = order.providerOrderId;
    expect(await failure(refund(captureId, 1))).to.include({ issue: 'TRANSFER_NOT_CONFIRMED' });
    await recordTransfer(app, captureId, people[0], received(999));
    await confirm(captureId);
    const requestId = newId();
    const [first, again] = await Promise.all([refund(captureId, 600, requestId), refund(captureId, 600, requestId)]);
    expect(again).to.deep.equal(first);
    expect(first).to.include({ status: 'pending', amountMinor: 600, captureId });
    expect(await failure(refund(captureId, 400))).to.include({ issue: 'REFUND_AMOUNT_EXCEEDED' });
    expect(await failure(refund(captureId, 1, newId(), 'EUR'))).to.include({ issue: 'CURRENCY_MISMATCH' });
    const raced = await Promise.allSettled([refund(captureId, 399), refund(captureId, 399)]);
    expect(raced.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    expect((await provider.fetchOrder(captureId)).refunds).to.have.length(2);

    await recordTransfer(app, first.refundId, people[0]);
    expect(await provider.fetchRefund(first.refundId)).to.include({ status: 'pending' });
    await confirm(first.refundId);
    expect(await provider.fetchRefund(first.refundId)).to.include({ status: 'completed' });
    expect((await provider.fetchCapture(captureId)).status).to.equal('partially_refunded');
  });

  it('does not know what is not there, or is something else', async () => {
    const order = await provider.createOrder(asked);
    for (const call of [
      () => provider.fetchOrder(newId()),
      () => provider.fetchOrder('no id at all'),
      () => provider.fetchRefund(order.providerOrderId),
      () => refund(newId(), 1),
    ]) {
      expect(await failure(call()))
        .to.be.instanceOf(ProviderRejected)
        .and.include({ issue: 'RESOURCE_NOT_FOUND' });
    }
  });

  it('is called what its reader calls it, takes no webhooks and reads its own news', async () => {
    expect(['en', 'zh-CN', 'fr'].map((locale) => provider.displayName(locale))).to.deep.equal([
      'Bank transfer',
      '银行转账',
      'Bank transfer',
    ]);
    expect(await failure(provider.verifyWebhook(Buffer.from('{}'), {}))).to.be.instanceOf(WebhookRejected);
    expect(() => provider.parseEvent(Buffer.from('{"kind":"capture"}'))).to.throw(SyntaxError);
    expect(() => provider.parseEvent(Buffer.from('capture'))).to.throw(SyntaxError);
  });
});
