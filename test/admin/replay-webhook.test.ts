import { expect } from 'chai';
import { newId } from '../../src/kit/ids.ts';
import { useTestDatabase } from '../support/database.ts';
import { addStaff, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

describe('webhooks in the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase();
  let panel: TestPanel;
  before(async () => {
    panel = await startPanel(database.db, { limited: false });
  });
  after(() => panel.close());

  it('are handed to the queue once more, with a reason, by who may', async () => {
    const id = newId();
    await database.db.pool.query(
      `INSERT INTO provider_events (id, provider, event_id, type, kind, body_sealed, headers, received_at, handled_at)
       VALUES ($1::uuid, 'paypal', $1::uuid::text, 'PAYMENT.CAPTURE.COMPLETED', 'capture', $2, '{}', now(), now())`,
      [id, panel.services.sealer.seal('{}')],
    );
    const signIn = async (role: 'support' | 'viewer') =>
      StaffClient.signedIn(panel, (await addStaff(panel.services, role)).email);
    const clients = { support: await signIn('support'), viewer: await signIn('viewer') };
    const replay = (role: 'support' | 'viewer', body: object) =>
      clients[role].post(`/api/resources/provider_events/records/${id}/replay`, body);
    const waiting = async () => {
      const sql = 'SELECT 1 FROM graphile_worker.jobs WHERE key = $1';
      return (await database.db.pool.query(sql, [`event:${id}`])).rowCount;
    };

    expect((await replay('viewer', { reason: 'why' })).status).to.equal(403);
    expect((await replay('support', { reason: ' ' })).status).to.equal(400);
    expect(await waiting()).to.equal(0);
    const answer = await replay('support', { reason: 'asked by finance' });
    expect(answer.status).to.equal(200);
    expect(answer.json.notice).to.include({ message: 'webhookReplayed', type: 'info' });
    expect(await waiting()).to.equal(1);
  });
});
