import { expect } from 'chai';
import { findDifferences } from '../../src/billing/check-books.ts';
import type { Purchase } from '../../src/billing/price-purchase.ts';
import { resetQuotas } from '../../src/billing/reset-quotas.ts';
import { startCheckout } from '../../src/billing/start-checkout.ts';
import { runAskedJob } from '../../src/jobs/runner.ts';
import { newId } from '../../src/kit/ids.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, askForCredits, buy, startPanel, type TestPanel } from './harness.ts';
import { StaffClient, type Answer } from './staff-client.ts';

const basic: Purchase = { plan: { planCode: 'basic' }, subscriptionType: 'monthly' };

describe('what staff do for a customer', function () {
  this.timeout(60_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let owner: StaffClient;
  let customer: { id: string; email: string };

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    owner = await StaffClient.signedIn(panel, (await addStaff(panel.services, 'owner')).email);
    await panel.warmUp();
  });
  beforeEach(async () => {
    customer = await addCustomer(panel.services, 'Ada Example');
  });
  afterEach(async () => {
    expect(await findDifferences(panel.services)).to.deep.equal([]);
  });
  after(() => panel.close());

  const sql = async <Row = Record<string, unknown>>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];
  const previewOf = ({ json }: Answer) =>
    JSON.parse((json.record as { params: { preview: string } }).params.preview) as Record<string, unknown>;
  const look = async (resource: string, id: string, action: string, query = '') =>
    previewOf(await owner.get(`/api/resources/${resource}/records/${id}/${action}${query}`));
  const act = (resource: string, id: string, action: string, body: object = {}) =>
    owner.post(`/api/resources/${resource}/records/${id}/${action}`, { reason: 'asked by mail', ...body });
  const actionsOf = async (id: string) =>
    (await sql<{ action: string }>('SELECT action FROM audit_log WHERE subject_id = $1 ORDER BY id', id)).map(
      ({ action }) => action,
    );
  const live = async () =>
    (
      await sql<{ id: string; end_date: Date; next_price_id: string | null; cancel_at_period_end: boolean }>(
        `SELECT * FROM subscriptions WHERE user_id = $1 AND status = 'active'`,
        customer.id,
      )
    )[0];
  const available = async () =>
    (await sql<{ available: number }>('SELECT available FROM credit_balances WHERE user_id = $1', customer.id))[0]
      ?.available;

  it('a plan is given for some months, gives credits each month, and is given for longer', async () => {
    const shown = await look('users', customer.id, 'grantPlan', '?plan=pro&months=2');
    expect(shown).to.include({ credits: 2000, effect: 'begins', replaces: false });
    expect((await act('users', customer.id, 'grantPlan', { plan: 'pro', months: 2 })).status).to.equal(200);
    const given = await live();
    const day = (time: Date | string | undefined) => new Date(time ?? 0).toISOString().slice(0, 10);
    expect(day(given?.end_date)).to.equal(day(String(shown.endsAt)));
    expect(await available()).to.equal(2000);
    expect(await look('users', customer.id, 'grantPlan', '?plan=pro&months=1')).to.include({ effect: 'longer' });
    expect((await act('users', customer.id, 'grantPlan', { plan: 'pro', months: 1 })).status).to.equal(200);
    const longer = await live();
    expect(longer?.id).to.equal(given?.id);
    expect(longer?.end_date.getTime()).to.be.greaterThan(given?.end_date.getTime() ?? 0);
    expect(await actionsOf(given?.id ?? '')).to.deep.equal(['subscription.grant', 'subscription.grant']);
    const [mails] = await sql(
      `SELECT count(*) FROM emails WHERE user_id = $1 AND template = 'plan_granted'`,
      customer.id,
    );
    expect(mails).to.deep.equal({ count: 2 });
    panel.clock.turnTo(new Date(panel.clock.now().getTime() + 32 * 24 * 3600_000));
    await resetQuotas(panel.services);
    const [month] = await sql('SELECT count(*) FROM credit_grants WHERE user_id = $1', customer.id);
    expect(month).to.deep.equal({ count: 2 });
  });

  it('no plan is given beside one that is paid for, none that costs nothing, and not for 0 or 25 months', async () => {
    expect((await act('users', customer.id, 'grantPlan', { plan: 'free', months: 1 })).status).to.equal(422);
    expect((await act('users', customer.id, 'grantPlan', { plan: 'nothing', months: 1 })).status).to.equal(422);
    for (const months of [0, 25, 1.5, '3']) {
      expect((await act('users', customer.id, 'grantPlan', { plan: 'pro', months })).status).to.equal(400);
    }
    await buy(panel.services, customer.id, basic);
    expect((await act('users', customer.id, 'grantPlan', { plan: 'pro', months: 1 })).status).to.equal(409);
    expect(await available()).to.equal(500);
  });

  it('a cancelled subscription is resumed, once, and another plan is planned for its end', async () => {
    await buy(panel.services, customer.id, basic);
    const id = (await live())?.id ?? '';
    expect((await act('subscriptions', id, 'resume')).status).to.equal(409);
    await act('subscriptions', id, 'cancel', { atPeriodEnd: true });
    expect((await act('subscriptions', id, 'resume')).status).to.equal(200);
    expect(await live()).to.include({ cancel_at_period_end: false });

    const { options } = await look('subscriptions', id, 'changePlan');
    const offers = Object.entries(
      JSON.parse(String(options)) as Record<string, { names: { en: string }; subscriptionType: string }>,
    );
    const [price] = offers.find(([, offer]) => offer.names.en === 'Pro' && offer.subscriptionType === 'monthly') ?? [
      '',
    ];
    expect(await look('subscriptions', id, 'changePlan', `?price=${price}`)).to.include({
      credits: 2000,
      amountMinor: 2999,
    });
    expect((await act('subscriptions', id, 'changePlan', { price: newId() })).status).to.equal(404);
    expect((await act('subscriptions', id, 'changePlan', { price })).status).to.equal(200);
    expect(await live()).to.include({ next_price_id: price });
    expect(await available()).to.equal(500);
    expect(await actionsOf(id)).to.deep.equal([
      'subscription.cancel',
      'subscription.resume',
      'subscription.plan_change',
    ]);
  });

  it('a mail is sent again, once for the form, to the address of now', async () => {
    const [mail] = await sql<{ id: string }>(`SELECT id FROM emails WHERE user_id = $1`, customer.id);
    const id = mail?.id ?? '';
    expect((await act('emails', id, 'resend', { requestId: newId() })).status).to.equal(409);
    await sql(`UPDATE emails SET status = 'sent', sent_at = now() WHERE id = $1`, id);
    await sql(`UPDATE users SET email = 'new.' || email WHERE id = $1`, customer.id);
    const { requestId, email } = await look('emails', id, 'resend');
    expect(email).to.equal(`new.${customer.email}`);
    for (let time = 0; time < 2; time += 1)
      expect((await act('emails', id, 'resend', { requestId })).status).to.equal(200);
    const copies = await sql('SELECT to_address, template, copy_of, status FROM emails WHERE copy_of = $1', id);
    expect(copies).to.deep.equal([{ to_address: email, template: 'welcome', copy_of: id, status: 'pending' }]);
    expect(await actionsOf(customer.id)).to.deep.equal(['mail.resend']);
  });

  it('a job that is asked for twice waits once, and runs once for its asking', async () => {
    await sql(
      `INSERT INTO job_runs (id, job, scheduled_for, started_at) VALUES ($1, 'expire-orders', now(), now())`,
      newId(),
    );
    const [run] = await sql<{ id: string }>(`SELECT id FROM job_runs WHERE job = 'expire-orders'`);
    for (let time = 0; time < 2; time += 1)
      expect((await act('job_runs', run?.id ?? '', 'runJob')).status).to.equal(200);
    const waiting = await sql(`SELECT key FROM graphile_worker.jobs WHERE task_identifier = 'run_job'`);
    expect(waiting).to.deep.equal([{ key: 'job:expire-orders' }]);
    const askedAt = panel.clock.now();
    await Promise.all([1, 2].map(() => runAskedJob(panel.services, 'expire-orders', askedAt)));
    const runs = await sql(`SELECT status FROM job_runs WHERE job = 'expire-orders' AND finished_at IS NOT NULL`);
    expect(runs).to.deep.equal([{ status: 'completed' }]);
  });

  describe('erasing a customer', () => {
    const erase = (email = customer.email) => act('users', customer.id, 'erase', { email });

    it('takes the person and keeps the books', async () => {
      const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
      await sql(
        `UPDATE emails SET status = 'sent', sent_at = now() WHERE user_id = $1 AND template = 'welcome'`,
        customer.id,
      );
      await sql(
        `INSERT INTO refresh_tokens (id, user_id, family, token_hash, created_at, expires_at)
         VALUES ($1, $2, $1, 'hash', now(), now())`,
        newId(),
        customer.id,
      );
      expect(await look('users', customer.id, 'erase')).to.include({ obstacles: '', orders: 1, available: 500 });
      for (const typed of ['', 'other@example.com', `${customer.email}x`])
        expect((await erase(typed)).status).to.equal(400);
      expect((await erase(` ${customer.email.toUpperCase()} `)).status).to.equal(200);

      const dump = await sql<{ text: string }>(
        `SELECT coalesce(string_agg(t::text, ' '), '') AS text FROM (
           SELECT u::text AS t FROM users u WHERE id = $1
           UNION ALL SELECT e::text FROM emails e WHERE user_id = $1
           UNION ALL SELECT a::text FROM audit_log a
           UNION ALL SELECT p::text FROM payments p WHERE order_id = $2
           UNION ALL SELECT c::text FROM credit_transactions c WHERE user_id = $1
         ) t`,
        customer.id,
        orderId,
      );
      expect(dump[0]?.text).to.not.match(/Ada|ada\./);
      const [payment] = await sql(
        'SELECT status, amount_minor, payer_sealed FROM payments WHERE order_id = $1',
        orderId,
      );
      expect(payment).to.deep.equal({ status: 'completed', amount_minor: 999, payer_sealed: null });
      expect(await sql('SELECT FROM refresh_tokens WHERE user_id = $1', customer.id)).to.have.length(0);
      const mails = await sql('SELECT status, data, subject FROM emails WHERE user_id = $1', customer.id);
      expect(mails).to.deep.equal([{ status: 'sent', data: {}, subject: null }]);
      expect(await actionsOf(customer.id)).to.deep.equal(['user.erase']);
      expect(await sql('SELECT available, frozen FROM credit_balances WHERE user_id = $1', customer.id)).to.deep.equal([
        { available: 500, frozen: true },
      ]);

      // Everything that shows the row goes on, and nothing more can be done to it.
      for (const path of [
        `users/records/${customer.id}/show`,
        `users/records/${customer.id}/explain`,
        `users/actions/list?filters.status=deleted`,
        `orders/records/${orderId}/show`,
        'emails/actions/list',
      ]) {
        expect((await owner.get(`/api/resources/${path}`)).status, path).to.equal(200);
      }
      const { json } = await owner.get(`/api/resources/users/records/${customer.id}/show`);
      const { recordActions } = json.record as { recordActions: { name: string }[] };
      expect(recordActions.map(({ name }) => name)).to.not.include.members(['erase', 'adjustCredits', 'grantPlan']);
      expect((await act('users', customer.id, 'adjustCredits', { amount: 5, requestId: newId() })).status).to.equal(
        409,
      );
      expect((await act('users', customer.id, 'grantPlan', { plan: 'pro', months: 1 })).status).to.equal(409);
      expect((await erase()).status).to.equal(409);
      // A refund of what they bought is booked, and nobody is written to.
      expect((await act('orders', orderId, 'refund')).status).to.equal(200);
      expect(await sql('SELECT FROM emails WHERE user_id = $1', customer.id)).to.have.length(1);
    });

    it('frees the address for a new account', async () => {
      expect((await erase()).status).to.equal(200);
      const { email } = customer;
      const { registerCustomer } = await import('../../src/billing/register-customer.ts');
      const again = await registerCustomer(panel.services, {
        email,
        password: 'long enough words',
        name: null,
        locale: 'en',
      });
      expect(again.id).to.not.equal(customer.id);
    });

    it('waits until nothing is open, and says what is', async () => {
      await buy(panel.services, customer.id, basic);
      await startCheckout(panel.services, {
        userId: customer.id,
        purchase: { packCode: 'pack-500' },
        provider: 'manual',
        locale: 'en',
      });
      await askForCredits(panel.services, customer.id);
      expect(await look('users', customer.id, 'erase')).to.include({ obstacles: 'plan orders approvals' });
      const answer = await erase();
      expect([answer.status, answer.json.detail]).to.satisfy(
        ([status, detail]: [number, string]) => status === 409 && /paid plan.*order.*request/.test(detail),
      );
      const [user] = await sql('SELECT email, status FROM users WHERE id = $1', customer.id);
      expect(user).to.deep.equal({ email: customer.email, status: 'active' });
      expect(await actionsOf(customer.id)).to.deep.equal([]);
    });
  });

  it('refuses fields that the forms do not offer, and rows that are not there', async () => {
    const bodies: [string, string, object][] = [
      ['users', 'erase', { email: customer.email, force: true }],
      ['users', 'grantPlan', { plan: 'pro', months: 1, priceId: newId() }],
      ['users', 'adjustCredits', { amount: 5, requestId: newId(), approvedBy: newId() }],
    ];
    for (const [resource, action, body] of bodies) {
      expect((await act(resource, customer.id, action, body)).status, action).to.equal(400);
      expect((await act(resource, newId(), action, body)).status, action).to.equal(404);
      const crossSite = await owner.post(
        `/api/resources/${resource}/records/${customer.id}/${action}`,
        { ...body, reason: 'r' },
        { 'Sec-Fetch-Site': 'cross-site' },
      );
      expect(crossSite.status, action).to.equal(403);
    }
    for (const action of ['approve', 'reject', 'withdraw']) {
      expect((await act('approval_requests', newId(), action)).status).to.equal(404);
    }
    const [user] = await sql('SELECT email, status FROM users WHERE id = $1', customer.id);
    expect(user).to.deep.equal({ email: customer.email, status: 'active' });
  });
});
