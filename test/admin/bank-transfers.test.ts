import { expect } from 'chai';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, orderByTransfer, startPanel, type TestPanel } from './harness.ts';
import { StaffClient, type Answer } from './staff-client.ts';

describe('bank transfers in the panel', function () {
  this.timeout(120_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  const clients = new Map<string, StaffClient>();
  let transferId: string;
  let orderId: string;
  let email: string;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    for (const role of ['owner', 'finance', 'support', 'viewer'] as const) {
      const staff = await addStaff(panel.services, role, `${role} person`);
      clients.set(role, await StaffClient.signedIn(panel, staff.email));
    }
    await panel.warmUp();
  });
  beforeEach(async () => {
    const customer = await addCustomer(panel.services);
    ({ email } = customer);
    ({ orderId, transferId } = await orderByTransfer(panel.services, customer.id, { packCode: 'pack-500' }));
  });
  after(() => panel.close());

  const act = (role: string, action: string, body: object) =>
    clients.get(role)!.post(`/api/resources/bank_transfers/records/${transferId}/${action}`, body);
  const preview = async (action: string) => {
    const { json } = await clients.get('owner')!.get(`/api/resources/bank_transfers/records/${transferId}/${action}`);
    return JSON.parse((json.record as { params: { preview: string } }).params.preview) as Record<string, unknown>;
  };
  const record = (bankReference: string, more: object = {}) => ({
    bankReference,
    bankDate: panel.services.clock.now().toISOString().slice(0, 10),
    bankAmount: '9.99',
    bankCurrency: 'USD',
    reason: 'statement 47',
    ...more,
  });
  const messageOf = ({ json }: Answer) => (json.notice as { message: string }).message;
  const orderStatus = async () =>
    (await database.db.pool.query<{ status: string }>('SELECT status FROM orders WHERE id = $1', [orderId])).rows[0]
      ?.status;

  it('are recorded by support and confirmed by finance, who are told what will happen', async () => {
    expect(await preview('recordTransfer')).to.include({
      context: 'incoming',
      effect: 'hand_over',
      email,
      amount: '9.99',
    });
    const recorded = await act('support', 'recordTransfer', record('A 1'));
    expect(recorded.status, recorded.text).to.equal(200);
    expect(messageOf(recorded)).to.equal('transferRecorded');
    expect((await clients.get('viewer')!.get('/api/waiting')).json).to.include({ bank_transfers: 1 });
    expect(await preview('confirmTransfer')).to.include({
      effect: 'hand_over',
      recordedBy: 'support person',
      bankReference: 'A 1',
      bankAmountMinor: 999,
      'item.en': '500 credits',
    });
    const confirmed = await act('finance', 'confirmTransfer', { reason: 'seen' });
    expect(messageOf(confirmed)).to.equal('transferPaid');
    expect(await orderStatus()).to.equal('completed');
    expect((await act('finance', 'rejectTransfer', { reason: 'too late' })).status).to.equal(409);
  });

  it('are not confirmed by support, by a viewer, or by the one who recorded', async () => {
    expect((await act('viewer', 'recordTransfer', record('B 1'))).status).to.equal(403);
    expect((await act('finance', 'recordTransfer', record('B 1'))).status).to.equal(200);
    for (const [role, status] of [
      ['support', 403],
      ['viewer', 403],
      ['finance', 409],
    ] as const) {
      expect((await act(role, 'confirmTransfer', { reason: 'seen' })).status, role).to.equal(status);
    }
    expect((await act('viewer', 'rejectTransfer', { reason: 'no' })).status).to.equal(403);
    expect(messageOf(await act('support', 'rejectTransfer', { reason: 'wrong line' }))).to.equal('transferRejected');
    expect(await orderStatus()).to.equal('pending');
  });

  it('say before and after when another amount came', async () => {
    await act('support', 'recordTransfer', record('C 1', { bankAmount: '9.9' }));
    expect(await preview('confirmTransfer')).to.include({ effect: 'mismatch', bankAmountMinor: 990 });
    const answer = await act('owner', 'confirmTransfer', { reason: 'seen' });
    expect(answer.json.notice).to.include({ message: 'transferMismatch', type: 'error' });
    expect(await orderStatus()).to.equal('failed');
  });

  it('want everything that stands on the statement, and nothing else', async () => {
    const bad = [
      record(' '),
      record('D 1', { bankDate: '24.11.2026' }),
      record('D 1', { bankAmount: '9.999' }),
      record('D 1', { bankAmount: undefined }),
      record('D 1', { bankCurrency: 'dollars' }),
      record('D 1', { reason: '' }),
      record('D 1', { status: 'confirmed' }),
    ];
    for (const body of bad) {
      const { status, json } = await act('owner', 'recordTransfer', body);
      expect([status, json.code], JSON.stringify(body)).to.deep.equal([400, 'validation_failed']);
    }
    expect((await act('owner', 'confirmTransfer', { reason: 'nothing there' })).status).to.equal(409);
  });
});
