import { expect } from 'chai';
import type { StaffActor } from '../../src/accounts/staff.ts';
import { replayWebhook } from '../../src/billing/replay-webhook.ts';
import { newId } from '../../src/kit/ids.ts';
import { reportIncident } from '../../src/incidents/incidents.ts';
import { Client, eventually, useApp, type Json } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { addStaffActor } from '../support/staff.ts';
import { inbox, type StoredEvent } from '../webhooks/signed-webhooks.ts';

describe('a webhook that staff have handled again', function () {
  this.timeout(60_000);
  const app = useApp();
  let customer: Client;
  let staff: StaffActor;
  let event: StoredEvent;

  beforeEach(async () => {
    staff = await addStaffActor(app);
    customer = await Client.register(app);
    await customer.buy({ pack_code: 'pack-500' });
    const { rows } = await app.db.pool.query<{ id: string }>(
      'SELECT p.provider_order_id AS id FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.user_id = $1',
      [customer.id],
    );
    await app.simulator.idle();
    event = await eventually(async () =>
      (await inbox(app)).find(
        ({ type, body, handledAt }) =>
          type === 'PAYMENT.CAPTURE.COMPLETED' && handledAt !== null && body.includes(rows[0]?.id ?? ''),
      ),
    );
  });
  afterEach(() => expectBalancedBooks(app.services));

  const replay = (reason = 'the customer misses credits', eventRowId = event.id) =>
    replayWebhook(app.services, { eventRowId, reason, staff });
  const rowOf = async ({ id }: StoredEvent) => (await inbox(app)).find((row) => row.id === id);
  /** Waits until it was handled as often as `attempts` says. */
  const handled = (attempts: number) =>
    eventually(async () => {
      const row = await rowOf(event);
      return row?.attempts === attempts && row.handledAt !== null ? row : undefined;
    });
  const audits = async (id: string) =>
    (await app.db.pool.query<Json>('SELECT * FROM audit_log WHERE subject_id = $1 ORDER BY id', [id])).rows;
  const books = async () => {
    const tables = ['orders', 'refunds', 'credit_transactions', 'credit_grants', 'credit_balances', 'emails'];
    const read = (table: string) => app.db.pool.query(`SELECT * FROM ${table} ORDER BY 1, 2`);
    return (await Promise.all(tables.map(read))).map(({ rows }) => rows as unknown[]);
  };
  /** The receipt is on its way while the test begins. */
  const quiet = () =>
    eventually(async () => {
      const { rowCount } = await app.db.pool.query(`SELECT 1 FROM emails WHERE status <> 'sent'`);
      return rowCount === 0 ? true : undefined;
    });

  it('changes no book when it was handled before, and says what came of it', async () => {
    await quiet();
    const before = await books();
    await replay();
    const row = await handled(event.attempts + 1);
    expect(row.outcome).to.equal(event.outcome);
    expect(await books()).to.deep.equal(before);
    expect(await customer.credits()).to.include({ available_credits: 500 });
  });

  it('is on record with the reason and what was known before', async () => {
    await replay('  asked by PayPal  ');
    await handled(event.attempts + 1);
    const [entry, ...more] = await audits(event.id);
    expect(more).to.deep.equal([]);
    expect(entry).to.include({ action: 'webhook.replay', reason: 'asked by PayPal', staff_id: staff.staffId });
    expect(entry?.before).to.include({ outcome: event.outcome, attempts: event.attempts });
  });

  it('needs a reason, and a webhook', async () => {
    const code = (call: Promise<void>) => call.then(() => 'done', (error: unknown) => (error as { code: string }).code); // prettier-ignore
    expect(await code(replay('  '))).to.equal('validation_failed');
    expect(await code(replay('why', newId()))).to.equal('not_found');
    expect(await rowOf(event)).to.deep.equal(event);
    expect(await audits(event.id)).to.deep.equal([]);
  });

  it('ten times at once is settled once', async () => {
    await quiet();
    const before = await books();
    await Promise.all(Array.from({ length: 10 }, () => replay()));
    await eventually(async () => {
      const { rows } = await app.db.pool.query<{ open: number }>(
        'SELECT count(*)::int AS open FROM graphile_worker.jobs WHERE key = $1',
        [`event:${event.id}`],
      );
      return rows[0]?.open === 0 ? true : undefined;
    });
    await eventually(async () => ((await rowOf(event))?.handledAt == null ? undefined : true));
    expect(await books()).to.deep.equal(before);
    expect(await audits(event.id)).to.have.length(10);
  });

  it('and that works now, settles the incident about it', async () => {
    await app.db.pool.query(
      `UPDATE provider_events SET handled_at = NULL, outcome = NULL, attempts = 6, error = 'lost key' WHERE id = $1`,
      [event.id],
    );
    await app.db.transaction((tx) =>
      reportIncident(tx, {
        kind: 'webhook_unhandled',
        subjectType: 'webhook',
        subjectId: event.id,
        summary: 'It could not be handled.',
        now: app.clock.now(),
      }),
    );
    await replay('the key is back');
    await handled(7);
    await eventually(async () => {
      const { rows } = await app.db.pool.query<{ status: string }>(
        'SELECT status FROM incidents WHERE subject_id = $1',
        [event.id],
      );
      return rows[0]?.status === 'resolved' ? true : undefined;
    });
  });
});
