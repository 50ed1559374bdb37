import { expect } from 'chai';
import { openHold } from '../../src/credits/holds.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { balanceOf, giveCredits, spending } from '../support/credits.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

describe('holds in the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  const clients = new Map<string, StaffClient>();
  let userId: string;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    for (const role of ['support', 'viewer'] as const) {
      const { email } = await addStaff(panel.services, role);
      clients.set(role, await StaffClient.signedIn(panel, email));
    }
    ({ id: userId } = await addCustomer(panel.services));
    await giveCredits({ db: panel.services.db, clock: panel.clock }, userId, 100);
  });
  after(() => panel.close());

  const clientOf = (role: 'support' | 'viewer') => {
    const client = clients.get(role);
    if (client === undefined) throw new Error(`nobody is ${role}`);
    return client;
  };
  const open = async (amount: number, seconds = 60) => {
    const expiresAt = new Date(panel.clock.now().getTime() + seconds * 1000);
    const hold = { ...spending(panel, userId, amount), reference: 'job-1', expiresAt };
    return (await openHold(database.db.pool, hold)).holdId;
  };
  const release = (role: 'support' | 'viewer', id: string, reason = 'the job is lost') =>
    clientOf(role).post(`/api/resources/credit_holds/records/${userId}~${id}/releaseHold`, { reason });

  it('are listed by customer and status, and shown whole', async () => {
    const id = await open(10);
    for (const [filter, found] of [
      [`filters.userId=${userId}&filters.status=open`, [`${userId}~${id}`]],
      ['filters.status=settled', []],
      ['filters.reference=job-1', [`${userId}~${id}`]],
    ] as const) {
      const { status, json } = await clientOf('viewer').get(`/api/resources/credit_holds/actions/list?${filter}`);
      expect(status).to.equal(200);
      expect((json.records as { id: string }[]).map((record) => record.id)).to.deep.equal(found);
    }
    const { json } = await clientOf('viewer').get(`/api/resources/credit_holds/records/${userId}~${id}/show`);
    const { params } = json.record as { params: Record<string, unknown> };
    expect(params).to.include({ status: 'open', amount: 10, settled: 0, reference: 'job-1', featureType: 'image' });
    expect(params).to.not.have.any.keys('fingerprint', 'closeFingerprint');
    await release('support', id);
  });

  it('are released by who may, with a reason, once, and the audit log tells of it', async () => {
    const id = await open(30);
    expect((await release('viewer', id)).status).to.equal(403);
    expect((await release('support', id, ' ')).status).to.equal(400);
    expect(await balanceOf(database, userId)).to.include({ available: 70, held: 30 });

    const released = await release('support', id);
    expect(released.status).to.equal(200);
    expect(released.json.notice).to.include({ message: 'holdReleased', type: 'success' });
    expect(await balanceOf(database, userId)).to.include({ available: 100, held: 0 });
    const { rows } = await database.db.pool.query(
      `SELECT a.action, a.reason, a.after, t.actor = 'staff:' || a.staff_id AS by_staff
       FROM audit_log a, credit_transactions t
       WHERE a.subject_id = $1 AND a.after ->> 'hold' = $2 AND t.type = 'release' AND t.reference = $2`,
      [userId, id],
    );
    expect(rows).to.deep.equal([
      {
        action: 'hold.release',
        reason: 'the job is lost',
        after: { available: 100, hold: id, released: 30 },
        by_staff: true,
      },
    ]);
    const { json } = await clientOf('support').get(`/api/resources/credit_holds/records/${userId}~${id}/show`);
    const { recordActions } = json.record as { recordActions: { name: string }[] };
    expect(recordActions.map(({ name }) => name)).to.not.include('releaseHold');
    expect((await release('support', id)).status).to.be.oneOf([403, 409]);
    await expectBalancedBooks(panel.services);
  });

  it('that have run out cannot be released, though no job has come by', async () => {
    const id = await open(20, 1);
    panel.clock.turnTo(new Date(panel.clock.now().getTime() + 2000));
    const late = await release('support', id);
    expect(late.status).to.equal(409);
    expect(late.json).to.include({ code: 'hold_closed', hold_status: 'expired' });
    const audited = await database.db.pool.query(`SELECT FROM audit_log WHERE after ->> 'hold' = $1`, [id]);
    expect(audited.rowCount).to.equal(0);
    await expectBalancedBooks(panel.services);
  });
});
