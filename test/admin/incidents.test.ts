import { expect } from 'chai';
import { readDashboard } from '../../src/admin/dashboard.ts';
import { readUserStory } from '../../src/admin/user-story.ts';
import { newId } from '../../src/kit/ids.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addIncident, addStaff, buy, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

interface Listed {
  id: string;
  params: Record<string, string | null>;
}

describe('incidents in the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let staffId: string;
  const clients: Record<string, StaffClient> = {};

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    for (const role of ['owner', 'viewer', 'support'] as const) {
      const { id, email } = await addStaff(panel.services, role, `${role} one`);
      if (role === 'owner') staffId = id;
      clients[role] = await StaffClient.signedIn(panel, email);
    }
  });
  beforeEach(() => database.db.pool.query('DELETE FROM incidents'));
  after(() => panel.close());

  const as = (role: string): StaffClient => {
    const client = clients[role];
    if (client === undefined) throw new Error(`nobody is ${role}`);
    return client;
  };
  const resolve = (role: string, id: string, body: object) =>
    as(role).post(`/api/resources/incidents/records/${id}/resolve`, body);
  const show = async (id: string) => {
    const { json } = await as('owner').get(`/api/resources/incidents/records/${id}/show`);
    return json.record as Listed & { recordActions: { name: string }[] };
  };
  const list = async (query = '') =>
    (await as('viewer').get(`/api/resources/incidents/actions/list${query}`)).json.records as Listed[];
  const subjectOf = ({ params }: Listed) => JSON.parse(params.subject ?? '') as Record<string, string> | null;
  const rowOf = async (id: string) =>
    (await database.db.pool.query<Record<string, unknown>>('SELECT * FROM incidents WHERE id = $1', [id])).rows[0];
  const audited = async (id: string) =>
    (await database.db.pool.query<Record<string, unknown>>('SELECT * FROM audit_log WHERE subject_id = $1', [id])).rows;

  it('are resolved with a reason, once, and the audit log says by whom', async () => {
    const id = await addIncident(panel.services);
    expect((await show(id)).recordActions.map(({ name }) => name)).to.include('resolve');
    const answer = await resolve('owner', id, { reason: '  Asked the buyer: a second card. Refunded.  ' });
    expect(answer.status).to.equal(200);
    expect(answer.json.notice).to.include({ message: 'incidentResolved', type: 'success' });
    const resolution = 'Asked the buyer: a second card. Refunded.';
    expect(await rowOf(id)).to.include({ status: 'resolved', resolved_by: staffId, resolution });
    const [entry, ...more] = await audited(id);
    expect(more).to.be.empty;
    expect(entry).to.include({
      action: 'incident.resolve',
      subject_type: 'incident',
      staff_id: staffId,
      actor: 'owner one',
      reason: resolution,
    });
    expect(entry).to.deep.include({ before: { status: 'open' }, after: { status: 'resolved' } });
    expect((await show(id)).recordActions.map(({ name }) => name)).to.not.include('resolve');
    expect((await resolve('owner', id, { reason: 'again' })).status).to.equal(409);
    expect(await audited(id)).to.have.length(1);
  });

  it('stay open when a viewer tries, or nobody says why', async () => {
    const id = await addIncident(panel.services);
    const before = await rowOf(id);
    expect((await resolve('viewer', id, { reason: 'not mine to say' })).status).to.equal(403);
    for (const reason of [undefined, '', '   ', 'x'.repeat(501)]) {
      expect((await resolve('support', id, { reason })).status, String(reason).slice(0, 9)).to.equal(400);
    }
    expect((await resolve('support', id, { reason: 'r', status: 'resolved' })).status).to.equal(400);
    expect((await resolve('owner', newId(), { reason: 'r' })).status).to.equal(404);
    expect(await rowOf(id)).to.deep.equal(before);
    expect(await audited(id)).to.be.empty;
  });

  it('stand in the list with the open ones first, the last seen of them on top', async () => {
    const at = (minute: number) => new Date(Date.UTC(2027, 0, 1, 12, minute));
    const closed = await addIncident(panel.services, { now: at(3) });
    const older = await addIncident(panel.services, { now: at(1), kind: 'late_payment' });
    const newer = await addIncident(panel.services, { now: at(2) });
    await resolve('support', closed, { reason: 'settled' });
    const ids = (records: Listed[]) => records.map(({ id }) => id);
    expect(ids(await list())).to.deep.equal([newer, older, closed]);
    expect(ids(await list('?sortBy=lastSeenAt&direction=asc'))).to.deep.equal([older, newer, closed]);
    expect(ids(await list('?filters.status=open'))).to.deep.equal([newer, older]);
    expect(ids(await list('?filters.kind=late_payment'))).to.deep.equal([older]);
    expect(ids(await list('?filters.kind=nonsense'))).to.be.empty;
  });

  it('lead to what they are about, by our id or by the gateway’s', async () => {
    const customer = await addCustomer(panel.services);
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
    const { rows } = await database.db.pool.query<{ id: string; capture: string; order_no: string }>(
      `SELECT p.id, p.provider_capture_id AS capture, o.order_no FROM payments p JOIN orders o ON o.id = p.order_id
       WHERE o.id = $1`,
      [orderId],
    );
    const [{ id: paymentId, capture, order_no: title } = { id: '', capture: '', order_no: '' }] = rows;
    const order = { to: 'orders', id: orderId, title };
    const payment = { to: 'payments', id: paymentId, title };
    const user = { to: 'users', id: customer.id, title: customer.email };
    const cases = [
      [{ subjectType: 'order', subjectId: orderId }, order],
      [{ subjectType: 'payment', subjectId: paymentId }, payment],
      [{ subjectType: 'dispute', subjectId: capture, kind: 'dispute_opened' }, payment],
      [{ subjectType: 'refund', subjectId: 'GW-REFUND', details: { capture }, kind: 'refund_unmatched' }, payment],
      [{ subjectType: 'user', subjectId: customer.id }, user],
      [{ subjectType: 'books', subjectId: customer.id, kind: 'books_difference' }, user],
      [{ subjectType: 'books', subjectId: orderId, kind: 'books_difference' }, order],
      [{ subjectType: 'webhook', subjectId: newId(), kind: 'webhook_unhandled' }, null],
      [{ subjectType: 'dispute', subjectId: 'PP-D-1', kind: 'dispute_opened' }, null],
    ] as const;
    const wanted = new Map<string, unknown>();
    for (const [given, link] of cases) wanted.set(await addIncident(panel.services, given), link);
    const records = await list('?perPage=50');
    expect(records).to.have.length(cases.length);
    for (const record of records) {
      expect(subjectOf(record), record.params.subjectType ?? '').to.deep.equal(wanted.get(record.id));
      expect(subjectOf(await show(record.id))).to.deep.equal(wanted.get(record.id));
    }
    const { incidents } = await readUserStory(panel.services, customer.id, 'owner');
    expect(incidents.map(({ id }) => id)).to.have.members(
      [...wanted].filter(([, link]) => link !== null && link !== undefined).map(([id]) => id),
    );
    const found = await list(`?filters.subjectId=${orderId}`);
    expect(found.map((record) => record.params.subjectType)).to.have.members(['order', 'books']);
  });

  it('are counted in the menu and on the first page while they are open', async () => {
    const count = async () => (await as('viewer').get('/api/waiting')).json;
    expect(await count()).to.include({ incidents: 0 });
    const id = await addIncident(panel.services);
    await addIncident(panel.services);
    expect(await count()).to.include({ incidents: 2 });
    expect((await readDashboard(panel.services)).waiting).to.include({ openIncidents: 2 });
    await resolve('owner', id, { reason: 'settled' });
    expect(await count()).to.include({ incidents: 1 });
    expect((await new StaffClient(panel).get('/api/waiting')).status).to.equal(401);
  });
});
