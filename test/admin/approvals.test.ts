import { expect } from 'chai';
import { expireApprovals } from '../../src/billing/expire-approvals.ts';
import { followUpRefunds } from '../../src/billing/follow-up.ts';
import { providerOf } from '../../src/billing/services.ts';
import { findDifferences } from '../../src/billing/check-books.ts';
import { newId } from '../../src/kit/ids.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addIncident, addStaff, buy, startPanel, type TestPanel } from './harness.ts';
import { StaffClient, type Answer } from './staff-client.ts';

const dayMs = 24 * 3600 * 1000;

describe('what takes two people', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let one: StaffClient;
  let other: StaffClient;
  const ids: Record<string, string> = {};
  let customer: { id: string; email: string };

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    const [first, second] = [
      await addStaff(panel.services, 'finance', 'Fiona'),
      await addStaff(panel.services, 'owner', 'Olive'),
    ];
    [ids.one, ids.other] = [first.id, second.id];
    one = await StaffClient.signedIn(panel, first.email);
    other = await StaffClient.signedIn(panel, second.email);
    await panel.warmUp();
  });
  beforeEach(async () => {
    customer = await addCustomer(panel.services);
  });
  afterEach(async () => {
    expect(await findDifferences(panel.services)).to.deep.equal([]);
  });
  after(() => panel.close());

  const sql = async <Row = Record<string, unknown>>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];
  const previewOf = ({ json }: Answer) =>
    JSON.parse((json.record as { params: { preview: string } }).params.preview) as Record<string, unknown>;
  const noticeOf = ({ json }: Answer) => (json.notice as { message: string }).message;
  const requests = () =>
    sql<{ id: string; status: string }>(
      'SELECT * FROM approval_requests WHERE user_id = $1 ORDER BY created_at, id',
      customer.id,
    );
  const available = async () =>
    (await sql<{ available: number }>('SELECT available FROM credit_balances WHERE user_id = $1', customer.id))[0]
      ?.available;
  const audited = async (id: string) =>
    (await sql<{ action: string }>('SELECT action FROM audit_log WHERE subject_id = $1 ORDER BY id', id)).map(
      ({ action }) => action,
    );
  const adjust = (amount: number, more: object = {}, by = one) =>
    by.post(`/api/resources/users/records/${customer.id}/adjustCredits`, {
      amount,
      reason: 'a gift',
      requestId: newId(),
      ...more,
    });
  const decide = (id: string, action: string, by: StaffClient) =>
    by.post(`/api/resources/approval_requests/records/${id}/${action}`, { reason: 'looked at it' });
  const refund = (orderId: string, by = one, body: object = {}) =>
    by.post(`/api/resources/orders/records/${orderId}/refund`, { reason: 'asked by mail', ...body });
  const asked = async (): Promise<string> => (await requests()).at(-1)?.id ?? '';
  const expensive = async (): Promise<string> => {
    await sql(`UPDATE credit_packs SET amount_minor = 60000 WHERE pack_code = 'pack-500'`);
    try {
      return await buy(panel.services, customer.id, { packCode: 'pack-500' });
    } finally {
      await sql(`UPDATE credit_packs SET amount_minor = 999 WHERE pack_code = 'pack-500'`);
    }
  };

  it('is asked for by one, shown to another as it was and as it is, and done by their yes', async () => {
    expect(await adjust(400)).to.have.property('status', 200);
    const answer = await adjust(20_000);
    expect([answer.status, noticeOf(answer)]).to.deep.equal([200, 'approvalAsked']);
    expect(await available()).to.equal(400);
    const id = await asked();
    expect((await other.get('/api/waiting')).json).to.include({ approval_requests: 1 });
    const mails = await sql('SELECT to_address FROM emails WHERE dedupe_key LIKE $1', `approval:${id}:%`);
    expect(mails).to.deep.equal([{ to_address: 'olive@plantain.test' }]);
    expect(await adjust(-100)).to.have.property('status', 200);
    const shown = previewOf(await other.get(`/api/resources/approval_requests/records/${id}/approve`));
    expect(shown).to.include({
      context: 'adjustment',
      credits: 20_000,
      available: 300,
      askedBy: 'Fiona',
      askedWhy: 'a gift',
    });
    expect(JSON.parse(String(shown.before))).to.deep.equal({ available: 400 });

    const done = await decide(id, 'approve', other);
    expect([done.status, noticeOf(done)]).to.deep.equal([200, 'approvalDone']);
    expect(await available()).to.equal(20_300);
    const [row] = await requests();
    expect(row).to.include({
      status: 'approved',
      requested_by: ids.one,
      decided_by: ids.other,
      decision: 'looked at it',
    });
    expect(await audited(id)).to.deep.equal(['approval.request', 'approval.approve']);
    expect((await audited(customer.id)).filter((action) => action === 'credits.adjust')).to.have.length(3);
    expect((await decide(id, 'approve', other)).status).to.equal(409);
    expect(await available()).to.equal(20_300);
  });

  it('is never approved or rejected by the one who asked, nor withdrawn by another, whatever is sent', async () => {
    await adjust(20_000);
    const id = await asked();
    for (const [action, by] of [
      ['approve', one],
      ['reject', one],
      ['withdraw', other],
    ] as const) {
      expect((await decide(id, action, by)).status, action).to.equal(409);
    }
    const offered = async (by: StaffClient) => {
      const { json } = await by.get(`/api/resources/approval_requests/records/${id}/show`);
      return (json.record as { recordActions: { name: string }[] }).recordActions.map(({ name }) => name);
    };
    expect(await offered(one))
      .to.include('withdraw')
      .and.not.include.members(['approve', 'reject']);
    expect(await offered(other))
      .to.include.members(['approve', 'reject'])
      .and.not.include('withdraw');
    const forged = sql(
      `UPDATE approval_requests SET status = 'approved', decided_by = requested_by, decided_at = now(), decision = 'me'
       WHERE id = $1`,
      id,
    );
    expect(await forged.catch((error: unknown) => error)).to.have.property(
      'constraint',
      'approval_requests_two_people',
    );
    expect((await decide(id, 'withdraw', one)).status).to.equal(200);
    expect((await decide(id, 'approve', other)).status).to.equal(409);
    expect(await available()).to.equal(0);
    const changed = sql(`UPDATE approval_requests SET credits = 1 WHERE id = $1`, id);
    expect(await changed.catch((error: unknown) => error)).to.have.property('code', '23001');
  });

  it('is done once, however often the form is sent and however many approve it at once', async () => {
    const requestId = newId();
    await Promise.all([adjust(20_000, { requestId }), adjust(20_000, { requestId })]);
    expect(await requests()).to.have.length(1);
    const third = await StaffClient.signedIn(
      panel,
      (await addStaff(panel.services, 'finance', `Third ${newId()}`)).email,
    );
    const answers = await Promise.all([
      decide(requestId, 'approve', other),
      decide(requestId, 'approve', third),
      decide(requestId, 'approve', other),
    ]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409]);
    expect(await available()).to.equal(20_000);
    expect((await adjust(20_000, { requestId })).status).to.equal(200);
    expect(await available()).to.equal(20_000);
  });

  it('counts small adjustments of one day together, and two at once as two', async () => {
    const answers = await Promise.all([adjust(6000), adjust(6000)]);
    expect(answers.map(noticeOf).sort()).to.deep.equal(['approvalAsked', 'creditsAdjusted']);
    expect(await available()).to.equal(6000);
    expect(noticeOf(await adjust(-4001))).to.equal('approvalAsked');
    expect(noticeOf(await adjust(-4000))).to.equal('creditsAdjusted');
    panel.clock.turnTo(new Date(panel.clock.now().getTime() + dayMs + 1000));
    expect(noticeOf(await adjust(10_000))).to.equal('creditsAdjusted');
  });

  it('holds for refunds in the currency of the order, and for many small ones of one order', async () => {
    const orderId = await expensive();
    const refundOf = (path = '') => one.get(`/api/resources/orders/records/${orderId}/refund${path}`);
    expect(previewOf(await refundOf())).to.include({ amountMinor: 60000, needsApproval: true });
    expect(previewOf(await refundOf('?amount=500.00'))).to.include({ needsApproval: false });
    expect(noticeOf(await refund(orderId, one, { amount: '450.00' }))).to.equal('refunded');
    expect(previewOf(await refundOf('?amount=100.00'))).to.include({ needsApproval: true });
    expect(noticeOf(await refund(orderId, one, { amount: '100.00' }))).to.equal('approvalAsked');
    expect((await refund(orderId, other, { amount: '150.00' })).status).to.equal(409);
    const done = await decide(await asked(), 'approve', other);
    expect([done.status, noticeOf(done)]).to.deep.equal([200, 'refunded']);
    const rows = await sql('SELECT amount_minor, requested_by, approved_by, status FROM refunds WHERE order_id = $1 ORDER BY id', orderId); // prettier-ignore
    expect(rows).to.deep.equal([
      { amount_minor: 45000, requested_by: ids.one, approved_by: null, status: 'completed' },
      { amount_minor: 10000, requested_by: ids.one, approved_by: ids.other, status: 'completed' },
    ]);
    expect(await audited(orderId)).to.deep.equal(['order.refund', 'order.refund']);
  });

  it('fails with the reason when it cannot be done any more, and changes nothing', async () => {
    const orderId = await expensive();
    await refund(orderId);
    const id = await asked();
    await refund(orderId, other, { amount: '0.01' });
    const shown = previewOf(await other.get(`/api/resources/approval_requests/records/${id}/approve`));
    expect(shown.refusal).to.equal('Give an amount up to 599.99 USD.');
    const answer = await decide(id, 'approve', other);
    expect([answer.status, noticeOf(answer)]).to.deep.equal([200, 'approvalFailed']);
    expect(await requests()).to.have.nested.property('[0].failure', 'Give an amount up to 599.99 USD.');
    expect(await sql('SELECT FROM refunds WHERE order_id = $1', orderId)).to.have.length(1);
    await adjust(20_000);
    await decide(await asked(), 'approve', other);
    await adjust(-20_500);
    const taking = await asked();
    await adjust(-9000, {}, other);
    expect(noticeOf(await decide(await asked(), 'approve', one))).to.equal('approvalDone');
    expect(noticeOf(await decide(taking, 'approve', other))).to.equal('approvalFailed');
  });

  it('is finished by a job when the process ends between the decision and the gateway', async () => {
    const orderId = await expensive();
    await refund(orderId);
    const id = await asked();
    const gateway = providerOf(panel.services, 'paypal');
    const refundCapture = gateway.refundCapture.bind(gateway);
    gateway.refundCapture = () => Promise.reject(new Error('the process ended here'));
    try {
      expect((await decide(id, 'approve', other)).status).to.equal(500);
    } finally {
      gateway.refundCapture = refundCapture;
    }
    expect((await decide(id, 'approve', other)).status).to.equal(409);
    const made = () => sql('SELECT r.status, a.status AS request FROM refunds r JOIN approval_requests a ON a.refund_id = r.id WHERE r.order_id = $1', orderId); // prettier-ignore
    expect(await made()).to.deep.equal([{ status: 'pending', request: 'approved' }]);
    panel.clock.turnTo(new Date(panel.clock.now().getTime() + 3600_000));
    await followUpRefunds(panel.services);
    expect(await made()).to.deep.equal([{ status: 'completed', request: 'approved' }]);
  });

  it('ends by itself when nobody decides, and cannot be approved from that moment on', async () => {
    await adjust(20_000);
    const id = await asked();
    panel.clock.turnTo(new Date(panel.clock.now().getTime() + 7 * dayMs));
    expect((await decide(id, 'approve', other)).status).to.equal(409);
    expect((await other.get('/api/waiting')).json).to.not.include({ approval_requests: 1 });
    expect(await expireApprovals(panel.services)).to.include({ failed: 0 });
    expect(await requests()).to.have.nested.property('[0].status', 'expired');
    expect(await audited(id)).to.deep.equal(['approval.request', 'approval.expire']);
    expect(await available()).to.equal(0);
  });

  it('closes the incident that offered the refund, once it is approved', async () => {
    const orderId = await expensive();
    const details = { refund: 'offered', orderNo: 'PL-2', firstOrderNo: 'PL-1' };
    const incident = await addIncident(panel.services, { kind: 'duplicate_payment', subjectId: orderId, details });
    const path = `/api/resources/incidents/records/${incident}/refundDuplicate`;
    expect(noticeOf(await one.post(path, { reason: 'paid twice' }))).to.equal('approvalAsked');
    const status = async () => (await sql('SELECT status FROM incidents WHERE id = $1', incident))[0];
    expect(await status()).to.deep.equal({ status: 'open' });
    expect(noticeOf(await decide(await asked(), 'approve', other))).to.equal('refunded');
    expect(await status()).to.deep.equal({ status: 'resolved' });
  });

  it('gives credits that expire when that was asked for', async () => {
    const day = (ms: number) => new Date(panel.clock.now().getTime() + ms).toISOString().slice(0, 10);
    expect((await adjust(50, { expiresOn: day(-2 * dayMs) })).status).to.equal(400);
    expect((await adjust(-50, { expiresOn: day(5 * dayMs) })).status).to.equal(400);
    expect((await adjust(50, { expiresOn: '2026-13-01' })).status).to.equal(400);
    const expiresOn = day(5 * dayMs);
    expect((await adjust(50, { expiresOn })).status).to.equal(200);
    const [grant] = await sql<{ expires_at: Date }>(
      'SELECT expires_at FROM credit_grants WHERE user_id = $1',
      customer.id,
    );
    expect(grant?.expires_at.getTime()).to.equal(Date.parse(expiresOn) + dayMs);
  });
});
