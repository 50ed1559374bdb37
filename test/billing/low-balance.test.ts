import { Writable } from 'node:stream';
import { expect } from 'chai';
import { cancelSubscription } from '../../src/billing/cancel-subscription.ts';
import { cleanUp } from '../../src/billing/clean-up.ts';
import { resetQuotas } from '../../src/billing/reset-quotas.ts';
import { sendLowBalanceMails } from '../../src/billing/send-low-balance-mails.ts';
import { suspendUser } from '../../src/billing/suspend-user.ts';
import { closeAlert, lockOpenAlerts } from '../../src/credits/alerts.ts';
import { grantCredits } from '../../src/credits/ledger.ts';
import { newId } from '../../src/kit/ids.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { Client, useApp, type Json } from '../support/app.ts';
import { addFreePlan, customerOn } from '../support/plans.ts';
import { addStaffActor } from '../support/staff.ts';
import { Visitor } from '../support/visitor.ts';

const dayMs = 24 * 3600 * 1000;

describe('low balances', function () {
  this.timeout(60_000);
  const lines: Json[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as Json);
      done();
    },
  });
  const app = useApp({ worker: false, log: createLogger('info', stream) });
  let plan: { id: string; code: string };

  before(async () => {
    plan = await addFreePlan(app);
  });

  const sprout = () => customerOn(app, plan.code);
  const spend = ({ id }: Client, amount: number) =>
    app.services.consumptions.consume({
      userId: id,
      amount,
      quantity: null,
      featureType: 'image',
      reference: null,
      description: null,
      actor: 'user',
      idempotencyKey: null,
      fingerprint: '',
      now: app.clock.now(),
    });
  const topUp = ({ id: userId }: Client, amount: number, expiresAt: Date | null = null) =>
    app.db.transaction((tx) =>
      grantCredits(tx, { userId, key: newId(), source: 'pack', amount, expiresAt, now: app.clock.now() }),
    );
  const run = () => sendLowBalanceMails(app.services);
  const later = (ms: number) => {
    app.clock.turnTo(new Date(app.clock.now().getTime() + ms));
  };
  const sql = async <Row>(statement: string, ...values: unknown[]) =>
    (await app.db.pool.query(statement, values)).rows as Row[];
  const mailsOf = async ({ id }: Client) =>
    (
      await sql<{ data: Json }>(
        `SELECT data FROM emails WHERE user_id = $1 AND template = 'low_balance' ORDER BY created_at`,
        id,
      )
    ).map(({ data }) => data);
  /** `20 mailed`, in the order in which the thresholds stand. */
  const alertsOf = async ({ id }: Client) =>
    (
      await sql<{ alert: string }>(
        `SELECT concat_ws(' ', percent, outcome) AS alert FROM credit_alerts WHERE user_id = $1
         ORDER BY period_end, percent DESC`,
        id,
      )
    ).map(({ alert }) => alert);
  const eventsOf = ({ id }: Client) =>
    lines
      .filter(({ msg, user }) => msg === 'low balance' && user === id)
      .map(({ percent, available, quota }) => ({ percent, available, quota }));
  const counted = async (percent: number) => {
    const { values } = await app.services.metrics.lowBalanceAlerts.get();
    return values.find(({ labels }) => labels.percent === String(percent))?.value ?? 0;
  };

  it('are three events and one mail in a month in which all thresholds are reached, and again the next month', async () => {
    const customer = await sprout();
    const before = await Promise.all([20, 5, 0].map(counted));
    for (const amount of [79, 1, 15, 5]) {
      await spend(customer, amount);
      await run();
    }
    expect(eventsOf(customer)).to.deep.equal([
      { percent: 20, available: 20, quota: 100 },
      { percent: 5, available: 5, quota: 100 },
      { percent: 0, available: 0, quota: 100 },
    ]);
    expect(await Promise.all([20, 5, 0].map(counted))).to.deep.equal(before.map((count) => count + 1));
    expect(await alertsOf(customer)).to.deep.equal(['20 mailed', '5 mailed_before', '0 mailed_before']);
    const [mail, ...more] = await mailsOf(customer);
    expect(more).to.deep.equal([]);
    expect(mail).to.include({ available: 20, monthlyQuota: 100, next: 'credits', packsOnSale: true });

    later(32 * dayMs);
    await resetQuotas(app.services);
    await spend(customer, 96);
    expect(await run()).to.deep.equal({ alerts: 2, mails: 1, failed: 0 });
    expect((await mailsOf(customer)).map(({ available }) => available)).to.deep.equal([20, 4]);
    expect(eventsOf(customer)).to.have.length(5);
  });

  it('are told of with the latest figures, once, when several thresholds are reached before the job comes', async () => {
    const customer = await sprout();
    for (const amount of [80, 16, 4]) await spend(customer, amount);
    await run();
    expect((await mailsOf(customer)).map(({ available }) => available)).to.deep.equal([0]);
    expect(await alertsOf(customer)).to.deep.equal(['20 mailed_before', '5 mailed_before', '0 mailed']);
    expect(await run()).to.deep.equal({ alerts: 0, mails: 0, failed: 0 });
  });

  it('are events without a mail for whoever wants none, and for a suspended account', async () => {
    const [unwilling, suspended] = [await sprout(), await sprout()];
    const path = '/users/me';
    expect((await unwilling.get(path)).body).to.include({ mail_low_balance: true });
    expect((await unwilling.patch(path, { mail_low_balance: 'no' })).status).to.equal(400);
    expect((await unwilling.patch(path, { mail_low_balance: false })).body).to.include({ mail_low_balance: false });
    for (const customer of [unwilling, suspended]) await spend(customer, 90);
    await suspendUser(app.services, { userId: suspended.id, reason: 'abuse', staff: await addStaffActor(app) });
    expect(await run()).to.deep.equal({ alerts: 2, mails: 0, failed: 0 });
    expect([await alertsOf(unwilling), await alertsOf(suspended)]).to.deep.equal([['20 unwanted'], ['20 not_active']]);
    for (const customer of [unwilling, suspended]) {
      expect(await mailsOf(customer)).to.deep.equal([]);
      expect(eventsOf(customer)).to.have.length(1);
    }
  });

  it('are switched off and on again on the account page, with no script', async () => {
    const visitor = new Visitor(app);
    await visitor.register(`${newId()}@example.com`);
    const form = '/account/low-balance-mails';
    expect((await visitor.post(form, { wanted: 'perhaps' })).status).to.equal(400);
    for (const [wanted, says, offers] of [
      ['no', 'We no longer write to you', 'value="yes"'],
      ['yes', 'We write to you when', 'value="no"'],
    ] as const) {
      const answer = await visitor.post(form, { wanted });
      expect(answer.status).to.equal(303);
      const page = await visitor.get(answer.headers.get('location') ?? '');
      expect(page.text).to.contain(says).and.contain(`name="wanted" ${offers}`);
    }
    expect((await visitor.get('/account?lang=zh-CN')).text).to.contain('积分不足时');
  });

  it('are mailed once and told once when several processes look at the same time', async () => {
    const customers = await Promise.all(Array.from({ length: 8 }, sprout));
    for (const customer of customers) for (const amount of [80, 15, 5]) await spend(customer, amount);
    const runs = await Promise.all([run(), run(), run(), run()]);
    expect(runs.reduce((sum, { alerts }) => sum + alerts, 0)).to.equal(24);
    expect(runs.reduce((sum, { mails }) => sum + mails, 0)).to.equal(8);
    expect(runs.reduce((sum, { failed }) => sum + failed, 0)).to.equal(0);
    for (const customer of customers) {
      expect(await mailsOf(customer)).to.have.length(1);
      expect(eventsOf(customer)).to.have.length(3);
    }
  });

  it('are no mail when there is enough again, or when the month is over, before anybody was told', async () => {
    const [rich, late, expired] = [await sprout(), await sprout(), await sprout()];
    await spend(rich, 85);
    await topUp(rich, 500);
    await spend(expired, 85);
    await topUp(expired, 500, new Date(app.clock.now().getTime() + 60_000));
    later(60_000);
    await spend(late, 85);
    await sql('UPDATE credit_alerts SET raised_at = raised_at + interval $$1 hour$$ WHERE user_id = $1', late.id);
    const hold = await app.db.pool.connect();
    await hold.query('BEGIN');
    await hold.query('SELECT FROM credit_alerts WHERE user_id = $1 FOR UPDATE', [late.id]);
    await run();
    expect(await alertsOf(rich)).to.deep.equal(['20 recovered']);
    expect(await alertsOf(expired), 'what has expired is not enough').to.deep.equal(['20 mailed']);
    later(40 * dayMs);
    await hold.query('COMMIT');
    hold.release();
    await run();
    expect(await alertsOf(late)).to.deep.equal(['20 over']);
    for (const customer of [rich, late]) expect(await mailsOf(customer)).to.deep.equal([]);
    expect(eventsOf(late)).to.have.length(1);
  });

  it('say whether new credits come by themselves, with a renewal, or not at all', async () => {
    const [renewing, leaving] = [await Client.register(app), await Client.register(app)];
    for (const customer of [renewing, leaving]) {
      await customer.buy({ plan_code: 'basic', subscription_type: 'monthly' });
      await spend(customer, 450);
    }
    await cancelSubscription(app.services, { userId: leaving.id, atPeriodEnd: true });
    await run();
    expect((await mailsOf(renewing))[0]).to.include({ available: 50, next: 'renewal' });
    expect((await mailsOf(leaving))[0]).to.include({ available: 50, next: 'none' });
  });

  it('let a customer spend on while the job is at work on an earlier alert', async () => {
    const customer = await sprout();
    await spend(customer, 80);
    const now = app.clock.now();
    await app.db.transaction(async (tx) => {
      const alerts = await lockOpenAlerts(tx, { now, limit: 10, except: [] });
      for (const alert of alerts) await closeAlert(tx, alert, 'unwanted', now);
      expect(await spend(customer, 20)).to.include({ balanceAfter: 0 });
    });
    expect(await alertsOf(customer)).to.deep.equal(['20 unwanted', '5', '0']);
    await run();
  });

  it('follow thresholds that staff have changed from the next crossing on', async () => {
    const own = await addFreePlan(app, { alertPercents: [50] });
    const customer = await customerOn(app, own.code);
    await sql(`UPDATE plans SET alert_percents = '{30}' WHERE id = $1`, own.id);
    await spend(customer, 60);
    expect(await alertsOf(customer)).to.deep.equal([]);
    await spend(customer, 10);
    expect(await alertsOf(customer)).to.deep.equal(['30']);
    await sql(`UPDATE plans SET alert_percents = '{}' WHERE id = $1`, own.id);
    await spend(await customerOn(app, own.code), 100);
    await run();
    expect(await sql('SELECT FROM credit_alerts WHERE handled_at IS NULL')).to.deep.equal([]);
  });

  it('are none where a plan gives no credits', async () => {
    const none = await addFreePlan(app, { creditsMonthly: 0 });
    const customer = await customerOn(app, none.code);
    await topUp(customer, 10);
    await spend(customer, 10);
    expect(await alertsOf(customer)).to.deep.equal([]);
  });

  it('are forgotten after 400 days', async () => {
    const customer = await sprout();
    await spend(customer, 80);
    await run();
    later(399 * dayMs);
    await cleanUp(app.services);
    expect(await alertsOf(customer)).to.have.length(1);
    later(2 * dayMs);
    expect((await cleanUp(app.services)).alerts).to.be.at.least(1);
    expect(await alertsOf(customer)).to.deep.equal([]);
  });
});
