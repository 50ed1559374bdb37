import { expect } from 'chai';
import { startCheckout } from '../../src/billing/start-checkout.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

describe('asking the gateway in the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  before(async () => {
    panel = await startPanel(database.db, { limited: false });
  });
  after(() => panel.close());

  it('settles a payment whose buyer never came back, with a reason, by who may', async () => {
    const { id: userId } = await addCustomer(panel.services);
    const purchase = { packCode: 'pack-500' };
    const { order, payment } = await startCheckout(panel.services, {
      userId,
      purchase,
      provider: 'paypal',
      locale: 'en',
    });
    const signIn = async (role: 'support' | 'viewer') =>
      StaffClient.signedIn(panel, (await addStaff(panel.services, role)).email);
    const clients = { support: await signIn('support'), viewer: await signIn('viewer') };
    const ask = (role: 'support' | 'viewer', body: object) =>
      clients[role].post(`/api/resources/payments/records/${payment.id}/askGateway`, body);

    expect((await ask('viewer', { reason: 'why' })).status).to.equal(403);
    expect((await ask('support', { reason: ' ' })).status).to.equal(400);
    const answer = await ask('support', { reason: 'the customer wrote' });
    expect(answer.json.notice).to.include({ message: 'paymentCompleted', type: 'success' });
    const { rows } = await database.db.pool.query('SELECT status FROM orders WHERE id = $1', [order.id]);
    expect(rows).to.deep.equal([{ status: 'completed' }]);
    const audit = await database.db.pool.query('SELECT action, reason FROM audit_log WHERE subject_id = $1', [
      payment.id,
    ]);
    expect(audit.rows).to.deep.equal([{ action: 'payment.ask', reason: 'the customer wrote' }]);
    const again = await ask('support', { reason: 'the customer wrote once more' });
    expect(again.json.notice, 'what is settled stays').to.include({ message: 'paymentCompleted' });
  });
});
