import { expect } from 'chai';
import { DateTime } from 'luxon';
import { adjustCredits } from '../../src/billing/adjust-credits.ts';
import { expireCredits } from '../../src/billing/expire-credits.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { resetQuotas } from '../../src/billing/reset-quotas.ts';
import { newId } from '../../src/kit/ids.ts';
import { addApiKey, call, Client, useApp, type Answer, type Json, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { balanceOf, giveCredits } from '../support/credits.ts';
import { addStaffActor } from '../support/staff.ts';

/** Everything that changes one customer's credits, in two processes, when a month of the plan ends. */
describe('a reset, an expiry, a purchase, adjustments, a refund, a hold and a hundred consumes at one instant', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });

  const consume = (at: TestApp, token: string, userId: string): Promise<Answer> =>
    call(at, 'POST', '/api/v1/credits/consume', { token, body: { user_id: userId, amount: 1, feature_type: 'image' } });

  async function holdAndSettle(token: string, userId: string): Promise<Answer> {
    const hold = { user_id: userId, amount: 30, feature_type: 'video', expires_in_seconds: 60 };
    const { body } = await call(app, 'POST', '/api/v1/credits/holds', { token, body: hold });
    const path = `/api/v1/credits/holds/${body.hold_id as string}/settle`;
    return call(app, 'POST', path, { token, body: { user_id: userId, amount: 11 } });
  }

  async function sumsOf(userId: string): Promise<Json> {
    const sql = 'SELECT type, sum(amount)::bigint AS sum FROM credit_transactions WHERE user_id = $1 GROUP BY type';
    const { rows } = await app.db.pool.query<{ type: string; sum: number }>(sql, [userId]);
    return Object.fromEntries(rows.map(({ type, sum }) => [type, sum]));
  }

  it('leave exact books', async () => {
    const [other, staff, key] = [await app.another(), await addStaffActor(app), await addApiKey(app)];
    const customer = await Client.register(app);
    const { id: userId } = customer;
    await customer.buy({ plan_code: 'pro', subscription_type: 'yearly' });
    const pack = await customer.buy({ pack_code: 'pack-500' });
    const subscription = await customer.subscription();
    const monthEnd = DateTime.fromISO(subscription?.quota_reset_date as string);
    await giveCredits(app, userId, 70, { expiresAt: monthEnd.minus({ minutes: 5 }).toJSDate() });
    // What pays for consumes that come before the new month's credits.
    await giveCredits(app, userId, 300);
    await call(app, 'POST', '/api/v1/credits/consume', {
      token: key,
      body: { user_id: userId, amount: 150, feature_type: 'image' },
    });
    app.clock.turnTo(monthEnd.plus({ minutes: 1 }).toJSDate());
    other.clock.turnTo(app.clock.now());
    await customer.signIn();
    const bought = await customer.post('/payments/create-order', { pack_code: 'pack-2500' });
    await customer.approve(bought.body);

    const adjust = (amount: number) =>
      adjustCredits(app.services, { userId, amount, reason: 'test', requestId: newId(), staff });
    const [refund, purchase, settled, ...consumed] = await Promise.all([
      refundOrder(app.services, { orderId: pack.order_id as string, reason: 'test', staff }),
      customer.post(`/payments/orders/${bought.body.order_id as string}/capture`),
      holdAndSettle(key, userId),
      ...Array.from({ length: 100 }, (_, count) => consume(count % 2 === 0 ? app : other, key, userId)),
      ...[app, other].flatMap(({ services }) => [resetQuotas(services), expireCredits(services)]),
      adjust(50),
      adjust(-20),
    ]);
    expect(purchase.body).to.include({ status: 'completed' });
    // A refund that comes between takes the credits that are held, if it needs them.
    const used = settled.status === 200 ? 11 : 0;
    if (used === 0) expect(settled.body).to.include({ code: 'hold_closed', hold_status: 'released' });
    else expect(settled.body).to.include({ status: 'settled', settled_amount: used });
    const answers = consumed.slice(0, 100) as Answer[];
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(100).fill(200));
    const ids = answers.map(({ body }) => body.transaction_id);
    expect(new Set(ids).size).to.equal(100);

    await expectBalancedBooks(app.services);
    const { creditsClawedBack = 0, creditsUnrecovered = 0 } = await refunded(refund.id);
    expect(creditsClawedBack + creditsUnrecovered).to.equal(500);
    const sums = await sumsOf(userId);
    expect(sums).to.include({
      earn: 2000 + 500 + 70 + 300 + 2000 + 2500,
      // The 150 had come out of the promotion, which ended first, and of the old month.
      expire: -(2000 - 80),
      spend: -(150 + 100 + used),
      adjust: 30,
      hold: -30,
      release: 30,
    });
    expect(sums.clawback ?? 0).to.equal(creditsClawedBack === 0 ? 0 : -creditsClawedBack);
    const sum = Object.values(sums).reduce<number>((all, one) => all + Number(one), 0);
    expect(await balanceOf(app, userId)).to.deep.equal({ available: sum, held: 0, total_used: 250 + used });
  });

  async function refunded(id: string): Promise<{ creditsClawedBack?: number; creditsUnrecovered?: number }> {
    const sql = `SELECT credits_clawed_back AS "creditsClawedBack", credits_unrecovered AS "creditsUnrecovered"
      FROM refunds WHERE id = $1`;
    const { rows } = await app.db.pool.query<{ creditsClawedBack: number; creditsUnrecovered: number }>(sql, [id]);
    return rows[0] ?? {};
  }
});
