import { expect } from 'chai';
import { newId } from '../../../src/kit/ids.ts';
import {
  recordContract,
  requireContract,
  type ContractRecord,
  type PaypalContract,
} from '../../support/paypal-contract.ts';
import { orderInput, refusalOf, usePaypalStage, type PaypalStage } from '../../support/paypal-stage.ts';

describe('PayPal adapter and simulator keep to PayPal’s descriptions', () => {
  let contract: PaypalContract;
  let record: ContractRecord;
  let stage: PaypalStage;
  before(function () {
    contract = requireContract(this);
  });
  const using = usePaypalStage();
  const { acts } = using;
  beforeEach(() => {
    ({ stage } = using);
    record = recordContract(contract, stage.simulator);
  });

  it('with every request and answer from order to refund, webhooks included', async () => {
    const capture = await acts.captured();
    await stage.provider.fetchOrder(capture.providerOrderId ?? '');
    await stage.provider.fetchCapture(capture.captureId);
    const money = { captureId: capture.captureId, currency: 'USD' };
    const refund = await stage.provider.refundCapture({
      ...money,
      requestId: newId(),
      amountMinor: 999,
      note: 'Sorry',
    });
    await stage.provider.fetchRefund(refund.refundId);
    await stage.simulator.control.armFault({ on: 'refund', fault: 'pending', times: 2 });
    for (const decide of ['completeRefund', 'failRefund'] as const) {
      const held = await stage.provider.refundCapture({ ...money, requestId: newId(), amountMinor: 100, note: null });
      await stage.simulator.control[decide](held.refundId);
    }
    await stage.provider.fetchOrder(capture.providerOrderId ?? '');
    await stage.provider.listDisputes(stage.clock.now());
    const dispute = await stage.simulator.control.openDispute(capture.captureId);
    await stage.provider.fetchDispute(dispute.id);
    await stage.simulator.control.closeDispute(capture.captureId, 'lost');
    await stage.provider.fetchDispute(dispute.id);
    await stage.provider.listDisputes(new Date(stage.clock.now().getTime() - 1000));
    await stage.simulator.idle();
    expect(record.problems).to.deep.equal([]);
    expect([...record.seen.keys()]).to.include.members([
      'POST /v2/checkout/orders 201',
      'POST /v2/checkout/orders/{id}/capture 201',
      'GET /v2/checkout/orders/{id} 200',
      'GET /v2/payments/captures/{id} 200',
      'POST /v2/payments/captures/{id}/refund 201',
      'GET /v2/payments/refunds/{id} 200',
      'CHECKOUT.ORDER.APPROVED',
      'PAYMENT.CAPTURE.COMPLETED',
      'PAYMENT.CAPTURE.REFUNDED',
      'PAYMENT.CAPTURE.REVERSED',
      'PAYMENT.REFUND.PENDING',
      'PAYMENT.REFUND.FAILED',
      'CUSTOMER.DISPUTE.CREATED',
      'CUSTOMER.DISPUTE.RESOLVED',
    ]);
  });

  it('with held captures, and with every refusal', async () => {
    const { provider, simulator } = stage;
    await simulator.control.armFault({ on: 'capture', fault: 'pending', times: 2 });
    for (const decide of ['completeCapture', 'denyCapture'] as const) {
      const capture = await acts.captured();
      await refusalOf(
        provider.refundCapture({
          requestId: newId(),
          captureId: capture.captureId,
          amountMinor: 1,
          currency: 'USD',
          note: null,
        }),
      );
      await simulator.control[decide](capture.captureId);
    }
    const { providerOrderId } = await provider.createOrder(orderInput());
    await refusalOf(provider.captureOrder({ providerOrderId, requestId: newId() }));
    await simulator.control.decline(providerOrderId);
    await refusalOf(provider.captureOrder({ providerOrderId, requestId: newId() }));
    await refusalOf(provider.fetchOrder('0NOSUCHORDER00000'));
    await refusalOf(provider.fetchCapture('0NOSUCHCAPTURE000'));
    await refusalOf(provider.fetchDispute('PP-D-0NOSUCHDISPUTE00'));
    await refusalOf(
      provider.refundCapture({
        requestId: newId(),
        captureId: '0NOSUCHCAPTURE000',
        amountMinor: 1,
        currency: 'USD',
        note: null,
      }),
    );
    await refusalOf(provider.createOrder(orderInput({ invoiceId: 'x'.repeat(200) })));
    const capture = await acts.captured();
    await refusalOf(
      provider.refundCapture({
        requestId: newId(),
        captureId: capture.captureId,
        amountMinor: 3000,
        currency: 'USD',
        note: null,
      }),
    );
    for (const fault of ['error_429', 'error_500']) await simulator.control.armFault({ on: 'create', fault });
    await provider.createOrder(orderInput());
    await simulator.idle();
    expect(record.problems).to.deep.equal([]);
    expect([...record.seen.keys()]).to.include.members([
      'PAYMENT.CAPTURE.PENDING',
      'PAYMENT.CAPTURE.DENIED',
      'POST /v2/checkout/orders/{id}/capture 422',
      'GET /v2/checkout/orders/{id} 404',
      'POST /v2/checkout/orders 400',
      'POST /v2/checkout/orders 500',
    ]);
  });
});
