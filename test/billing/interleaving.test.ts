import { expect } from 'chai';
import type pg from 'pg';
import { cancelSubscription } from '../../src/billing/cancel-subscription.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { startFreePlan } from '../../src/billing/start-free-plan.ts';
import { suspendUser } from '../../src/billing/suspend-user.ts';
import { Client, eventually, useApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';

/** Two things at once to one customer: each comes to its end, and neither is torn down for the other. */
describe('what happens to one customer at once', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });

  afterEach(() => expectBalancedBooks(app.services));

  /** Takes one lock, begins `work`, and takes a second one while `work` waits for the first. */
  async function crossing<T>(customer: Client, first: string, second: string, work: () => Promise<T>): Promise<T> {
    const client = await app.db.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query("SET LOCAL lock_timeout = '2s'");
      await client.query(first, [customer.id]);
      const working = work();
      working.catch(() => undefined);
      await eventually(async () => ((await waiting(client)) > 0 ? true : undefined));
      await client.query(second, [customer.id]);
      await client.query('COMMIT');
      return await working;
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }

  const balance = 'SELECT FROM credit_balances WHERE user_id = $1 FOR UPDATE';

  it('a suspension waits for a consumption that has begun', async () => {
    const customer = await Client.register(app);
    const staff = await addStaffActor(app);
    // An entry of the ledger asks this of the customer's row, by its foreign key.
    const entry = 'SELECT FROM users WHERE id = $1 FOR KEY SHARE';
    const suspend = () => suspendUser(app.services, { userId: customer.id, reason: 'fraud', staff });
    expect(await crossing(customer, balance, entry, suspend)).to.include({ status: 'suspended' });
  });

  it('a refund takes the plan before the credits, as a quota reset does', async () => {
    const customer = await Client.register(app);
    const order = await customer.buy({ plan_code: 'basic' });
    const staff = await addStaffActor(app);
    const plan = 'SELECT FROM subscriptions WHERE user_id = $1 FOR UPDATE';
    const refund = () => refundOrder(app.services, { orderId: order.order_id as string, reason: 'unhappy', staff });
    expect(await crossing(customer, plan, balance, refund)).to.include({ status: 'completed' });
    expect(await customer.subscription()).to.equal(null);
  });

  it('a free plan that is chosen three times at once is started once', async () => {
    const customer = await Client.register(app);
    const choice = { userId: customer.id, planCode: 'free' };
    const started = await Promise.all([1, 2, 3].map(() => startFreePlan(app.services, choice)));
    expect(new Set(started.map(({ id }) => id)).size).to.equal(1);
    expect(await customer.credits()).to.include({ available_credits: 50 });
  });

  it('a crowd that cancels in the same moment is served: nobody holds one connection and waits for another', async () => {
    const crowd = await Promise.all(Array.from({ length: 10 }, () => Client.register(app)));
    for (const { id } of crowd) await startFreePlan(app.services, { userId: id, planCode: 'free' });
    const holder = await app.db.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM subscriptions FOR UPDATE');
    const cancelled = Promise.all(
      crowd.map(({ id }) => cancelSubscription(app.services, { userId: id, atPeriodEnd: false })),
    );
    cancelled.catch(() => undefined);
    await eventually(async () => ((await waiting(holder)) >= crowd.length ? true : undefined)).finally(async () => {
      await holder.query('COMMIT');
      holder.release();
    });
    expect((await cancelled).map(({ status }) => status)).to.deep.equal(crowd.map(() => 'cancelled'));
  });
});

/** How many connections wait for this one. */
async function waiting(client: pg.PoolClient): Promise<number> {
  const sql = 'SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))';
  return (await client.query(sql)).rowCount ?? 0;
}
