import { expect } from 'chai';
import { ProviderUnavailable } from '../../../src/payments/provider-errors.ts';
import { refusalOf, usePaypalStage, type PaypalStage } from '../../support/paypal-stage.ts';

describe('PayPal adapter: disputes', () => {
  const using = usePaypalStage();
  const { acts } = using;
  let stage: PaypalStage;

  beforeEach(() => {
    ({ stage } = using);
  });

  const change = (id: string, fields: object) =>
    stage.pool.query('UPDATE sandbox.paypal_disputes SET doc = doc || $2 WHERE id = $1', [id, fields]);

  it('tells what is disputed, until when to answer, and how it ended', async () => {
    const { captureId } = await acts.captured();
    const { id } = await stage.simulator.control.openDispute(captureId, 'UNAUTHORISED');
    const opened = stage.clock.now();
    expect(await stage.provider.fetchDispute(id)).to.deep.equal({
      disputeId: id,
      status: 'open',
      reason: 'UNAUTHORISED',
      outcome: null,
      amountMinor: 2999,
      currency: 'USD',
      refundedMinor: null,
      captureId,
      openedAt: opened,
      updatedAt: opened,
      respondBy: new Date('2026-03-20T12:00:00Z'),
    });
    acts.turn(3600_000);
    await stage.simulator.control.closeDispute(captureId, 'lost');
    expect(await stage.provider.fetchDispute(id)).to.deep.include({
      status: 'lost',
      outcome: 'RESOLVED_BUYER_FAVOUR',
      refundedMinor: 2999,
      openedAt: opened,
      updatedAt: stage.clock.now(),
      respondBy: null,
    });
  });

  for (const [outcome, status] of [
    ['RESOLVED_SELLER_FAVOUR', 'won'],
    ['RESOLVED_WITH_PAYOUT', 'won'],
    ['CANCELED_BY_BUYER', 'won'],
    ['DENIED', 'won'],
    ['NONE', 'won'],
    ['RESOLVED_BUYER_FAVOUR', 'lost'],
    ['ACCEPTED', 'lost'],
  ]) {
    it(`takes ${outcome} for ${status}`, async () => {
      const { id } = await stage.simulator.control.openDispute((await acts.captured()).captureId);
      await change(id, { status: 'RESOLVED', outcome });
      expect(await stage.provider.fetchDispute(id)).to.include({ status, outcome });
    });
  }

  for (const [what, fields, issue] of [
    ['a status', { status: 'MEDIATED' }, 'UNKNOWN_DISPUTE_STATUS'],
    ['an outcome', { status: 'RESOLVED', outcome: 'SETTLED_BY_COIN' }, 'UNKNOWN_DISPUTE_OUTCOME'],
    ['no outcome', { status: 'RESOLVED' }, 'UNKNOWN_DISPUTE_OUTCOME'],
    ['an amount', { amount: { currency_code: 'USD', value: 'much' } }, 'UNKNOWN_AMOUNT'],
    ['a date', { updatedAt: 'today' }, 'UNKNOWN_DISPUTE'],
  ] as const) {
    it(`does not guess at ${what} that it does not know`, async () => {
      const { id } = await stage.simulator.control.openDispute((await acts.captured()).captureId);
      await change(id, fields);
      const error = await refusalOf(stage.provider.fetchDispute(id));
      expect(error).to.be.instanceOf(ProviderUnavailable).and.include({ issue });
    });
  }

  it('lists those in which something happened since, over as many pages as there are', async () => {
    const { captureId } = await acts.captured();
    await stage.simulator.control.openDispute(captureId);
    acts.turn(24 * 3600_000);
    const since = stage.clock.now();
    acts.turn(3600_000);
    expect(await stage.provider.listDisputes(since)).to.deep.equal([]);
    const at = stage.clock.now().toISOString();
    await stage.pool.query(
      `INSERT INTO sandbox.paypal_disputes (id, capture_id, created_at, doc)
       SELECT 'PP-D-' || n, capture_id, $1::timestamptz,
         doc || jsonb_build_object('id', 'PP-D-' || n, 'createdAt', $2::text, 'updatedAt', $2::text)
       FROM sandbox.paypal_disputes, generate_series(1, 120) AS n`,
      [at, at],
    );
    const listed = await stage.provider.listDisputes(since);
    expect(listed).to.have.length(120);
    expect(new Set(listed).size).to.equal(120);
  });
});
