import { expect } from 'chai';
import { resourceIds } from '../../src/admin/permissions.ts';
import { newId } from '../../src/kit/ids.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, buy, startPanel, type TestPanel } from './harness.ts';
import { StaffClient, type Answer } from './staff-client.ts';

describe('calls to the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let owner: StaffClient;
  let staffId: string;
  let customer: { id: string; email: string };

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    const staff = await addStaff(panel.services, 'owner', 'Olive Owner');
    staffId = staff.id;
    owner = await StaffClient.signedIn(panel, staff.email);
    await panel.warmUp();
  });
  beforeEach(async () => {
    customer = await addCustomer(panel.services);
  });
  after(() => panel.close());

  const sql = async <Row>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];
  const available = async () =>
    (await sql<{ available: number }>('SELECT available FROM credit_balances WHERE user_id = $1', customer.id))[0]
      ?.available;
  const audited = (subjectId: string) =>
    sql<Record<string, unknown>>('SELECT * FROM audit_log WHERE subject_id = $1 ORDER BY id', subjectId);
  const act = (resource: string, id: string, action: string, body: object) =>
    owner.post(`/api/resources/${resource}/records/${id}/${action}`, body);
  const previewOf = ({ json }: Answer) =>
    JSON.parse((json.record as { params: { preview: string } }).params.preview) as Record<string, unknown>;

  it('never answers with a hash, a sealed value or a raw body', async () => {
    await buy(panel.services, customer.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
    await sql(
      `INSERT INTO provider_events (id, provider, event_id, type, kind, body_sealed, headers, received_at)
      VALUES ($1, 'paypal', 'WH-1', 'PAYMENT.CAPTURE.COMPLETED', 'capture', 'SEALED BODY', '{"signature": "RAW HEADER"}', now())`,
      newId(),
    );
    await sql(
      `INSERT INTO api_keys (id, name, prefix, key_hash, scopes, created_at) VALUES ($1, 'k', 'pk_x', 'KEY HASH', '{}', now())`,
      newId(),
    );
    const [payment] = await sql<{ payer_sealed: string }>(
      'SELECT payer_sealed FROM payments WHERE payer_sealed IS NOT NULL LIMIT 1',
    );
    const hashes = await sql<{ password_hash: string }>(
      'SELECT password_hash FROM users UNION ALL SELECT password_hash FROM staff',
    );
    const secrets = [
      'SEALED BODY',
      'RAW HEADER',
      'KEY HASH',
      payment?.payer_sealed,
      ...hashes.map((row) => row.password_hash),
    ];
    for (const id of resourceIds) {
      const list = await owner.get(`/api/resources/${id}/actions/list`);
      const rows = list.json.records as { id: string }[];
      const shown = await Promise.all(
        rows.slice(0, 3).map((row) => owner.get(`/api/resources/${id}/records/${row.id}/show`)),
      );
      const found = await owner.get(`/api/resources/${id}/actions/search`);
      for (const { text } of [list, found, ...shown]) {
        for (const secret of secrets) expect(text).to.not.include(secret);
        expect(text).to.not.match(/passwordHash|password_hash|keyHash|payerSealed|bodySealed|\$2[aby]\$/);
      }
    }
    expect((await owner.get('')).text).to.not.match(/\$2[aby]\$/);
  });

  it('gives and takes credits with a reason, once, and says who did it', async () => {
    const preview = previewOf(await owner.get(`/api/resources/users/records/${customer.id}/adjustCredits`));
    expect(preview).to.include({ available: 0, email: customer.email });
    const body = { amount: 120, reason: 'An outage on Monday', requestId: preview.requestId };
    for (const answer of [
      await act('users', customer.id, 'adjustCredits', body),
      await act('users', customer.id, 'adjustCredits', body),
    ]) {
      expect(answer.status).to.equal(200);
    }
    expect(await available()).to.equal(120);
    const [entry, ...more] = await audited(customer.id);
    expect(more).to.be.empty;
    expect(entry).to.include({
      staff_id: staffId,
      actor: 'Olive Owner',
      action: 'credits.adjust',
      reason: 'An outage on Monday',
    });
    expect(entry).to.deep.include({ before: { available: 0 }, after: { available: 120, amount: 120 } });
    const short = await act('users', customer.id, 'adjustCredits', {
      amount: -500,
      reason: 'too much',
      requestId: newId(),
    });
    expect(short.status).to.equal(402);
    expect(short.json).to.include({ code: 'insufficient_credits', available: 120 });
    expect(await available()).to.equal(120);
  });

  it('says what a refund will do before it does it, and does just that', async () => {
    const orderId = await buy(panel.services, customer.id, {
      plan: { planCode: 'basic' },
      subscriptionType: 'monthly',
    });
    const preview = previewOf(await owner.get(`/api/resources/orders/records/${orderId}/refund`));
    expect(preview).to.include({
      amountMinor: 999,
      currency: 'USD',
      creditsTakenBack: 500,
      creditsUnrecovered: 0,
      isFull: true,
    });
    const answer = await act('orders', orderId, 'refund', { reason: 'Changed their mind' });
    expect(answer.status).to.equal(200);
    expect((answer.json.notice as { message: string }).message).to.equal('refunded');
    expect(await available()).to.equal(0);
    const [order] = await sql('SELECT status, refunded_minor FROM orders WHERE id = $1', orderId);
    expect(order).to.deep.equal({ status: 'refunded', refunded_minor: 999 });
    const [subscription] = await sql('SELECT status FROM subscriptions WHERE user_id = $1', customer.id);
    expect(subscription).to.deep.equal({ status: 'cancelled' });
    expect((await audited(orderId)).map(({ action, reason }) => ({ action, reason }))).to.deep.equal([
      { action: 'order.refund', reason: 'Changed their mind' },
    ]);
    expect((await act('orders', orderId, 'refund', { reason: 'again' })).status).to.equal(409);
  });

  it('cancels a subscription at its end or at once', async () => {
    await buy(panel.services, customer.id, { plan: { planCode: 'basic' }, subscriptionType: 'monthly' });
    const [row] = await sql<{ id: string }>('SELECT id FROM subscriptions WHERE user_id = $1', customer.id);
    const id = row?.id ?? '';
    expect((await act('subscriptions', id, 'cancel', { atPeriodEnd: true, reason: 'asked by mail' })).status).to.equal(
      200,
    );
    expect(await sql('SELECT status, cancel_at_period_end FROM subscriptions WHERE id = $1', id)).to.deep.equal([
      { status: 'active', cancel_at_period_end: true },
    ]);
    expect((await act('subscriptions', id, 'cancel', { atPeriodEnd: false, reason: 'asked again' })).status).to.equal(
      200,
    );
    expect(await available()).to.equal(0);
    expect(await audited(id)).to.have.length(2);
    expect((await act('subscriptions', id, 'cancel', { atPeriodEnd: false, reason: 'once more' })).status).to.equal(
      409,
    );
  });

  it('locks a customer out and lets them in again', async () => {
    expect((await act('users', customer.id, 'suspend', { reason: 'chargebacks' })).status).to.equal(200);
    const { json } = await owner.get(`/api/resources/users/records/${customer.id}/show`);
    const { recordActions } = json.record as { recordActions: { name: string }[] };
    expect(recordActions.map(({ name }) => name))
      .to.include('reactivate')
      .and.not.include('suspend');
    expect((await act('users', customer.id, 'reactivate', { reason: 'explained' })).status).to.equal(200);
    expect((await audited(customer.id)).map(({ action }) => action)).to.deep.equal(['user.suspend', 'user.reactivate']);
  });

  it('wants a reason for everything that is done to a customer', async () => {
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
    for (const reason of [undefined, '', '   ', 'x'.repeat(501), 7]) {
      const calls: [string, string, string, object][] = [
        ['users', customer.id, 'adjustCredits', { amount: 5, requestId: newId(), reason }],
        ['users', customer.id, 'suspend', { reason }],
        ['orders', orderId, 'refund', { reason }],
      ];
      for (const call of calls) {
        const { status, json } = await act(...call);
        expect(status, `${call[2]} ${String(reason).slice(0, 9)}`).to.equal(400);
        expect((json.errors as { path: string }[]).map(({ path }) => path)).to.deep.equal(['reason']);
      }
    }
    expect(await audited(customer.id)).to.be.empty;
    expect(await available()).to.equal(500);
  });

  it('refuses fields that the form does not offer', async () => {
    const extra = { status: 'deleted', passwordHash: 'x', 'record.params.email': 'thief@example.com' };
    const [before] = await sql('SELECT * FROM users WHERE id = $1', customer.id);
    for (const [name, value] of Object.entries(extra)) {
      const body = { amount: 5, reason: 'r', requestId: newId(), [name]: value };
      expect((await act('users', customer.id, 'adjustCredits', body)).status, name).to.equal(400);
      const staff = {
        email: 'new@plantain.test',
        name: 'N',
        role: 'viewer',
        password: 'long enough words',
        [name]: value,
      };
      expect((await owner.post('/api/resources/staff/actions/new', staff)).status, name).to.equal(400);
    }
    expect(await sql('SELECT * FROM users WHERE id = $1', customer.id)).to.deep.equal([before]);
    expect(await available()).to.equal(0);
    for (const amount of [0, 1.5, '5', null, 1e12, Number.MAX_SAFE_INTEGER]) {
      const { status } = await act('users', customer.id, 'adjustCredits', { amount, reason: 'r', requestId: newId() });
      expect(status, String(amount)).to.equal(400);
    }
  });

  it('finds nothing under a forged id, and never fails over one', async () => {
    for (const id of [
      newId(),
      '1',
      "1' OR '1'='1",
      '%00',
      '..%2f..%2fapi',
      'undefined',
      `${newId()}~${newId()}`,
      '__proto__',
    ]) {
      for (const resource of ['users', 'credit_transactions', 'orders']) {
        const { status } = await owner.get(`/api/resources/${resource}/records/${encodeURIComponent(id)}/show`);
        expect(status, `${resource} ${id}`).to.be.oneOf([400, 404]);
        const post = await act(resource, encodeURIComponent(id), 'refund', { reason: 'r' });
        expect(post.status, `${resource} ${id}`).to.be.oneOf([400, 404]);
      }
    }
    for (const name of ['constructor', '__proto__', 'toString', 'nothing']) {
      expect((await owner.get(`/api/resources/${name}/actions/list`)).status, name).to.equal(404);
      expect((await owner.get(`/api/resources/users/actions/${name}`)).status, name).to.equal(404);
    }
  });

  it('filters, orders and pages, and shrugs at nonsense', async () => {
    const list = (query: string) => owner.get(`/api/resources/users/actions/list?${query}`);
    const emails = ({ json }: Answer) =>
      (json.records as { params: { email: string } }[]).map(({ params }) => params.email);
    expect(emails(await list(`filters.email=${encodeURIComponent(customer.email.toUpperCase())}`))).to.deep.equal([
      customer.email,
    ]);
    expect(emails(await list(`filters.id=${customer.id}`))).to.deep.equal([customer.email]);
    expect(emails(await list('filters.email=%25'))).to.be.empty;
    expect(emails(await list('perPage=1&sortBy=createdAt&direction=desc'))).to.deep.equal([customer.email]);
    const nonsense = [
      'filters.passwordHash=x',
      'filters.status=x',
      'filters.id=x',
      'filters.createdAt~~from=never',
      'filters.nothing=1',
      'filters=1',
      'filters.email.x=1',
    ];
    for (const query of nonsense) {
      const answer = await list(query);
      expect(answer.status, query).to.equal(200);
      expect(emails(answer), query).to.have.length(0);
    }
    for (const query of [
      'sortBy=passwordHash',
      'direction=sideways',
      'page=-1',
      'page=1e9',
      'page=x',
      'perPage=-5',
      'perPage=1e9',
      'sortBy[]=x',
    ]) {
      expect((await list(query)).status, query).to.equal(200);
    }
    const failed = await owner.get('/api/resources/job_runs/actions/list?filters.error=some');
    expect(failed.json.records).to.be.empty;
    const open = await owner.get('/api/resources/provider_events/actions/list?filters.handledAt=none');
    expect(open.json.records).to.not.be.empty;
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
    const { json } = await owner.get(
      `/api/resources/orders/actions/list?filters.userId=${encodeURIComponent(customer.email)}`,
    );
    expect((json.records as { id: string }[]).map(({ id }) => id)).to.deep.equal([orderId]);
  });
});
