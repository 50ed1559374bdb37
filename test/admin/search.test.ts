import { expect } from 'chai';
import { refundOrder } from '../../src/billing/refund-order.ts';
import { rotateKeys } from '../../src/billing/rotate-keys.ts';
import { permissions, type ResourceId } from '../../src/admin/permissions.ts';
import { lookups, byParts } from '../../src/admin/search/lookups.ts';
import { search, type Hit, type SearchAnswer } from '../../src/admin/search/search.ts';
import { readTerm } from '../../src/admin/search/term.ts';
import { createSealer } from '../../src/kit/crypto.ts';
import { newId } from '../../src/kit/ids.ts';
import { payerIndexes } from '../../src/payments/payer-index.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addIncident, addStaff, buy, orderByTransfer, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

describe('the search of the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let staff: { id: string; email: string };
  let client: StaffClient;
  let ada: { id: string; email: string };
  let orderId: string;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    staff = await addStaff(panel.services, 'support', 'Sue Support');
    client = await StaffClient.signedIn(panel, staff.email);
    ada = await addCustomer(panel.services, 'Ada_100% Lovelace');
    await addCustomer(panel.services, 'Adam Other');
    orderId = await buy(panel.services, ada.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
  });
  after(() => panel.close());

  const one = async <Row extends object>(sql: string, ...values: unknown[]): Promise<Row> => {
    const { rows } = await database.db.pool.query<Row>(sql, values);
    if (rows[0] === undefined) throw new Error(`nothing by ${sql}`);
    return rows[0];
  };
  const find = async (q: string) => {
    const { status, json } = await client.get(`/api/search?q=${encodeURIComponent(q)}`);
    expect(status, q).to.equal(200);
    return json as unknown as SearchAnswer;
  };
  const hitsOf = ({ groups }: SearchAnswer, resource: ResourceId): Hit[] =>
    groups.find((group) => group.resource === resource)?.hits ?? [];
  const customers = async (q: string) => hitsOf(await find(q), 'users').map(({ title }) => title);

  it('finds a customer by how their address or name begins, however it is written', async () => {
    expect(await customers(ada.email)).to.deep.equal([ada.email]);
    expect(await customers(` ${ada.email.toUpperCase()} `)).to.deep.equal([ada.email]);
    expect(await customers(ada.email.slice(0, 4))).to.include(ada.email);
    expect(await customers('ADA_100%   love')).to.deep.equal([ada.email]);
    const [hit] = hitsOf(await find('ada_100% l'), 'users');
    expect(hit).to.include({ id: ada.id, detail: 'Ada_100% Lovelace', matched: 'name', through: null });
  });

  it('finds a part of a name or address where no beginning is found, and takes % and _ for what they are', async () => {
    expect(await customers('lovelace')).to.deep.equal([ada.email]);
    expect(await customers('100%')).to.deep.equal([ada.email]);
    expect(await customers('da%100')).to.deep.equal([]);
    expect(await customers('__')).to.deep.equal([]);
    const { db } = panel.services;
    await db.pool.query('ALTER INDEX users_parts RENAME TO users_parts_away');
    try {
      // As on a server that has no pg_trgm.
      const services = { ...panel.services, db: { ...db } };
      expect((await search(services, 'support', 'lovelace')).groups).to.deep.equal([]);
      expect((await search(services, 'support', ada.email)).groups).to.have.length(1);
    } finally {
      await db.pool.query('ALTER INDEX users_parts_away RENAME TO users_parts');
    }
  });

  it('finds order and customer by what an order, payment or refund is known by, here and at the gateway', async () => {
    await refundOrder(panel.services, {
      orderId,
      reason: 'asked for it',
      staff: { staffId: staff.id, name: 'Sue', address: null },
    });
    const { order_no } = await one<{ order_no: string }>('SELECT order_no FROM orders WHERE id = $1', orderId);
    const payment = await one<Record<string, string>>('SELECT * FROM payments WHERE order_id = $1', orderId);
    const refund = await one<Record<string, string>>('SELECT * FROM refunds WHERE order_id = $1', orderId);
    const cases: [string, ResourceId, string, string][] = [
      [order_no, 'orders', orderId, 'orderNo'],
      [order_no.slice(0, -3).toLowerCase(), 'orders', orderId, 'orderNo'],
      [order_no.slice(3), 'orders', orderId, 'orderNo'],
      [orderId, 'orders', orderId, 'id'],
      [payment.id ?? '', 'payments', payment.id ?? '', 'id'],
      [payment.provider_order_id ?? '', 'payments', payment.id ?? '', 'providerOrderId'],
      [payment.provider_capture_id?.toLowerCase() ?? '', 'payments', payment.id ?? '', 'providerCaptureId'],
      [refund.id ?? '', 'refunds', refund.id ?? '', 'id'],
      [refund.provider_refund_id ?? '', 'refunds', refund.id ?? '', 'providerRefundId'],
    ];
    for (const [q, resource, id, matched] of cases) {
      const answer = await find(q);
      expect(hitsOf(answer, resource)[0], `${resource} by ${matched} ${q}`).to.include({ id, matched });
      const [customer] = hitsOf(answer, 'users');
      expect(customer, q).to.deep.include({ id: ada.id, title: ada.email, through: { resource, title: order_no } });
    }
  });

  it('finds any row of ours by its id, under the address of its page', async () => {
    await addIncident(panel.services);
    const { transferId } = await orderByTransfer(panel.services, ada.id, { packCode: 'pack-500' });
    await database.db.pool.query(
      `UPDATE bank_transfers SET status = 'recorded', bank_reference = 'Ref 77/A-1', bank_date = '2027-01-01',
         bank_amount_minor = amount_minor, bank_currency = currency, recorded_by = $2, recorded_at = now()
       WHERE id = $1`,
      [transferId, staff.id],
    );
    expect(hitsOf(await find('ref 77/a'), 'bank_transfers')[0]).to.include({ id: transferId, value: 'Ref 77/A-1' });
    const looked = [...new Set(lookups.filter(({ matched }) => matched === 'id').map(({ resource }) => resource))];
    let seen = 0;
    for (const resource of looked) {
      const { json } = await client.get(`/api/resources/${resource}/actions/list`);
      const [row] = json.records as { id: string }[];
      if (row === undefined) continue;
      seen += 1;
      const [hit] = hitsOf(await find(row.id.split('~').at(-1) ?? ''), resource);
      expect(hit, resource).to.include({ id: row.id, matched: 'id' });
      const page = await client.get(`/api/resources/${resource}/records/${hit?.id ?? ''}/show`);
      expect(page.status, resource).to.equal(200);
    }
    expect(seen).to.be.greaterThan(12);
  });

  it('finds a payment by the address that its payer has at the gateway, which no table holds in plain words', async () => {
    const buyer = await addCustomer(panel.services, 'Bea Buyer');
    const order = await buy(panel.services, buyer.id, { packCode: 'pack-500' });
    const payment = await one<Record<string, string>>('SELECT * FROM payments WHERE order_id = $1', order);
    const plain = panel.services.sealer.open(payment.payer_sealed ?? '');
    const { email } = JSON.parse(plain) as { email: string };
    expect(payment.payer_index).to.not.contain(email);
    const answer = await find(` ${email.toUpperCase()}`);
    expect(hitsOf(answer, 'payments').map(({ id }) => id)).to.include(payment.id);
    expect(hitsOf(answer, 'users').map(({ id }) => id)).to.include(buyer.id);
    expect(hitsOf(await find(email.slice(1)), 'payments')).to.be.empty;
  });

  it('goes on finding payers while keys are changed, and finds those of before the index once keys are rotated', async () => {
    const [older, newer] = ['the older key, long enough', 'the newer key, long enough'];
    const { db } = panel.services;
    const { id } = await one<{ id: string }>('SELECT id FROM payments WHERE order_id = $1', orderId);
    const old = createSealer(older);
    const write = (sealed: string, index: string | null) =>
      db.pool.query('UPDATE payments SET payer_sealed = $2, payer_index = $3 WHERE id = $1', [id, sealed, index]);
    const payer = JSON.stringify({ payerId: 'X', email: 'Payer.One@Example.com', name: null, countryCode: null });
    await write(old.seal(payer), payerIndexes(old, 'payer.one@example.com')[0] ?? null);
    const both = createSealer(newer, [older, 'a secret for tests, long enough']);
    const found = async (sealer: typeof both) =>
      hitsOf(await search({ ...panel.services, sealer }, 'support', 'payer.one@example.com'), 'payments').length;
    expect(await found(both)).to.equal(1);
    expect(await found(createSealer(newer))).to.equal(0);
    await rotateKeys({ db, sealer: both }, { tell: () => undefined });
    expect(await found(createSealer(newer))).to.equal(1);
    await write(createSealer(newer).seal(payer), null);
    expect(await found(both)).to.equal(0);
    const [payments] = await rotateKeys({ db, sealer: both }, { tell: () => undefined });
    expect(payments).to.include({ rotated: 1 });
    expect(await found(createSealer(newer))).to.equal(1);
    const [again] = await rotateKeys({ db, sealer: both }, { tell: () => undefined });
    expect(again).to.include({ rotated: 0 });
  });

  it('does not let an index outlive the address that it was made of', async () => {
    const sql = 'UPDATE payments SET payer_sealed = NULL WHERE order_id = $1';
    const failed = await database.db.pool.query(sql, [orderId]).catch((error: unknown) => String(error));
    expect(failed).to.contain('payments_payer_index');
  });

  it('finds nothing of what a role may not search, nor customers by way of it', async () => {
    const kept = permissions.users.search;
    const { order_no } = await one<{ order_no: string }>('SELECT order_no FROM orders WHERE id = $1', orderId);
    const table = permissions as Record<string, Record<string, readonly string[]>>;
    try {
      table.users!.search = ['owner'];
      const support = await search(panel.services, 'support', order_no);
      expect(support.groups.map(({ resource }) => resource)).to.deep.equal(['orders']);
      expect(JSON.stringify(support)).to.not.contain(ada.email);
      expect((await search(panel.services, 'support', ada.email)).groups).to.be.empty;
      expect(hitsOf(await search(panel.services, 'owner', order_no), 'users')).to.have.length(1);
    } finally {
      table.users!.search = kept ?? [];
    }
    expect((await new StaffClient(panel).get('/api/search?q=ada')).status).to.equal(401);
  });

  it('shrugs at nonsense, and says what is wrong with what is no text', async () => {
    for (const q of [
      '',
      'a',
      '   ',
      "' OR 1=1 --",
      '%',
      '\\',
      '🌿🌿',
      'ffffffff-ffff-7fff-bfff-ffffffffffff',
      newId(),
    ]) {
      expect((await find(q)).groups, q).to.deep.equal([]);
    }
    for (const query of ['', '?q[]=ada', `?q=${'x'.repeat(255)}`, '?q[a]=1']) {
      const { status, json } = await client.get(`/api/search${query}`);
      expect(status, query.slice(0, 9)).to.equal(400);
      expect(json.code).to.equal('validation_failed');
    }
  });

  it('goes to every large table by an index', async () => {
    const { db, sealer, providers } = panel.services;
    const uuid = newId();
    const plans = await db.transaction(async (tx) => {
      const run = (sql: string, bind?: object) =>
        db.sequelize.query(sql, { transaction: tx, ...(bind && { bind: bind as Record<string, unknown> }) });
      // In a small table a scan is cheaper, and would hide that no index fits.
      await run('SET LOCAL enable_seqscan = off');
      const found: string[] = [];
      for (const { resource, matched, by, sql } of [...lookups, ...byParts]) {
        const term = { ...readTerm(by === 'payer' ? 'a@example.com' : '2612', sealer), ...(by === 'uuid' && { uuid }) };
        const values: Record<string, unknown> = { term: by === 'born' ? uuid : term[by] };
        if (by === 'born') Object.assign(values, { from: new Date(0), to: new Date(1) });
        if (sql.includes('$providers')) values['providers'] = [...providers.keys()];
        const [rows] = await run(`EXPLAIN ${sql}`, values);
        const plan = (rows as Record<string, string>[]).map((row) => row['QUERY PLAN']).join('\n');
        found.push(`${resource}.${matched}: ${/Seq Scan on \w+/.exec(plan)?.[0] ?? 'by index'}`);
      }
      return found;
    });
    const small = /^(staff|plans|plan_prices|credit_packs|api_keys)\./;
    expect(plans.filter((plan) => !plan.endsWith('by index') && !small.test(plan))).to.deep.equal([]);
  });
});
