import { expect } from 'chai';
import { expireCredits } from '../../src/billing/expire-credits.ts';
import { closeHold, openHold } from '../../src/credits/holds.ts';
import { clawBack, grantCredits } from '../../src/credits/ledger.ts';
import { endQuota } from '../../src/credits/quota.ts';
import { newId } from '../../src/kit/ids.ts';
import { Client, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

const secondMs = 1000;

describe('holds', function () {
  this.timeout(60_000);
  const app = useApp();

  async function customerWith(...grants: { amount: number; expiresAt?: Date }[]): Promise<string> {
    const { id: userId } = await Client.register(app);
    for (const { amount, expiresAt = null } of grants) {
      const now = app.clock.now();
      await app.db.transaction((tx) =>
        grantCredits(tx, { userId, key: newId(), source: 'promo', amount, expiresAt, now }),
      );
    }
    return userId;
  }

  const hold = (userId: string, amount: number, { key = null as string | null, seconds = 60 } = {}) =>
    openHold(app.db.pool, {
      userId,
      amount,
      quantity: null,
      featureType: 'video',
      reference: 'job-1',
      description: null,
      actor: 'user',
      idempotencyKey: key,
      fingerprint: String(amount),
      expiresAt: new Date(app.clock.now().getTime() + seconds * secondMs),
      now: app.clock.now(),
    });
  const close = (userId: string, holdId: string, amount: number | null, key: string | null = null) =>
    closeHold(app.db.pool, {
      userId,
      holdId,
      amount,
      actor: 'user',
      idempotencyKey: key,
      fingerprint: String(amount),
      now: app.clock.now(),
    });
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error as { code: string; extra: Json },
    );
  const balance = async (userId: string) => {
    const sql = 'SELECT available, held, total_used FROM credit_balances WHERE user_id = $1';
    return (await app.db.pool.query<Json>(sql, [userId])).rows[0];
  };

  it('set credits apart, spend a part of them and give back the rest', async () => {
    const userId = await customerWith({ amount: 100 });
    const { holdId, available } = await hold(userId, 60);
    expect(available).to.equal(40);
    expect(await balance(userId)).to.deep.equal({ available: 40, held: 60, total_used: 0 });
    expect(await failure(hold(userId, 41))).to.include({ code: 'insufficient_credits' });

    const closed = await close(userId, holdId, 25);
    expect(closed).to.include({ status: 'settled', amount: 60, settled: 25, available: 75 });
    expect(await balance(userId)).to.deep.equal({ available: 75, held: 0, total_used: 25 });
    await expectBalancedBooks(app.services);
  });

  it('are closed once: the same call gets the same answer, another one is told how it was closed', async () => {
    const userId = await customerWith({ amount: 10 });
    const { holdId } = await hold(userId, 10);
    const [first, second] = await Promise.all([close(userId, holdId, 4, 'k'), close(userId, holdId, 4, 'k')]);
    expect([first.replayed, second.replayed].sort()).to.deep.equal([false, true]);
    expect(first.transactionId).to.equal(second.transactionId);
    expect(await failure(close(userId, holdId, 5, 'k'))).to.include({ code: 'idempotency_key_reused' });
    const closed = await failure(close(userId, holdId, null));
    expect(closed).to.include({ code: 'hold_closed' });
    expect(closed?.extra).to.deep.equal({ hold_status: 'settled' });
    expect(await balance(userId)).to.deep.equal({ available: 6, held: 0, total_used: 4 });
    await expectBalancedBooks(app.services);
  });

  it('are opened once for a key', async () => {
    const userId = await customerWith({ amount: 10 });
    const answers = await Promise.all([hold(userId, 3, { key: 'k' }), hold(userId, 3, { key: 'k' })]);
    expect(new Set(answers.map(({ holdId }) => holdId)).size).to.equal(1);
    expect(answers.map(({ available }) => available)).to.deep.equal([7, 7]);
    expect(await failure(hold(userId, 4, { key: 'k' }))).to.include({ code: 'idempotency_key_reused' });
  });

  it('let go by themselves when their time is over, whether the job has come by or not', async () => {
    const [userId, other] = [await customerWith({ amount: 10 }), await customerWith({ amount: 10 })];
    const [{ holdId }, theirs] = [await hold(userId, 10), await hold(other, 10)];
    app.clock.turnTo(new Date(app.clock.now().getTime() + 61 * secondMs));
    const closed = await failure(close(userId, holdId, 1));
    expect(closed?.extra).to.deep.equal({ hold_status: 'expired' });
    expect(await balance(userId)).to.deep.equal({ available: 10, held: 0, total_used: 0 });
    await expireCredits(app.services);
    expect(await balance(other)).to.include({ available: 10, held: 0 });
    expect(await failure(close(other, theirs.holdId, null))).to.include({ code: 'hold_closed' });
    await expectBalancedBooks(app.services);
  });

  it('can spend what passed its date while it was held; what goes back of it is written off at once', async () => {
    const soon = new Date(app.clock.now().getTime() + 30 * secondMs);
    const userId = await customerWith({ amount: 10, expiresAt: soon }, { amount: 10 });
    const { holdId } = await hold(userId, 12, { seconds: 3600 });
    app.clock.turnTo(new Date(soon.getTime() + secondMs));
    expect(await close(userId, holdId, 4)).to.include({ settled: 4, available: 10 });
    expect(await balance(userId)).to.deep.equal({ available: 10, held: 0, total_used: 4 });
    await expectBalancedBooks(app.services);
  });

  it('are cancelled by a refund that needs their credits', async () => {
    const userId = await customerWith({ amount: 5 });
    const [orderId, now] = [newId(), app.clock.now()];
    const pack = { userId, key: newId(), source: 'pack', amount: 20, expiresAt: null, orderId, now } as const;
    await app.db.transaction((tx) => grantCredits(tx, pack));
    const [{ holdId }, other] = [await hold(userId, 12), await hold(userId, 8)];
    const claim = { userId, orderId, description: 'refund', actor: 'system', now };
    expect(await app.db.transaction((tx) => clawBack(tx, { ...claim, amount: 20 }))).to.equal(20);
    expect(await balance(userId)).to.deep.equal({ available: 5, held: 0, total_used: 0 });
    for (const id of [holdId, other.holdId]) {
      expect((await failure(close(userId, id, 1)))?.extra).to.deep.equal({ hold_status: 'released' });
    }
    await expectBalancedBooks(app.services);
  });

  it('outlive the plan that they drew from, but what they give back does not', async () => {
    const userId = await customerWith({ amount: 3 });
    const [subscriptionId, now] = [newId(), app.clock.now()];
    const month = { userId, key: newId(), source: 'plan', amount: 20, expiresAt: null, subscriptionId, now } as const;
    await app.db.transaction((tx) => grantCredits(tx, month));
    const { holdId } = await hold(userId, 15);
    await app.db.transaction((tx) => endQuota(tx, userId, subscriptionId, now));
    // The three were there first, so twelve of the month are held; now those are the first to go.
    expect(await balance(userId)).to.deep.equal({ available: 0, held: 15, total_used: 0 });
    expect(await close(userId, holdId, 7)).to.include({ settled: 7, available: 3 });
    expect(await balance(userId)).to.deep.equal({ available: 3, held: 0, total_used: 7 });
    await expectBalancedBooks(app.services);
  });
});
