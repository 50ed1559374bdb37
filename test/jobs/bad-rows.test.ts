import { expect } from 'chai';
import { sweepOutbox } from '../../src/billing/deliver-mail.ts';
import { expireSubscriptions } from '../../src/billing/expire-subscriptions.ts';
import { followUpPayments } from '../../src/billing/follow-up.ts';
import { sweepEvents } from '../../src/billing/handle-provider-event.ts';
import { resetQuotas } from '../../src/billing/reset-quotas.ts';
import { sendRenewalReminders } from '../../src/billing/send-renewal-reminders.ts';
import { startFreePlan } from '../../src/billing/start-free-plan.ts';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, useApp } from '../support/app.ts';

/** One row that fails each time must not keep a job from the others, and a bad hour must lose nothing. */
describe('jobs that meet a bad row', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });

  const later = (minutes: number) => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + minutes * 60_000));
  };
  const day = 24 * 60;
  /** Whatever touches this customer's credits fails. */
  const spoil = async (customer: Client) => {
    await app.db.pool.query('DELETE FROM credit_balances WHERE user_id = $1', [customer.id]);
  };
  const mend = async (customer: Client) => {
    await app.db.pool.query('DELETE FROM subscriptions WHERE user_id = $1', [customer.id]);
    await app.db.pool.query('DELETE FROM credit_grants WHERE user_id = $1', [customer.id]);
  };
  const pair = async () => [await Client.register(app), await Client.register(app)] as const;

  it('give everybody else their new month', async () => {
    const [bad, good] = await pair();
    for (const { id } of [bad, good]) await startFreePlan(app.services, { userId: id, planCode: 'free' });
    await spoil(bad);
    later(32 * day);
    expect(await resetQuotas(app.services)).to.include({ subscriptions: 1, months: 1, failed: 1 });
    await good.signIn();
    expect(await good.credits()).to.include({ available_credits: 50 });
    await mend(bad);
  });

  it('end what has ended for everybody else', async () => {
    const [bad, good] = await pair();
    for (const customer of [bad, good]) {
      await startFreePlan(app.services, { userId: customer.id, planCode: 'free' });
      const end = new Date(app.clock.now().getTime() + 2 * day * 60_000);
      await app.db.pool.query('UPDATE subscriptions SET end_date = $1 WHERE user_id = $2', [end, customer.id]);
    }
    expect(await sendRenewalReminders(app.services)).to.deep.equal({ reminded: 2, failed: 0 });
    await spoil(bad);
    later(3 * day);
    expect(await expireSubscriptions(app.services)).to.deep.equal({ expired: 1, failed: 1 });
    await good.signIn();
    expect(await good.subscription()).to.equal(null);
    await mend(bad);
  });

  it('ask about a payment behind many that the gateway never heard of', async () => {
    const customer = await Client.register(app);
    await call(app, 'POST', '/sandbox/api/paypal/faults', { body: { on: 'webhook', fault: 'lost', times: 10 } });
    const [stuck, paid] = [
      (await customer.post('/payments/create-order', { pack_code: 'pack-2500' })).body,
      (await customer.post('/payments/create-order', { pack_code: 'pack-500' })).body,
    ];
    await customer.approve(paid);
    await app.db.pool.query(
      `INSERT INTO payments (id, order_id, provider, currency, amount_minor, created_at)
       SELECT gen_random_uuid(), order_id, provider, currency, amount_minor, created_at
       FROM payments, generate_series(1, 60) WHERE order_id = $1`,
      [stuck.order_id],
    );
    await app.db.pool.query(
      'UPDATE payments SET checked_at = created_at WHERE order_id = $1 AND provider_order_id IS NOT NULL',
      [paid.order_id],
    );
    later(5);
    await followUpPayments(app.services);
    expect(await customer.credits()).to.include({ available_credits: 500 });
  });

  it('handle a webhook behind many that can never be handled', async () => {
    const add = (count: number, body: string) =>
      app.db.pool.query(
        `INSERT INTO provider_events (id, provider, event_id, type, kind, body_sealed, headers, received_at)
         SELECT gen_random_uuid(), 'paypal', gen_random_uuid(), 'X', 'unknown', $1, '{}', $2 FROM generate_series(1, $3)`,
        [body, app.clock.now(), count],
      );
    await add(120, 'not sealed with our key');
    later(3);
    for (let minute = 0; minute < 30; minute += 1) {
      later(1);
      await sweepEvents(app.services);
    }
    const id = newId();
    await add(1, app.services.sealer.seal(JSON.stringify({ id, event_type: 'SOMETHING.ELSE' })));
    later(3);
    expect(await sweepEvents(app.services)).to.include({ handled: 1 });
  });

  it('send every mail after an hour without a mail server', async () => {
    const customer = await Client.register(app);
    const down = { ...app.services.mail, send: () => Promise.reject(new Error('no mail server')) };
    for (let minute = 0; minute < 60; minute += 1) {
      later(1);
      await sweepOutbox({ ...app.services, mail: down });
    }
    expect(await customer.mails()).to.have.length(0);
    later(120);
    await sweepOutbox(app.services);
    expect(await customer.mails()).to.have.length(1);
  });
});
