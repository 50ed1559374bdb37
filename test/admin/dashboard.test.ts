import { expect } from 'chai';
import { readDashboard } from '../../src/admin/dashboard.ts';
import { readUserStory } from '../../src/admin/user-story.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, buy, startPanel, type TestPanel } from './harness.ts';

describe('figures in the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;

  before(async () => {
    panel = await startPanel(database.db);
  });
  after(() => panel.close());

  it('count what is there: nothing at first, then sales less refunds', async () => {
    const { services } = panel;
    expect(await readDashboard(services)).to.deep.include({
      users: 0,
      activeSubscriptions: 0,
      ordersToday: 0,
      revenue: [],
    });
    const staff = await addStaff(services, 'owner');
    const [ada, bo] = [await addCustomer(services), await addCustomer(services, 'Bo Example')];
    await buy(services, ada.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
    const pack = await buy(services, bo.id, { packCode: 'pack-500' });
    const actor = { staffId: staff.id, name: 'owner', address: null };
    await refundOrder(services, { orderId: pack, reason: 'a mistake', staff: actor });
    expect(await readDashboard(services)).to.deep.include({
      users: 2,
      newUsers: 2,
      activeSubscriptions: 1,
      ordersToday: 2,
      paidToday: 2,
      revenue: [{ currency: 'USD', amountMinor: 2999 + 999, refundedMinor: 999 }],
      openRefunds: 0,
    });
  });

  it('tell of one customer what they have and what they paid, refunds taken off', async () => {
    const { services } = panel;
    const staff = await addStaff(services, 'finance');
    const customer = await addCustomer(services);
    expect(await readUserStory(services, customer.id, 'finance')).to.deep.include({
      subscription: null,
      paid: [],
      incidents: [],
    });
    await buy(services, customer.id, { plan: { planCode: 'basic' }, subscriptionType: 'yearly' });
    const pack = await buy(services, customer.id, { packCode: 'pack-2500' });
    const before = await readUserStory(services, customer.id, 'finance');
    expect(before.balance).to.include({ available: 3000, monthlyQuota: 500 });
    expect(before.lasting).to.equal(2500);
    expect(before.subscription?.planName).to.include({ en: 'Basic' });
    const actor = { staffId: staff.id, name: 'finance', address: null };
    await refundOrder(services, { orderId: pack, reason: 'not needed', staff: actor });
    const after = await readUserStory(services, customer.id, 'finance');
    expect(after.paid).to.deep.equal([{ currency: 'USD', amountMinor: 9900, orders: 2 }]);
    expect(after.lasting).to.equal(0);
    const mails = after.timeline.events.filter(({ kind }) => kind === 'mails').map(({ what }) => what);
    expect(mails).to.have.members(['welcome', 'receipt', 'receipt', 'refund']);
  });
});
