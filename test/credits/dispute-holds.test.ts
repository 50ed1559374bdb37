import { expect } from 'chai';
import { expireCredits } from '../../src/billing/expire-credits.ts';
import { holdOrderCredits, releaseOrderCredits } from '../../src/credits/dispute-holds.ts';
import { openHold } from '../../src/credits/holds.ts';
import { deductCredits, grantCredits } from '../../src/credits/ledger.ts';
import { usersWithExpired } from '../../src/credits/expiry-batch.ts';
import { newId } from '../../src/kit/ids.ts';
import { Client, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

describe('credits that are set apart', function () {
  this.timeout(60_000);
  const app = useApp();
  const orderId = newId();
  const dayMs = 24 * 3600 * 1000;

  afterEach(() => expectBalancedBooks(app.services));

  const give = ({ id }: Client, amount: number, more: { orderId?: string; expiresAt?: Date } = {}) =>
    app.db.transaction((tx) =>
      grantCredits(tx, {
        userId: id,
        key: newId(),
        source: 'pack',
        amount,
        expiresAt: null,
        now: app.clock.now(),
        ...more,
      }),
    );
  const hold = ({ id }: Client, now = app.clock.now()) =>
    app.db.transaction((tx) => holdOrderCredits(tx, { userId: id, orderId, now }));
  const release = ({ id }: Client, now = app.clock.now()) =>
    app.db.transaction((tx) => releaseOrderCredits(tx, { userId: id, orderId, now }));
  const spend = (customer: Client, amount: number, now = app.clock.now()) =>
    app.services.consumptions.consume({
      userId: customer.id,
      amount,
      quantity: null,
      featureType: 'image',
      reference: null,
      description: null,
      actor: 'user',
      idempotencyKey: null,
      fingerprint: '',
      now,
    });
  const entries = async ({ id }: Client) => {
    const sql =
      'SELECT id, type, amount, balance_after, reference FROM credit_transactions WHERE user_id = $1 ORDER BY seq';
    return (await app.db.pool.query<Json>(sql, [id])).rows;
  };
  const balance = async ({ id }: Client) => {
    const sql = 'SELECT available, held FROM credit_balances WHERE user_id = $1';
    return (await app.db.pool.query<Json>(sql, [id])).rows[0];
  };

  it('cannot be spent or deducted, while what is beside them can', async () => {
    const customer = await Client.register(app);
    await give(customer, 100, { orderId });
    await give(customer, 40);
    expect(await hold(customer)).to.equal(100);
    const failure = await spend(customer, 41).catch((error: unknown) => error);
    expect(failure).to.have.nested.property('extra.available', 40);
    expect(await spend(customer, 30)).to.include({ balanceAfter: 10 });
    const deduction = { userId: customer.id, key: newId(), amount: 11, description: 'too much', actor: 'system' };
    const refused = await app.db
      .transaction((tx) => deductCredits(tx, { ...deduction, now: app.clock.now() }))
      .catch((error: unknown) => error);
    expect(refused).to.include({ code: 'insufficient_credits' });
    expect(await balance(customer)).to.deep.equal({ available: 10, held: 100 });
  });

  it('are one entry and its release another, however often either is asked for', async () => {
    const customer = await Client.register(app);
    await give(customer, 60, { orderId });
    await give(customer, 40, { orderId });
    await spend(customer, 25);
    const held = await Promise.all([hold(customer), hold(customer), hold(customer)]);
    expect(held.sort((a, b) => a - b)).to.deep.equal([0, 0, 75]);
    const released = await Promise.all([release(customer), release(customer), release(customer)]);
    expect(released.sort((a, b) => a - b)).to.deep.equal([0, 0, 75]);
    const [, , , held1, released1, ...none] = await entries(customer);
    expect(held1).to.include({ type: 'hold', amount: -75, balance_after: 0, reference: orderId });
    expect(released1).to.include({ type: 'release', amount: 75, balance_after: 75, reference: held1?.id });
    expect(none).to.deep.equal([]);
    expect((await spend(customer, 75)).balanceAfter).to.equal(0);
  });

  it('are never spent as well, when 60 spend while they are set apart and given back', async () => {
    const customer = await Client.register(app);
    await give(customer, 50, { orderId });
    const spending = Array.from({ length: 60 }, () => spend(customer, 1).then(() => 1).catch(() => 0)); // prettier-ignore
    await Promise.all([hold(customer), release(customer), hold(customer)]);
    const spent = (await Promise.all(spending)).reduce<number>((sum, one) => sum + one, 0);
    const { available, held } = (await balance(customer)) as { available: number; held: number };
    expect(spent + available + held).to.equal(50);
  });

  it('wait past their date, and expire at once when they are given back', async () => {
    const customer = await Client.register(app);
    const expiresAt = new Date(app.clock.now().getTime() + dayMs);
    await give(customer, 100, { orderId, expiresAt });
    await spend(customer, 10);
    await hold(customer);
    app.clock.turnTo(new Date(expiresAt.getTime() + dayMs));
    const next = { now: app.clock.now(), after: null, limit: 10, except: [] };
    const { ids } = await app.db.transaction((tx) => usersWithExpired(tx, 'grants', next));
    expect(ids).to.not.contain(customer.id);
    await expireCredits(app.services);
    expect(await balance(customer)).to.deep.equal({ available: 0, held: 90 });
    expect(await release(customer)).to.equal(90);
    expect(await balance(customer)).to.deep.equal({ available: 0, held: 0 });
    expect((await entries(customer)).at(-1)).to.include({ type: 'expire', amount: -90 });
  });

  it('leave the free part of their grant to expire alone', async () => {
    const customer = await Client.register(app);
    const expiresAt = new Date(app.clock.now().getTime() + dayMs);
    await give(customer, 100, { orderId, expiresAt });
    await openHold(app.db.pool, {
      userId: customer.id,
      amount: 30,
      quantity: null,
      featureType: 'image',
      reference: null,
      description: null,
      actor: 'user',
      idempotencyKey: null,
      fingerprint: '',
      expiresAt: new Date(expiresAt.getTime() + dayMs),
      now: app.clock.now(),
    });
    app.clock.turnTo(new Date(expiresAt.getTime() + 1));
    await expireCredits(app.services);
    expect(await balance(customer)).to.deep.equal({ available: 0, held: 30 });
    // It was not the order's dispute that set them apart.
    expect(await release(customer)).to.equal(0);
  });

  it('never exceed what the grant has left, whatever is written past the functions', async () => {
    const customer = await Client.register(app);
    await give(customer, 100, { orderId });
    for (const held of [101, -1]) {
      const refusal = await app.db.pool
        .query('UPDATE credit_grants SET held = $2 WHERE user_id = $1', [customer.id, held])
        .catch((error: unknown) => String(error));
      expect(refusal).to.contain('credit_grants_held_check');
    }
  });
});
