import { expect } from 'chai';
import type { IncidentCase } from '../../src/admin/incident-case.ts';
import type { StaffRole } from '../../src/accounts/staff.ts';
import { newId } from '../../src/kit/ids.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addIncident, addStaff, buy, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

describe('the inbox of incidents', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  const people = {} as Record<StaffRole, { id: string; client: StaffClient }>;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    for (const role of ['owner', 'finance', 'support', 'viewer'] as const) {
      const { id, email } = await addStaff(panel.services, role, `${role} one`);
      people[role] = { id, client: await StaffClient.signedIn(panel, email) };
    }
  });
  after(() => panel.close());

  const act = (role: StaffRole, id: string, action: string, body: object) =>
    people[role].client.post(`/api/resources/incidents/records/${id}/${action}`, body);
  const take = (
    role: StaffRole,
    id: string,
    seenId: string | null = null,
    assigneeId: string | null = people[role].id,
  ) => act(role, id, 'assign', { assigneeId, seenId });
  const caseOf = async (id: string, role: StaffRole = 'support') => {
    const { json } = await people[role].client.get(`/api/resources/incidents/records/${id}/show`);
    return JSON.parse((json.record as { params: { case: string } }).params.case) as IncidentCase;
  };
  const list = async (query: string): Promise<string[]> => {
    const { json } = await people.viewer.client.get(`/api/resources/incidents/actions/list?${query}`);
    return (json.records as { id: string }[]).map(({ id }) => id);
  };
  const audited = async (id: string) => {
    const sql =
      'SELECT action, actor, reason, before, after FROM audit_log WHERE subject_id = $1 ORDER BY created_at, id';
    return (await database.db.pool.query<Record<string, unknown>>(sql, [id])).rows;
  };

  it('says who looks after an incident, and lists mine and nobody’s', async () => {
    await database.db.pool.query('DELETE FROM incidents');
    const [mine, other, nobodys] = [
      await addIncident(panel.services),
      await addIncident(panel.services),
      await addIncident(panel.services),
    ];
    expect((await take('support', mine)).json.notice).to.include({ message: 'incidentAssigned', type: 'success' });
    expect((await take('owner', other, null, people.finance.id)).status).to.equal(200);
    expect((await caseOf(mine)).assignee).to.deep.equal({ id: people.support.id, name: 'support one' });
    expect((await caseOf(nobodys)).assignee).to.equal(null);
    const open = 'filters.status=open&filters.assignedTo=';
    expect(await list(open + people.support.id)).to.deep.equal([mine]);
    expect(await list(`${open}finance one`)).to.deep.equal([other]);
    expect(await list(`${open}none`)).to.deep.equal([nobodys]);
    expect((await take('support', mine, people.support.id, null)).status).to.equal(200);
    expect(await list(`${open}none`)).to.have.members([mine, nobodys]);
    const nobody = { assignedTo: null };
    const support = { assignedTo: people.support.id };
    expect(await audited(mine)).to.deep.equal([
      { action: 'incident.assign', actor: 'support one', reason: null, before: nobody, after: { ...support, name: 'support one' } }, // prettier-ignore
      { action: 'incident.assign', actor: 'support one', reason: null, before: support, after: { ...nobody, name: null } }, // prettier-ignore
    ]);
  });

  it('lets one of two have it who take it at the same time, and tells the other', async () => {
    const id = await addIncident(panel.services);
    const both = await Promise.all([take('support', id), take('finance', id)]);
    expect(both.map(({ status }) => status)).to.have.members([200, 409]);
    const { assignee } = await caseOf(id);
    const winner = both[0].status === 200 ? 'support' : 'finance';
    expect(assignee?.id).to.equal(people[winner].id);
    expect(await audited(id)).to.have.length(1);
  });

  it('is given to those only who may look after it', async () => {
    const id = await addIncident(panel.services);
    const { staff } = await caseOf(id);
    expect(staff.map(({ name }) => name)).to.include.members(['owner one', 'finance one', 'support one']);
    expect(staff.map(({ id: one }) => one)).to.not.include(people.viewer.id);
    expect((await take('owner', id, null, people.viewer.id)).status).to.equal(400);
    expect((await take('owner', id, null, newId())).status).to.equal(400);
    expect((await take('viewer', id)).status).to.equal(403);
    expect(await caseOf(id, 'viewer'))
      .to.include({ mayComment: false })
      .and.deep.include({ staff: [] });
    await act('support', id, 'resolve', { reason: 'done' });
    expect((await take('support', id)).status).to.equal(409);
    expect((await take('support', newId())).status).to.equal(404);
  });

  it('keeps what was said, once, in order, with who said it', async () => {
    const id = await addIncident(panel.services);
    const { commentId } = await caseOf(id);
    const say = (role: StaffRole, comment: string, of = newId()) =>
      act(role, id, 'comment', { comment, commentId: of });
    const twice = await Promise.all([say('support', ' Asked the buyer. ', commentId), say('support', 'Asked the buyer.', commentId)]); // prettier-ignore
    expect(twice.map(({ status }) => status)).to.deep.equal([200, 200]);
    panel.clock.turnTo(new Date(panel.clock.now().getTime() + 1000));
    expect((await say('finance', 'They sent it twice.\nRefund it.')).status).to.equal(200);
    expect((await caseOf(id, 'viewer')).comments.map(({ by, body }) => [by, body])).to.deep.equal([
      ['support one', 'Asked the buyer.'],
      ['finance one', 'They sent it twice.\nRefund it.'],
    ]);
    for (const comment of ['', '   ', 'x'.repeat(2001), 7]) {
      expect((await say('owner', comment as string)).status, String(comment).slice(0, 5)).to.equal(400);
    }
    expect((await say('viewer', 'me too')).status).to.equal(403);
    expect((await act('owner', newId(), 'comment', { comment: 'x', commentId: newId() })).status).to.equal(404);
    expect((await audited(id)).map(({ action, reason }) => [action, reason])).to.deep.equal([
      ['incident.comment', 'Asked the buyer.'],
      ['incident.comment', 'They sent it twice.\nRefund it.'],
    ]);
    const change = database.db.pool.query(`UPDATE incident_comments SET body = 'x' WHERE incident_id = $1`, [id]);
    expect(await change.catch((error: unknown) => String(error))).to.contain('append-only');
  });

  it('takes up again what was resolved, with a reason', async () => {
    const id = await addIncident(panel.services);
    expect((await act('owner', id, 'reopen', { reason: 'not yet' })).status).to.equal(409);
    await act('owner', id, 'resolve', { reason: 'looked fine' });
    expect((await act('support', id, 'reopen', { reason: ' ' })).status).to.equal(400);
    expect((await act('viewer', id, 'reopen', { reason: 'hm' })).status).to.equal(403);
    const answer = await act('support', id, 'reopen', { reason: 'It was not fine.' });
    expect(answer.json.notice).to.include({ message: 'incidentReopened' });
    expect(await list(`filters.status=open&filters.id=${id}`)).to.include(id);
    expect((await audited(id)).at(-1)).to.deep.equal({
      action: 'incident.reopen',
      actor: 'support one',
      reason: 'It was not fine.',
      before: { status: 'resolved', resolution: 'looked fine' },
      after: { status: 'open' },
    });
    expect((await act('support', id, 'resolve', { reason: 'now it is' })).status).to.equal(200);
  });

  it('leads to everything that an incident names, the customer first', async () => {
    const customer = await addCustomer(panel.services);
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
    const { rows } = await database.db.pool.query<Record<string, string>>(
      'SELECT p.id, p.provider_capture_id, o.order_no FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.id = $1',
      [orderId],
    );
    const { id: payment, provider_capture_id: capture, order_no: title } = rows[0] ?? {};
    const incident = {
      kind: 'dispute_opened',
      subjectType: 'dispute',
      subjectId: String(capture),
      details: { capture, order: orderId, what: 'AMOUNT', provider: 'paypal' },
    } as const;
    const id = await addIncident(panel.services, incident);
    expect((await caseOf(id, 'viewer')).links).to.deep.equal([
      { resource: 'users', id: customer.id, title: customer.email },
      { resource: 'orders', id: orderId, title },
      { resource: 'payments', id: payment, title },
    ]);
    expect((await caseOf(await addIncident(panel.services))).links).to.deep.equal([]);
  });
});
