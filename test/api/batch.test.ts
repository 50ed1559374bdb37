import { expect } from 'chai';
import { newId } from '../../src/kit/ids.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { addApiKey, call, startApp, type Answer, type Client, type Json, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { balanceOf, customerWith, giveCredits } from '../support/credits.ts';
import { addStaffActor } from '../support/staff.ts';
import { suspendUser } from '../../src/billing/suspend-user.ts';

interface Item extends Json {
  user_id: string;
  key: string;
}
type Result = Item & { amount?: number; balance_after?: number; replayed?: boolean; problem?: Json };

describe('consuming in batches', function () {
  this.timeout(60_000);
  const logged: Json[] = [];
  let app: TestApp;
  let key: string;

  before(async () => {
    const log = createLogger('error', { write: (line: string) => logged.push(JSON.parse(line) as Json) });
    app = await startApp({ log, worker: false });
    key = await addApiKey(app);
  });
  after(() => app.close());
  afterEach(() => expectBalancedBooks(app.services));

  const post = (body: unknown, token = key): Promise<Answer> =>
    call(app, 'POST', '/api/v1/credits/consume/batch', { token, body });
  async function batch(...items: unknown[]): Promise<Result[]> {
    const answer = await post({ items });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    return answer.body.results as Result[];
  }
  const item = ({ id }: { id: string }, amount: number, more: Json = {}): Item => ({
    user_id: id,
    amount,
    feature_type: 'image',
    key: newId(),
    ...more,
  });
  const single = ({ id }: Client, amount: number, idempotencyKey: string, more: Json = {}) =>
    call(app, 'POST', '/api/v1/credits/consume', {
      token: key,
      body: { user_id: id, amount, feature_type: 'image', ...more },
      headers: { 'Idempotency-Key': idempotencyKey },
    });
  const codes = (results: Result[]) => results.map(({ problem }) => problem?.code ?? 'spent');
  const spent = (): Promise<number> =>
    app.services.metrics.creditsSpent.get().then(({ values }) => values[0]?.value ?? 0);

  it('answers each item in its place: what was spent, or the problem that a single call would get', async () => {
    const [one, two] = [await customerWith(app, 10), await customerWith(app, 3, 3)];
    const suspended = await customerWith(app, 10);
    const spentBefore = item(suspended, 2);
    await batch(spentBefore);
    await suspendUser(app.services, { userId: suspended.id, reason: 'test', staff: await addStaffActor(app) });
    const before = await spent();
    const items = [
      item(one, 4),
      item(two, 5, { reference: 'job-7', description: 'two grants' }),
      item(one, 7),
      item(suspended, 1),
      item({ id: newId() }, 1),
      item(one, 6),
      spentBefore,
    ];
    const results = await batch(...items);
    expect(results.map(({ user_id, key: of }) => ({ user_id, key: of }))).to.deep.equal(
      items.map(({ user_id, key: of }) => ({ user_id, key: of })),
    );
    const refusals = ['insufficient_credits', 'forbidden', 'not_found'];
    expect(codes(results)).to.deep.equal(['spent', 'spent', ...refusals, 'spent', 'spent']);
    const balances = [6, 1, undefined, undefined, undefined, 0, 8];
    expect(results.map(({ balance_after }) => balance_after)).to.deep.equal(balances);
    expect(results.map(({ replayed }) => replayed)).to.deep.equal([...Array<undefined>(6), true]);
    const [first, , short] = results;
    expect(first).to.have.all.keys('user_id', 'key', 'transaction_id', 'amount', 'balance_after');
    expect(short?.problem).to.include({
      type: 'urn:plantain:problem:insufficient_credits',
      title: 'Insufficient credits',
      status: 402,
      available: 6,
      required: 7,
    });
    expect(await spent()).to.equal(before + 15);
    const entries = await call(app, 'GET', `/api/v1/credits/transactions?user_id=${two.id}&limit=1`, { token: key });
    expect((entries.body.data as Json[])[0]).to.include({ amount: -5, reference: 'job-7', description: 'two grants' });
  });

  it('spends 499 of 500 when one is malformed, though the body is larger than other calls may send', async () => {
    const customers: Client[] = [];
    for (let count = 0; count < 5; count += 1) customers.push(await customerWith(app, 1000));
    const description = 'x'.repeat(250);
    const items: unknown[] = Array.from({ length: 500 }, (_, place) => {
      const customer = customers[place % customers.length];
      return customer === undefined ? null : item(customer, 2, { description });
    });
    items[123] = { ...(items[123] as Item), amount: '2', price: 1 };
    expect(JSON.stringify(items).length).to.be.above(150_000);
    const results = await batch(...items);
    expect(results.filter(({ problem }) => problem === undefined)).to.have.length(499);
    expect(results[123]).to.include({ user_id: (items[123] as Item).user_id, key: (items[123] as Item).key });
    expect(results[123]?.problem).to.include({ code: 'validation_failed', status: 400 });
    expect((results[123]?.problem?.errors as Json[]).map(({ path }) => path)).to.have.members(['amount', 'price']);
    const [, , , unlucky, lucky] = customers;
    expect(await balanceOf(app, unlucky?.id ?? '')).to.include({ available: 802 });
    expect(await balanceOf(app, lucky?.id ?? '')).to.include({ available: 800 });
  });

  it('tells of each malformed item what is wrong inside it', async () => {
    const customer = await customerWith(app, 10);
    const good = item(customer, 1);
    const cases: [unknown, string[]][] = [
      [null, ['user_id', 'key', 'feature_type', 'amount']],
      ['text', ['']],
      [[good], ['']],
      [{ ...good, key: undefined }, ['key']],
      [{ ...good, key: 'with space' }, ['key']],
      [{ ...good, key: '' }, ['key']],
      [{ ...good, key: 'k'.repeat(256) }, ['key']],
      [{ ...good, user_id: 'me' }, ['user_id']],
      [{ ...good, user_id: 7 }, ['user_id']],
      [{ ...good, amount: 0 }, ['amount']],
      [{ ...good, amount: 1_000_000_001 }, ['amount']],
      [{ ...good, amount: undefined }, ['amount']],
      [{ ...good, quantity: 1.5 }, ['quantity']],
      [{ ...good, feature_type: 'a\u0000b' }, ['feature_type']],
      [{ ...good, idempotency_key: 'k' }, ['idempotency_key']],
    ];
    const results = await batch(...cases.map(([sent]) => sent), good);
    for (const [place, [sent, paths]] of cases.entries()) {
      const problem = results[place]?.problem;
      expect(problem, JSON.stringify(sent)).to.include({ code: 'validation_failed', status: 400 });
      expect((problem?.errors as Json[]).map(({ path }) => path)).to.have.members(paths);
    }
    expect(results[0]).to.include({ user_id: null, key: null });
    expect(results.at(-1)).to.include({ balance_after: 9 });
    expect(codes(await batch({}, 7))).to.deep.equal(['validation_failed', 'validation_failed']);
  });

  it('counts the second of two items with one key as the first again, or as a mistake when it is another', async () => {
    const customer = await customerWith(app, 10);
    const twice = item(customer, 3);
    const [first, again, other, capital] = await batch(
      twice,
      twice,
      { ...twice, amount: 4 },
      { ...twice, user_id: customer.id.toUpperCase() },
    );
    expect(first).to.not.have.property('replayed');
    expect(again).to.deep.equal({ ...first, replayed: true });
    expect(other?.problem).to.include({ code: 'idempotency_key_reused', status: 422 });
    expect(capital).to.deep.equal({ ...first, user_id: customer.id.toUpperCase(), replayed: true });
    expect(await balanceOf(app, customer.id)).to.include({ available: 7 });
  });

  it('takes an item and a single call with one key for one request, whichever came first', async () => {
    const customer = await customerWith(app, 100);
    const more = { reference: 'job', quantity: 3 };
    const [alone, grouped] = [await single(customer, 5, 'alone', more), item(customer, 6, { key: 'grouped', ...more })];
    const [replay, fresh] = await batch(item(customer, 5, { key: 'alone', ...more }), grouped);
    expect(replay).to.include({ ...alone.body, replayed: true });
    const back = await single(customer, 6, 'grouped', more);
    expect(back.body).to.deep.equal({
      transaction_id: fresh?.transaction_id,
      amount: 6,
      balance_after: fresh?.balance_after,
    });
    expect(back.headers.get('Idempotency-Replayed')).to.equal('true');
    for (const changed of [
      { ...more, reference: 'other' },
      { ...more, quantity: 4 },
      { ...more, description: 'x' },
    ]) {
      expect((await single(customer, 6, 'grouped', changed)).body).to.include({ code: 'idempotency_key_reused' });
      const [result] = await batch(item(customer, 5, { key: 'alone', ...changed }));
      expect(result?.problem).to.include({ code: 'idempotency_key_reused' });
    }
    expect(await balanceOf(app, customer.id)).to.include({ available: 89 });
  });

  it('spends once when the same batch comes 20 times at once, and single calls with its keys besides', async () => {
    const customers = [await customerWith(app, 50), await customerWith(app, 2, 2, 50)];
    const items = customers.flatMap((customer) => [item(customer, 3), item(customer, 4)]);
    const singles = items.map(({ key: of, amount, user_id }) =>
      call(app, 'POST', '/api/v1/credits/consume', {
        token: key,
        body: { user_id, amount, feature_type: 'image' },
        headers: { 'Idempotency-Key': of },
      }),
    );
    const batches = await Promise.all(Array.from({ length: 20 }, () => batch(...items)));
    const alone = await Promise.all(singles);
    for (const [place, { key: of }] of items.entries()) {
      const answers = [...batches.map((results) => results[place]), alone[place]?.body];
      const ids = new Set(answers.map((answer) => answer?.transaction_id));
      expect(ids.size, of).to.equal(1);
      const fresh = batches.filter((results) => results[place]?.replayed !== true).length;
      const isReplay = alone[place]?.headers.get('Idempotency-Replayed') === 'true';
      expect(fresh + Number(!isReplay), of).to.equal(1);
    }
    expect(await balanceOf(app, customers[0]?.id ?? '')).to.include({ available: 43 });
    expect(await balanceOf(app, customers[1]?.id ?? '')).to.include({ available: 47 });
  });

  it('never spends what has expired, item by item', async () => {
    const customer = await customerWith(app, 2);
    const expiresAt = new Date(app.clock.now().getTime() + 60_000);
    await giveCredits(app, customer.id, 10, { expiresAt });
    app.clock.turnTo(new Date(expiresAt.getTime() + 1));
    const results = await batch(item(customer, 3), item(customer, 2));
    expect(codes(results)).to.deep.equal(['insufficient_credits', 'spent']);
    expect(results[0]?.problem).to.include({ available: 2, required: 3 });
  });

  it('prices features where the plan has a list', async () => {
    const customer = await customerWith(app, 1000);
    const { rows } = await app.db.pool.query<{ id: string }>(
      `UPDATE plans SET feature_prices = '{"image": 5}' WHERE plan_code = 'pro' RETURNING id`,
    );
    await app.db.pool.query('UPDATE credit_balances SET plan_id = $2 WHERE user_id = $1', [customer.id, rows[0]?.id]);
    const priced = { user_id: customer.id, feature_type: 'image' };
    const results = await batch(
      { ...priced, quantity: 3, key: 'a' },
      { ...priced, quantity: 3, amount: 14, key: 'b' },
      { ...priced, feature_type: 'song', quantity: 1, key: 'c' },
      { ...priced, quantity: 1_000_000_000, key: 'd' },
    );
    expect(codes(results)).to.deep.equal(['spent', 'amount_mismatch', 'unknown_feature', 'validation_failed']);
    expect(results[0]).to.include({ amount: 15, balance_after: 985 });
    expect(results[1]?.problem).to.include({ required: 15 });
    const entries = await call(app, 'GET', `/api/v1/credits/transactions?user_id=${customer.id}`, { token: key });
    expect((entries.body.data as Json[])[0]).to.include({ amount: -15, quantity: 3, reference: null, hold_id: null });
  });

  it('loses one item only when something breaks, and logs it under the request', async () => {
    const [broken, sound] = [await customerWith(app, 5), await customerWith(app, 5)];
    const lie = (by: number) =>
      app.db.pool.query('UPDATE credit_balances SET available = available + $2 WHERE user_id = $1', [broken.id, by]);
    await lie(100);
    const answer = await post({ items: [item(sound, 1), item(broken, 50), item(sound, 1)] });
    await lie(-100);
    const results = answer.body.results as Result[];
    expect(codes(results)).to.deep.equal(['spent', 'internal_error', 'spent']);
    const { problem } = results[1] ?? {};
    expect(problem).to.include({ status: 500, request_id: answer.headers.get('X-Request-Id') });
    expect(JSON.stringify(problem)).to.not.contain('grants');
    const lines = logged.filter(({ request_id }) => request_id === problem?.request_id);
    expect(lines).to.have.length(1);
    expect(JSON.stringify(lines[0])).to.contain('credits less than the balance says');
  });

  it('takes API keys with the scope, and nobody else', async () => {
    const customer = await customerWith(app, 5);
    const body = { items: [item(customer, 1)] };
    expect((await post(body, customer.token)).body).to.include({ status: 403, code: 'forbidden' });
    expect((await post(body, await addApiKey(app, ['credits:read']))).body).to.include({ status: 403 });
    expect((await call(app, 'POST', '/api/v1/credits/consume/batch', { body })).status).to.equal(401);
    expect(await balanceOf(app, customer.id)).to.include({ available: 5 });
  });
});
