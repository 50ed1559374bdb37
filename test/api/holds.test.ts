import { expect } from 'chai';
import { suspendUser } from '../../src/billing/suspend-user.ts';
import { newId } from '../../src/kit/ids.ts';
import { addApiKey, call, useApp, type Answer, type Client, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { balanceOf, customerWith } from '../support/credits.ts';
import { addStaffActor } from '../support/staff.ts';

describe('holds by API', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });
  afterEach(() => expectBalancedBooks(app.services));

  const minuteMs = 60_000;
  const turn = (ms: number) => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + ms));
  };
  const withKey = (key?: string) => (key === undefined ? undefined : { 'Idempotency-Key': key });
  const open = (customer: Client, amount: number, { key = undefined as string | undefined, ...more }: Json = {}) =>
    customer.post(
      '/credits/holds',
      { amount, feature_type: 'video', expires_in_seconds: 60, ...more },
      withKey(key as string | undefined),
    );
  const opened = async (customer: Client, amount: number, more: Json = {}): Promise<string> => {
    const answer = await open(customer, amount, more);
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
    return answer.body.hold_id as string;
  };
  const settle = (customer: Client, id: string, amount: number, key?: string) =>
    customer.post(`/credits/holds/${id}/settle`, { amount }, withKey(key));
  const release = (customer: Client, id: string, key?: string) =>
    customer.post(`/credits/holds/${id}/release`, undefined, withKey(key));
  const spent = (): Promise<number> =>
    app.services.metrics.creditsSpent.get().then(({ values }) => values[0]?.value ?? 0);
  const isReplay = ({ headers }: Answer) => headers.get('Idempotency-Replayed') === 'true';

  it('set credits apart, and a settlement spends a part of them and gives back the rest', async () => {
    const customer = await customerWith(app, 100);
    const held = await open(customer, 60, { reference: 'job-1', description: 'a film' });
    const expiresAt = held.body.expires_at as string;
    expect(held.status).to.equal(201);
    expect(held.body).to.deep.equal({
      hold_id: held.body.hold_id,
      amount: 60,
      status: 'open',
      expires_at: expiresAt,
      available_credits: 40,
    });
    expect(new Date(expiresAt).getTime() - app.clock.now().getTime()).to.be.within(50_000, 60_000);
    expect(await customer.credits()).to.include({ available_credits: 40, held_credits: 60, used_credits: 0 });
    expect((await customer.post('/credits/consume', { amount: 41, feature_type: 'image' })).status).to.equal(402);

    const id = held.body.hold_id as string;
    const before = await spent();
    const settled = await settle(customer, id, 25);
    const { transaction_id } = settled.body;
    expect(settled.body).to.deep.equal({
      hold_id: id,
      status: 'settled',
      amount: 60,
      settled_amount: 25,
      released_amount: 35,
      transaction_id,
      available_credits: 75,
    });
    expect(await spent()).to.equal(before + 25);
    expect(await customer.credits()).to.include({ available_credits: 75, held_credits: 0, used_credits: 25 });

    const entries = (await customer.get('/credits/transactions?limit=3')).body.data as Json[];
    expect(
      entries.map((entry) => [entry.transaction_type, entry.amount, entry.balance_after, entry.hold_id]),
    ).to.deep.equal([
      ['spend', -25, 75, null],
      ['release', 60, 100, id],
      ['hold', -60, 40, id],
    ]);
    expect(entries[0]).to.include({ id: transaction_id, reference: 'job-1', feature_type: 'video' });
    expect(entries[2]).to.include({ reference: null });
  });

  it('settle nothing, or all of it, or are released', async () => {
    const customer = await customerWith(app, 30);
    const nothing = await settle(customer, await opened(customer, 10), 0);
    expect(nothing.body).to.include({
      status: 'settled',
      settled_amount: 0,
      released_amount: 10,
      transaction_id: null,
    });
    const all = await settle(customer, await opened(customer, 10), 10);
    expect(all.body).to.include({ settled_amount: 10, released_amount: 0, available_credits: 20 });
    const id = await opened(customer, 20);
    const released = await release(customer, id);
    expect(released.status).to.equal(200);
    expect(released.body).to.deep.equal({
      hold_id: id,
      status: 'released',
      amount: 20,
      settled_amount: 0,
      released_amount: 20,
      transaction_id: null,
      available_credits: 20,
    });
  });

  it('refuse to be closed again, and say how they were closed', async () => {
    const customer = await customerWith(app, 30);
    const [one, two, three] = [await opened(customer, 10), await opened(customer, 10), await opened(customer, 5)];
    await settle(customer, one, 4, 'k');
    await release(customer, two);
    turn(minuteMs + 1);
    for (const [id, status] of [
      [one, 'settled'],
      [two, 'released'],
      [three, 'expired'],
    ] as const) {
      for (const again of [await settle(customer, id, 1), await release(customer, id, 'other')]) {
        expect(again.body).to.include({ status: 409, code: 'hold_closed', hold_status: status });
      }
    }
    expect(await balanceOf(app, customer.id)).to.include({ available: 26, held: 0, total_used: 4 });
  });

  it('cannot be settled with more than they hold', async () => {
    const customer = await customerWith(app, 30);
    const id = await opened(customer, 10);
    const refused = await settle(customer, id, 11);
    expect(refused.body).to.include({ status: 400, code: 'validation_failed' });
    expect(refused.body.errors).to.deep.equal([{ path: 'amount', message: 'at most the 10 credits that are held' }]);
    expect((await settle(customer, id, 10)).status).to.equal(200);
  });

  it('are opened and closed once for a key, however often and however fast it comes', async () => {
    const customer = await customerWith(app, 100);
    const times = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: 20 }, work));
    const holds = await times(() => open(customer, 40, { key: 'open' }));
    expect(holds.map(({ status }) => status)).to.deep.equal(Array(20).fill(201));
    expect(new Set(holds.map(({ body }) => JSON.stringify(body))).size).to.equal(1);
    expect(holds.filter(isReplay)).to.have.length(19);
    const id = holds[0]?.body.hold_id as string;
    expect((await open(customer, 41, { key: 'open' })).body).to.include({ code: 'idempotency_key_reused' });
    expect((await open(customer, 40, { key: 'open', expires_in_seconds: 61 })).status).to.equal(422);

    const before = await spent();
    const closed = await times(() => settle(customer, id, 15, 'close'));
    expect(new Set(closed.map(({ body }) => JSON.stringify(body))).size).to.equal(1);
    expect(closed.filter(isReplay)).to.have.length(19);
    expect(closed[0]?.body.transaction_id).to.be.a('string');
    expect(await spent()).to.equal(before + 15);
    expect((await settle(customer, id, 16, 'close')).body).to.include({ code: 'idempotency_key_reused' });
    expect((await release(customer, id, 'close')).body).to.include({ code: 'idempotency_key_reused' });

    const other = await opened(customer, 5);
    const released = await times(() => release(customer, other, 'close'));
    expect(released.filter(isReplay)).to.have.length(19);
    expect(await balanceOf(app, customer.id)).to.include({ available: 85, held: 0, total_used: 15 });
  });

  it('are let go of when their time is over, as soon as anybody looks', async () => {
    const customer = await customerWith(app, 30);
    const id = await opened(customer, 20);
    turn(minuteMs + 1);
    expect(await customer.credits()).to.include({ available_credits: 30, held_credits: 0 });
    expect((await customer.get(`/credits/holds/${id}`)).body).to.include({ status: 'expired', released_amount: 20 });

    const another = await opened(customer, 20);
    turn(minuteMs + 1);
    expect((await customer.get('/credits/holds?status=open')).body.data).to.deep.equal([]);
    expect((await customer.get(`/credits/holds/${another}`)).body).to.include({ status: 'expired' });

    await opened(customer, 20);
    turn(minuteMs + 1);
    expect((await customer.post('/credits/consume', { amount: 30, feature_type: 'image' })).status).to.equal(200);
  });

  it('can be looked at: one with all that is known of it, or all of them, newest first, page by page', async () => {
    const customer = await customerWith(app, 100);
    const ids: string[] = [];
    for (let count = 1; count <= 5; count += 1) {
      turn(10);
      ids.push(await opened(customer, count, { reference: `job-${count}`, description: 'a film', quantity: count }));
    }
    await settle(customer, ids[1] ?? '', 1);
    const { created_at, closed_at, expires_at, ...rest } = (await customer.get(`/credits/holds/${ids[1] ?? ''}`)).body;
    expect(rest).to.deep.equal({
      hold_id: ids[1],
      amount: 2,
      status: 'settled',
      settled_amount: 1,
      released_amount: 1,
      feature_type: 'video',
      quantity: 2,
      reference: 'job-2',
      description: 'a film',
    });
    expect([created_at, closed_at, expires_at].map((time) => typeof time)).to.deep.equal(Array(3).fill('string'));

    const seen: unknown[] = [];
    let cursor = '';
    do {
      const { data, next_cursor } = (await customer.get(`/credits/holds?limit=2${cursor}`)).body;
      seen.push(...(data as Json[]).map(({ hold_id }) => hold_id));
      cursor = next_cursor === null ? '' : `&cursor=${next_cursor as string}`;
    } while (cursor !== '');
    expect(seen).to.deep.equal(ids.toReversed());
    const openOnes = (await customer.get('/credits/holds?status=open')).body.data as Json[];
    expect(openOnes.map(({ amount }) => amount)).to.deep.equal([5, 4, 3, 1]);
  });

  it('belong to their customer alone, and a key acts for the customer that it names, within its scopes', async () => {
    const [customer, other] = [await customerWith(app, 30), await customerWith(app, 30)];
    const id = await opened(customer, 10);
    for (const answer of [
      await settle(other, id, 1),
      await release(other, id),
      await other.get(`/credits/holds/${id}`),
      await settle(customer, 'nonsense', 1),
      await customer.get(`/credits/holds/${newId()}`),
      await customer.get('/credits/holds/%00'),
    ]) {
      expect(answer.body).to.include({ status: 404, code: 'not_found' });
    }

    const key = await addApiKey(app, ['credits:consume']);
    const path = `/api/v1/credits/holds/${id}`;
    const named = { user_id: customer.id };
    const byKey = (url: string, body: unknown, token = key) => call(app, 'POST', url, { token, body });
    expect((await byKey(`${path}/settle`, { amount: 1 })).body).to.include({ status: 400, code: 'validation_failed' });
    expect((await byKey(`${path}/settle`, { amount: 1, user_id: other.id })).status).to.equal(404);
    const reader = await addApiKey(app, ['credits:read']);
    for (const [url, body] of [
      ['/api/v1/credits/holds', { amount: 1, feature_type: 'x', expires_in_seconds: 1 }],
      [`${path}/settle`, { amount: 1 }],
      [`${path}/release`, {}],
    ] as const) {
      expect((await byKey(url, { ...body, ...named }, reader)).body).to.include({ status: 403, code: 'forbidden' });
    }
    const read = (token: string) => call(app, 'GET', `${path}?user_id=${customer.id}`, { token });
    expect((await read(reader)).body).to.include({ hold_id: id, status: 'open' });
    expect((await read(key)).status).to.equal(403);
    expect((await byKey(`${path}/release`, named)).body).to.include({ status: 'released' });
  });

  it('are not opened for a suspended account, but work that was begun before can be settled', async () => {
    const customer = await customerWith(app, 30);
    const id = await opened(customer, 10);
    const key = await addApiKey(app);
    const body = { user_id: customer.id, amount: 5 };
    const opening = { ...body, feature_type: 'video', expires_in_seconds: 60 };
    const openUnder = (name: string) =>
      call(app, 'POST', '/api/v1/credits/holds', { token: key, body: opening, headers: withKey(name) ?? {} });
    const first = await openUnder('before');
    await suspendUser(app.services, { userId: customer.id, reason: 'test', staff: await addStaffActor(app) });
    expect((await openUnder('after')).status).to.equal(403);
    expect((await openUnder('before')).body).to.deep.equal(first.body);
    const settled = await call(app, 'POST', `/api/v1/credits/holds/${id}/settle`, { token: key, body });
    expect(settled.body).to.include({ status: 'settled', settled_amount: 5 });
    const unknown = { ...opening, user_id: newId() };
    expect((await call(app, 'POST', '/api/v1/credits/holds', { token: key, body: unknown })).status).to.equal(404);
  });
});
