import { expect } from 'chai';
import { previewRefund, refundOrder } from '../../src/billing/refund-order.ts';
import { call, Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { disputeActs } from '../support/disputes.ts';
import { addStaffActor } from '../support/staff.ts';

describe('a dispute, to staff,', function () {
  this.timeout(60_000);
  const app = useApp();
  const { control, dispute, rowOf } = disputeActs(app);

  afterEach(async () => {
    await call(app, 'DELETE', '/sandbox/api/paypal/faults');
    await expectBalancedBooks(app.services);
  });

  it('keeps staff from refunding the order, and says why', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await dispute(order);
    const staff = await addStaffActor(app);
    const orderId = order.order_id as string;
    for (const attempt of [
      previewRefund(app.services, orderId),
      refundOrder(app.services, { orderId, reason: 'asked', staff }),
    ]) {
      const refusal = await attempt.catch((error: unknown) => error);
      expect(refusal).to.include({ code: 'conflict' });
      expect(String(refusal)).to.contain('disputes');
    }
    await dispute(order, { outcome: 'won' });
    expect(await refundOrder(app.services, { orderId, reason: 'asked', staff })).to.include({ status: 'completed' });
  });

  it('is written to owners and finance, each in their language, and to nobody else', async () => {
    const roles = ['owner', 'finance', 'support', 'viewer', 'owner'] as const;
    const team = await Promise.all(roles.map((role) => addStaffActor(app, role)));
    const ids = team.map(({ staffId }) => staffId);
    await app.db.pool.query(`UPDATE staff SET locale = 'zh-CN' WHERE id = $1`, [ids[1]]);
    await app.db.pool.query(`UPDATE staff SET status = 'disabled' WHERE id = $1`, [ids[4]]);
    const customer = await Client.register(app);
    const order = await customer.buy({ pack_code: 'pack-500' });
    await control('/faults', { on: 'webhook', fault: 'duplicate', times: 1 });
    const id = await dispute(order, { reason: 'UNAUTHORISED' });
    const sql =
      'SELECT staff.id, count(emails.id) AS mails FROM staff LEFT JOIN emails ON to_address = email GROUP BY 1';
    const { rows } = await app.db.pool.query<{ id: string; mails: number }>(sql);
    const counts = new Map(rows.map((row) => [row.id, row.mails]));
    expect(ids.map((staffId) => counts.get(staffId))).to.deep.equal([1, 1, 0, 0, 0]);

    const mailTo = async (staffId: string | undefined) => {
      const found = await app.db.pool.query<{ email: string }>('SELECT email FROM staff WHERE id = $1', [staffId]);
      const path = `/sandbox/api/mail?to=${encodeURIComponent(found.rows[0]?.email ?? '')}`;
      return eventually(async () => ((await call(app, 'GET', path)).body as unknown as Json[])[0]);
    };
    const english = await mailTo(ids[0]);
    const panel = `${app.url}/admin/resources/disputes/records/${(await rowOf(id))?.id as string}/show`;
    for (const part of [order.order_no as string, '$9.99', 'UNAUTHORISED', 'Answer before', panel]) {
      expect(english.text).to.contain(part);
    }
    expect((await mailTo(ids[1])).text)
      .to.contain('争议')
      .and.to.contain('答复期限');
  });
});
