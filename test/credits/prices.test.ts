import { expect } from 'chai';
import type { Consumed, Consumption } from '../../src/credits/consume.ts';
import { openHold } from '../../src/credits/holds.ts';
import type { AppError } from '../../src/kit/errors.ts';
import { newId } from '../../src/kit/ids.ts';
import { call, useApp, type Client } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addFreePlan, customerOn } from '../support/plans.ts';

const most = 1_000_000_000;

describe('price lists', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });
  let listed: { id: string; code: string };
  let unlisted: { id: string; code: string };

  before(async () => {
    const plan = { creditsMonthly: most, alertPercents: [] };
    listed = await addFreePlan(app, { ...plan, featurePrices: { image: 2, video: 50, world: most } });
    unlisted = await addFreePlan(app, plan);
  });

  type Asked = Partial<Pick<Consumption, 'amount' | 'quantity' | 'featureType' | 'idempotencyKey'>>;

  const request = ({ id }: Client, asked: Asked): Consumption => ({
    userId: id,
    amount: null,
    quantity: null,
    featureType: 'image',
    reference: null,
    description: null,
    actor: 'user',
    idempotencyKey: null,
    fingerprint: JSON.stringify(asked),
    now: app.clock.now(),
    ...asked,
  });
  const spend = (customer: Client, asked: Asked) => app.services.consumptions.consume(request(customer, asked));
  /** What came of it, in a word or the credits that it cost. */
  const result = (answer: PromiseSettledResult<Consumed>) =>
    answer.status === 'fulfilled' ? answer.value.amount : (answer.reason as AppError).code;
  const outcome = async (work: Promise<Consumed>) => result((await Promise.allSettled([work]))[0]);
  const entries = async ({ id }: Client) => {
    const sql = `SELECT feature_type AS feature, quantity, -amount AS amount FROM credit_transactions
      WHERE user_id = $1 AND type = 'spend' ORDER BY seq`;
    return (await app.db.pool.query<object>(sql, [id])).rows;
  };

  /** With a list → what comes of it. */
  const cases: [Asked, number | string][] = [
    [{ quantity: 3 }, 6],
    [{}, 2],
    [{ amount: 2 }, 2],
    [{ amount: 6, quantity: 3 }, 6],
    [{ featureType: 'video', quantity: 2 }, 100],
    [{ amount: 3 }, 'amount_mismatch'],
    [{ amount: 6, quantity: 2 }, 'amount_mismatch'],
    [{ featureType: 'sound' }, 'unknown_feature'],
    [{ featureType: 'sound', amount: 5 }, 'unknown_feature'],
    [{ featureType: 'Image' }, 'unknown_feature'],
    [{ quantity: most }, 'validation_failed'],
    [{ featureType: 'world', quantity: most }, 'validation_failed'],
    [{ featureType: 'video', quantity: 20_000_001 }, 'validation_failed'],
  ];

  it('price a feature by its units, take an amount only if it is the same, and refuse what they do not name', async () => {
    const customer = await customerOn(app, listed.code);
    for (const [asked, expected] of cases) {
      expect(await outcome(spend(customer, asked)), JSON.stringify(asked)).to.equal(expected);
    }
    expect(await outcome(spend(customer, { featureType: 'world' })), 'the dearest, and too few are left').to.equal(
      'insufficient_credits',
    );
    expect(await entries(customer)).to.deep.equal([
      { feature: 'image', quantity: 3, amount: 6 },
      { feature: 'image', quantity: null, amount: 2 },
      { feature: 'image', quantity: null, amount: 2 },
      { feature: 'image', quantity: 3, amount: 6 },
      { feature: 'video', quantity: 2, amount: 100 },
    ]);
    await expectBalancedBooks(app.services);
  });

  it('say of each refusal what it costs and what to do', async () => {
    const customer = await customerOn(app, listed.code);
    const refusal = (asked: Asked) => spend(customer, asked).catch((error: unknown) => error as AppError);
    expect(await refusal({ amount: 5, quantity: 2 })).to.deep.include({ status: 422, extra: { required: 4 } });
    expect(await refusal({ featureType: 'sound' }))
      .to.have.property('message')
      .that.includes('sound');
    expect(await refusal({ quantity: most })).to.have.nested.property('errors[0].path');
  });

  it('come to the same for many requests at once, gathered and in a batch, as for each alone', async () => {
    const [together, batched] = [await customerOn(app, listed.code), await customerOn(app, listed.code)];
    const gathered = await Promise.allSettled(cases.map(([asked]) => spend(together, asked)));
    expect(gathered.map(result)).to.deep.equal(cases.map(([, expected]) => expected));
    const batch = await app.services.consumptions.consumeMany(cases.map(([asked]) => request(batched, asked)));
    expect(batch.map(result)).to.deep.equal(cases.map(([, expected]) => expected));
    expect(await entries(batched)).to.deep.equal(await entries(together));
    await expectBalancedBooks(app.services);
  });

  it('leave the amount to the caller where there is none, and a quantity alone is not enough', async () => {
    const customer = await customerOn(app, unlisted.code);
    const answers = await Promise.allSettled([
      spend(customer, { amount: 7, quantity: 3 }),
      spend(customer, { amount: 5, featureType: 'anything' }),
      spend(customer, { quantity: 3 }),
      spend(customer, {}),
    ]);
    expect(answers.map(result)).to.deep.equal([7, 5, 'validation_failed', 'validation_failed']);
    expect(await outcome(spend(customer, { quantity: 3 })), 'alone').to.equal('validation_failed');
  });

  it('are shown to clients, so that they can say what something will cost', async () => {
    const { body } = await call(app, 'GET', '/api/v1/plans');
    const plans = body.data as { plan_code: string; feature_prices: unknown }[];
    const pricesOf = (code: string) => plans.find((plan) => plan.plan_code === code)?.feature_prices;
    expect(pricesOf(listed.code)).to.deep.equal({ image: 2, video: 50, world: most });
    expect([pricesOf(unlisted.code), pricesOf('pro')]).to.deep.equal([null, null]);
  });

  it('apply at once when staff change them, but a key answers as it did the first time', async () => {
    const plan = await addFreePlan(app, { featurePrices: { image: 2 } });
    const customer = await customerOn(app, plan.code);
    const once = { quantity: 3, idempotencyKey: newId() };
    const first = await spend(customer, once);
    const [firstHold, asked] = [await hold(customer, 'the same'), { quantity: 3 }];
    const setPrices = (prices: object | null) =>
      app.db.pool.query('UPDATE plans SET feature_prices = $2 WHERE id = $1', [plan.id, prices]);
    for (const [prices, expected] of [
      [{ image: 5 }, 15],
      [{ video: 5 }, 'unknown_feature'],
      [null, 'validation_failed'],
    ] as const) {
      await setPrices(prices);
      expect(await outcome(spend(customer, asked))).to.equal(expected);
      expect(await spend(customer, once)).to.deep.equal({ ...first, replayed: true });
      expect(await hold(customer, 'the same')).to.deep.equal({ ...firstHold, replayed: true });
    }
    await expectBalancedBooks(app.services);
  });

  const hold = ({ id }: Client, idempotencyKey: string) =>
    openHold(app.db.pool, {
      userId: id,
      amount: null,
      quantity: 4,
      featureType: 'image',
      reference: null,
      description: null,
      actor: 'user',
      idempotencyKey,
      fingerprint: '',
      expiresAt: new Date(app.clock.now().getTime() + 60_000),
      now: app.clock.now(),
    });

  it('are refused by the database when no consumption could work with them', async () => {
    const write = (column: string, value: unknown) =>
      app.db.pool.query(`UPDATE plans SET ${column} = $2 WHERE id = $1`, [unlisted.id, value]).then(
        () => 'written',
        (error: unknown) => (error as { code: string }).code,
      );
    const violation = '23514';
    for (const prices of [
      '{}',
      '[]',
      '5',
      'null',
      '{"image": 0}',
      '{"image": -1}',
      '{"image": 1.5}',
      '{"image": 1.0}',
      '{"image": "5"}',
      '{"image": null}',
      '{"image": true}',
      '{"image": [1]}',
      '{"image": 1000000001}',
      '{"image": 1e10}',
      '{"": 1}',
      JSON.stringify({ ['x'.repeat(101)]: 1 }),
      '{"image": 1, "video": 0}',
    ]) {
      expect(await write('feature_prices', prices), prices).to.equal(violation);
    }
    for (const prices of ['{"image": 1}', '{"image": 1e3}', '{"图像": 1000000000}', null]) {
      expect(await write('feature_prices', prices), String(prices)).to.equal('written');
    }
    for (const percents of ['{NULL}', '{20,NULL}', '{100}', '{-1}', '{0,1,2,3,4,5,6,7,8,9,10}']) {
      expect(await write('alert_percents', percents), percents).to.equal(violation);
    }
  });
});
