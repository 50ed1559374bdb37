import { expect } from 'chai';
import { grantCredits } from '../../src/credits/ledger.ts';
import { newId } from '../../src/kit/ids.ts';
import { addApiKey, call, Client, useApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

describe('consuming credits', function () {
  this.timeout(60_000);
  const app = useApp();

  async function customerWith(credits: number, expiresAt: Date | null = null): Promise<Client> {
    const customer = await Client.register(app);
    await give(customer, credits, expiresAt);
    return customer;
  }

  async function give({ id }: Client, amount: number, expiresAt: Date | null): Promise<void> {
    await app.db.transaction((tx) =>
      grantCredits(tx, { userId: id, key: newId(), source: 'promo', amount, expiresAt, now: app.clock.now() }),
    );
  }

  const spend = (customer: Client, amount: number, headers?: Record<string, string>) =>
    customer.post('/credits/consume', { amount, feature_type: 'image' }, headers);

  it('lets 200 at once take exactly the 100 that are there', async () => {
    const customer = await customerWith(100);
    const answers = await Promise.all(Array.from({ length: 200 }, () => spend(customer, 1)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).to.have.length(100);
    expect(statuses.filter((status) => status === 402)).to.have.length(100);
    const balances = answers.filter(({ status }) => status === 200).map(({ body }) => body.balance_after as number);
    expect(balances.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 100 }, (_, index) => index));
    expect(await customer.credits()).to.include({ available_credits: 0, used_credits: 100 });
    await expectBalancedBooks(app.services);
  });

  it('books one entry for 50 requests with one key, and answers each with it', async () => {
    const customer = await customerWith(100);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => spend(customer, 7, { 'Idempotency-Key': 'once' })),
    );
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).to.equal(1);
    expect(answers.filter(({ headers }) => headers.get('Idempotency-Replayed') === 'true')).to.have.length(49);
    expect(await customer.credits()).to.include({ available_credits: 93 });
    const other = await spend(customer, 8, { 'Idempotency-Key': 'once' });
    expect(other.status).to.equal(422);
    expect(other.body.code).to.equal('idempotency_key_reused');
    await expectBalancedBooks(app.services);
  });

  it('keeps one customer’s keys apart from another’s', async () => {
    const [one, two] = [await customerWith(10), await customerWith(10)];
    for (const customer of [one, two]) {
      expect((await spend(customer, 3, { 'Idempotency-Key': 'same' })).body).to.include({ balance_after: 7 });
    }
  });

  it('says what is there and what was asked for when it does not reach, and changes nothing', async () => {
    const customer = await customerWith(5);
    const short = await spend(customer, 6);
    expect(short.status).to.equal(402);
    expect(short.body).to.include({ code: 'insufficient_credits', available: 5, required: 6 });
    expect(await customer.credits()).to.include({ available_credits: 5, used_credits: 0 });
  });

  it('spends what expires soonest first, and what never expires last', async () => {
    const customer = await customerWith(10, null);
    const inDays = (days: number) => new Date(app.clock.now().getTime() + days * 24 * 3600 * 1000);
    await give(customer, 10, inDays(30));
    await give(customer, 10, inDays(3));
    await spend(customer, 15);
    const { grants } = (await customer.credits()) as { grants: { remaining: number; expires_at: string | null }[] };
    expect(grants.map(({ remaining }) => remaining)).to.deep.equal([5, 10]);
    expect(grants[1]?.expires_at).to.equal(null);
  });

  it('never spends an expired credit, even when no job has come by', async () => {
    const soon = new Date(app.clock.now().getTime() + 1000);
    const customer = await customerWith(10, soon);
    await give(customer, 4, null);
    const later = new Date(soon.getTime() + 1);
    const request = { userId: customer.id, featureType: 'image', reference: null, description: null, actor: 'user' };
    const spending = { ...request, quantity: null, idempotencyKey: null, fingerprint: '', now: later };
    const failure = await app.services.consumptions
      .consume({ ...spending, amount: 5 })
      .catch((error: unknown) => error);
    expect(failure).to.have.nested.property('extra.available', 4);
    expect(await app.services.consumptions.consume({ ...spending, amount: 4 })).to.include({ balanceAfter: 0 });
    await expectBalancedBooks(app.services);
  });

  it('takes an API key for any customer, within its scopes', async () => {
    const customer = await customerWith(10);
    const key = await addApiKey(app);
    const body = { user_id: customer.id, amount: 2, feature_type: 'image' };
    const spent = await call(app, 'POST', '/api/v1/credits/consume', { token: key, body });
    expect(spent.body).to.include({ balance_after: 8 });
    const read = await call(app, 'GET', `/api/v1/credits?user_id=${customer.id}`, { token: key });
    expect(read.body).to.include({ available_credits: 8 });
    const me = await call(app, 'GET', `/api/v1/users/me?user_id=${customer.id}`, { token: key });
    expect(me.body).to.include({ id: customer.id });

    const reader = await addApiKey(app, ['credits:read']);
    const refused = await call(app, 'POST', '/api/v1/credits/consume', { token: reader, body });
    expect(refused.status).to.equal(403);
    const unknown = { ...body, user_id: newId() };
    expect((await call(app, 'POST', '/api/v1/credits/consume', { token: key, body: unknown })).status).to.equal(404);
  });

  it('keeps the ledger as it was written: the database refuses to change or delete an entry', async () => {
    await customerWith(10);
    for (const sql of [
      'UPDATE credit_transactions SET amount = 1',
      'DELETE FROM credit_transactions',
      'TRUNCATE credit_transactions',
    ]) {
      const refusal = await app.db.pool.query(sql).catch((error: unknown) => String(error));
      expect(refusal).to.match(/append-only/);
    }
  });

  it('lists the ledger newest first, page by page, without a gap', async () => {
    const customer = await customerWith(100);
    for (let amount = 1; amount <= 5; amount += 1) await spend(customer, amount);
    const seen: number[] = [];
    let cursor = '';
    do {
      const page = (await customer.get(`/credits/transactions?limit=2${cursor}`)).body;
      seen.push(...(page.data as { amount: number }[]).map(({ amount }) => amount));
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor as string}`;
    } while (cursor !== '');
    expect(seen).to.deep.equal([-5, -4, -3, -2, -1, 100]);
  });
});
