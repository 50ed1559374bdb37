import { expect } from 'chai';
import { readDashboard } from '../../src/admin/dashboard.ts';
import { readUserStory } from '../../src/admin/user-story.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, buy, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

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
    const { now: nothing } = await readDashboard(services);
    expect(Object.values(nothing).flatMap((byDimension) => Object.values(byDimension))).to.satisfy((all: number[]) =>
      all.every((value) => value === 0),
    );
    const staff = await addStaff(services, 'owner');
    const [ada, bo] = [await addCustomer(services), await addCustomer(services, 'Bo Example')];
    await buy(services, ada.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
    const pack = await buy(services, bo.id, { packCode: 'pack-500' });
    const actor = { staffId: staff.id, name: 'owner', address: null };
    await refundOrder(services, { orderId: pack, reason: 'a mistake', staff: actor });
    const { now, before, series, days, waiting } = await readDashboard(services);
    expect(now).to.deep.include({
      revenue: { USD: 2999 + 999 },
      refunds: { USD: 999 },
      mrr: { USD: 2999 },
      active_subscriptions: { '': 1 },
      new_subscriptions: { '': 1 },
      payments_completed: { USD: 2 },
      payments_failed: {},
      registrations: { '': 2 },
      registrations_paid: { '': 2 },
      checkouts: { '': 2 },
      checkouts_paid: { '': 2 },
    });
    expect(before.revenue).to.deep.equal({ USD: 0 });
    expect(days).to.have.length(30);
    expect(series.revenue['USD']?.at(-1)).to.equal(2999 + 999);
    expect(waiting).to.include({ openRefunds: 0, openIncidents: 0 });
  });

  it('are of the range that is asked for, and of no other', async () => {
    const { email } = await addStaff(panel.services, 'viewer', 'Vera Viewer');
    const client = await StaffClient.signedIn(panel, email);
    for (const days of [1, 30, 90, 365]) {
      const { status, json } = await client.get(`/api/dashboard?days=${days}`);
      expect(status).to.equal(200);
      expect(json).to.include({ length: days });
      expect(json['days']).to.have.length(Math.max(30, days));
    }
    for (const days of ['7', '0', '-30', '1e9', 'x', '', '30&days=90']) {
      const { status } = await client.get(`/api/dashboard?days=${days}`);
      expect(status, days).to.equal(400);
    }
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
