import { expect } from 'chai';
import { adjustCredits } from '../../src/billing/adjust-credits.ts';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { permissions } from '../../src/admin/permissions.ts';
import { entriesPerRead } from '../../src/admin/story/consumption.ts';
import { storyKinds, type StoryEvent, type StoryKind } from '../../src/admin/story/source.ts';
import { readTimeline, type Timeline } from '../../src/admin/story/timeline.ts';
import { newId } from '../../src/kit/ids.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addIncident, addStaff, buy, orderByTransfer, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

describe('the timeline of a customer', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let staff: { id: string; email: string };

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    staff = await addStaff(panel.services, 'owner', 'Olive Owner');
  });
  after(() => panel.close());

  const actor = () => ({ staffId: staff.id, name: 'Olive Owner', address: null });
  const read = (userId: string, query?: Record<string, string>) => readTimeline(panel.services, 'owner', userId, query);
  const sql = (text: string, ...values: unknown[]) => database.db.pool.query(text, values);

  /** Every page, as somebody reads on to the end. */
  async function all(userId: string, query: Record<string, string> = {}): Promise<StoryEvent[]> {
    const events: StoryEvent[] = [];
    let page: Timeline = await read(userId, query);
    events.push(...page.events);
    for (let pages = 1; page.earlier !== null; pages += 1) {
      expect(pages).to.be.lessThan(500);
      page = await read(userId, { ...query, earlier: page.earlier });
      events.push(...page.events);
    }
    return events;
  }

  /** Entries of the ledger as they are booked, each so many seconds after the one before. */
  async function spend(
    userId: string,
    { from, calls, everySeconds, startSeq }: { from: string; calls: number; everySeconds: number; startSeq: number },
  ): Promise<void> {
    await sql(
      `INSERT INTO credit_transactions
         (user_id, seq, id, type, amount, balance_after, source, feature_type, actor, grant_id, created_at)
       SELECT $1, $4 + n, gen_random_uuid(), 'spend', -2, 10, 'api', CASE n % 2 WHEN 0 THEN 'image' ELSE 'video' END,
         'key:x', gen_random_uuid(), $2::timestamptz + make_interval(secs => n * $5)
       FROM generate_series(0, $3 - 1) n`,
      userId,
      from,
      calls,
      startSeq,
      everySeconds,
    );
  }

  it('tells of everything that happened, with its money and credits, newest first', async () => {
    const customer = await addCustomer(panel.services);
    const orderId = await buy(panel.services, customer.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
    await orderByTransfer(panel.services, customer.id, { packCode: 'pack-500' });
    await adjustCredits(panel.services, {
      userId: customer.id,
      amount: 40,
      reason: 'for the outage',
      requestId: newId(),
      staff: actor(),
    });
    await refundOrder(panel.services, { orderId, reason: 'changed their mind', staff: actor() });
    await addIncident(panel.services, { subjectId: orderId, summary: 'Somebody look.' });
    const { rows } = await sql('SELECT id, provider_capture_id AS capture FROM payments WHERE order_id = $1', orderId);
    const [{ id: paymentId, capture }] = rows as [{ id: string; capture: string }];
    await addIncident(panel.services, { kind: 'refund_unmatched', subjectType: 'refund', details: { capture } });
    await sql(
      `INSERT INTO disputes (id, order_id, payment_id, provider, provider_dispute_id, status, currency, amount_minor,
         reason, opened_at, updated_at, closed_at)
       VALUES ($1, $2, $3, 'paypal', 'PP-D-9', 'won', 'USD', 2999, 'UNAUTHORISED', now(), now(), now())`,
      newId(),
      orderId,
      paymentId,
    );
    await sql(
      `INSERT INTO credit_alerts (user_id, period_end, percent, threshold, available, monthly_quota, raised_at)
       VALUES ($1, now(), 20, 400, 400, 2000, now())`,
      customer.id,
    );
    await spend(customer.id, { from: '2020-01-01T12:00Z', calls: 3, everySeconds: 60, startSeq: 1000 });
    const events = await all(customer.id);
    const times = events.map(({ at, key }) => `${at} ${key}`);
    expect(times).to.deep.equal([...times].sort().reverse());
    expect(new Set(events.map(({ kind }) => kind))).to.have.keys(...storyKinds);
    const of = (kind: StoryKind) => events.filter((event) => event.kind === kind);
    expect(of('refunds')[0]).to.include({
      amountMinor: -2999,
      currency: 'USD',
      credits: -2000,
      state: 'completed',
      note: 'changed their mind',
      by: 'Olive Owner',
    });
    expect(of('payments').map(({ what, state }) => `${what} ${String(state)}`)).to.have.members([
      'payment completed',
      'payment pending',
      'transfer_incoming awaiting',
    ]);
    expect(of('credits').map(({ credits }) => credits)).to.have.members([2000, 40, -2000]);
    expect(of('actions').map(({ what }) => what)).to.have.members(['credits.adjust', 'order.refund']);
    expect(of('incidents').map(({ what }) => what)).to.have.members(['capture_mismatch', 'refund_unmatched']);
    expect(of('disputes').map(({ what, state }) => [what, state])).to.have.deep.members([
      ['dispute_opened', 'open'],
      ['dispute_closed', 'won'],
    ]);
    expect(of('subscriptions').map(({ what }) => what)).to.include.members(['begun', 'ended']);
    expect(of('consumption')).to.have.length(1);
    expect(of('consumption')[0]).to.include({ credits: -6, count: 3, note: 'image · video' });
    expect(events.at(-1)?.kind).to.equal('consumption');
    const other = await addCustomer(panel.services);
    expect((await all(other.id)).map(({ kind }) => kind)).to.have.members(['account', 'mails']);
  });

  it('leads from every line to a page that is there', async () => {
    const customer = await addCustomer(panel.services);
    await buy(panel.services, customer.id, { packCode: 'pack-500' });
    await sql(
      `INSERT INTO credit_alerts (user_id, period_end, percent, threshold, available, monthly_quota, raised_at)
       VALUES ($1, now(), 20, 400, 400, 2000, now())`,
      customer.id,
    );
    const client = await StaffClient.signedIn(panel, staff.email);
    const links = (await all(customer.id)).filter(({ id }) => id !== null);
    expect(links).to.have.length.greaterThan(4);
    for (const { resource, id } of links) {
      const path = `/api/resources/${String(resource)}/records/${String(id)}/show`;
      expect((await client.get(path)).status, path).to.equal(200);
    }
  });

  it('is read on page by page without a gap or a repetition, also among events of one instant', async () => {
    const customer = await addCustomer(panel.services);
    await sql(
      `INSERT INTO emails (id, user_id, template, locale, to_address, data, dedupe_key, created_at)
       SELECT gen_random_uuid(), $1::uuid, 'receipt', 'en', 'a@example.com', '{}', $1::uuid || ' ' || n,
         timestamptz '2026-01-01' + make_interval(secs => (n / 50))
       FROM generate_series(1, 175) n`,
      customer.id,
    );
    const first = await read(customer.id);
    expect(first.events).to.have.length(30);
    const events = await all(customer.id);
    expect(new Set(events.map(({ key }) => key)).size).to.equal(events.length);
    expect(events.filter(({ kind }) => kind === 'mails')).to.have.length(176);
  });

  it('folds consumption by day, however much there is of it, and loses none', async () => {
    const customer = await addCustomer(panel.services);
    // Days of 200 calls, then one with more than is read at once, then nothing but holds.
    const days = 40;
    for (let day = 0; day < days; day += 1) {
      const from = new Date(Date.UTC(2026, 0, 1 + day, 1)).toISOString();
      await spend(customer.id, { from, calls: 200, everySeconds: 60, startSeq: 1 + day * 200 });
    }
    const large = entriesPerRead * 2 + 7;
    await spend(customer.id, { from: '2026-03-01T00:00Z', calls: large, everySeconds: 1, startSeq: 8001 });
    await sql(
      `INSERT INTO credit_transactions
         (user_id, seq, id, type, amount, balance_after, source, actor, grant_id, created_at)
       SELECT $1, 20000 + n, gen_random_uuid(), 'hold', -1, 0, 'api', 'key:x', gen_random_uuid(),
         timestamptz '2026-03-05' + make_interval(hours => n / 100)
       FROM generate_series(0, $2::int) n`,
      customer.id,
      entriesPerRead * 2,
    );
    // Something older and something between, so that the kinds have to be told in turn.
    await sql(`UPDATE users SET created_at = '2025-12-31' WHERE id = $1`, customer.id);
    await sql(`UPDATE emails SET created_at = '2026-01-20T12:00Z' WHERE user_id = $1`, customer.id);
    const events = await all(customer.id);
    const order = events.map(({ at }) => at);
    expect(order).to.deep.equal([...order].sort().reverse());
    expect(new Set(events.map(({ key }) => key)).size).to.equal(events.length);
    const consumed = events.filter(({ kind }) => kind === 'consumption');
    expect(consumed.reduce((sum, { count }) => sum + Number(count), 0)).to.equal(days * 200 + large);
    expect(consumed.reduce((sum, { credits }) => sum + Number(credits), 0)).to.equal(-2 * (days * 200 + large));
    expect(consumed.filter(({ at }) => at.startsWith('2026-01'))).to.have.length(31);
    expect(consumed.filter(({ at }) => at.startsWith('2026-03-01')).length).to.be.within(2, 4);
    expect(events.at(-1)?.what).to.equal('signed_up');
  });

  it('counts a call once that was booked across midnight with the time of the day before', async () => {
    const customer = await addCustomer(panel.services);
    await spend(customer.id, { from: '2026-02-02T00:00:00.001Z', calls: 1, everySeconds: 1, startSeq: 10 });
    await spend(customer.id, { from: '2026-02-01T23:59:59.999Z', calls: 1, everySeconds: 1, startSeq: 11 });
    await spend(customer.id, { from: '2026-02-02T00:00:05Z', calls: 2, everySeconds: 1, startSeq: 12 });
    const consumed = await all(customer.id, { kinds: 'consumption' });
    expect(consumed.map(({ at, count }) => [at.slice(0, 10), count])).to.deep.equal([
      ['2026-02-02', 2],
      ['2026-02-01', 2],
    ]);
  });

  it('is narrowed to kinds, and refuses what it did not give out', async () => {
    const customer = await addCustomer(panel.services);
    await buy(panel.services, customer.id, { packCode: 'pack-500' });
    const kinds = (await all(customer.id, { kinds: 'orders,mails' })).map(({ kind }) => kind);
    expect(new Set(kinds)).to.have.keys('orders', 'mails');
    const client = await StaffClient.signedIn(panel, staff.email);
    const path = `/api/resources/users/records/${customer.id}/timeline`;
    const forged = Buffer.from(JSON.stringify({ at: "now'", key: '', seq: 1 })).toString('base64url');
    for (const query of ['kinds=nonsense', 'earlier=x', 'earlier=', `earlier=${forged}`, 'kinds=mails&kinds=orders']) {
      const { status, json } = await client.get(`${path}?${query}`);
      expect(status, query).to.equal(400);
      expect(json.code, query).to.equal('validation_failed');
    }
    expect((await client.get(`/api/resources/users/records/${newId()}/timeline`)).status).to.equal(404);
    expect((await client.post(path, {})).status).to.equal(403);
    expect((await new StaffClient(panel).get(path)).status).to.equal(401);
  });

  it('keeps from a role what it may not list', async () => {
    const customer = await addCustomer(panel.services);
    await buy(panel.services, customer.id, { packCode: 'pack-500' });
    const table = permissions as Record<string, Record<string, readonly string[]>>;
    const kept = table.emails!.list ?? [];
    try {
      table.emails!.list = ['owner'];
      const { events } = await readTimeline(panel.services, 'viewer', customer.id);
      expect(events.map(({ kind }) => kind))
        .to.include('orders')
        .and.not.include('mails');
    } finally {
      table.emails!.list = kept;
    }
  });
});
