import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addIncident, addStaff, buy, staffPassword, startPanel, type TestPanel } from './harness.ts';

type TestPage = Page & { complaints: string[] };

describe('the panel in a browser', function () {
  this.timeout(120_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let browser: Browser;
  let page: TestPage;
  let customer: { id: string; email: string };
  const emails: Record<string, string> = {};

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    emails.owner = (await addStaff(panel.services, 'owner', 'Olive Owner')).email;
    emails.viewer = (await addStaff(panel.services, 'viewer', 'Vera Viewer')).email;
    await panel.warmUp();
    browser = await launchBrowser();
  });
  beforeEach(async () => {
    customer = await addCustomer(panel.services);
    page = await openPage(browser);
  });
  afterEach(() => page.context().close());
  after(async () => {
    await browser.close();
    await panel.close();
  });

  const sql = async <Row>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];

  async function signIn(role: string, lang = 'en'): Promise<void> {
    await page.goto(`${panel.url}/login?lang=${lang}`);
    await page.fill('input[name=email]', emails[role] ?? '');
    await page.fill('input[name=password]', staffPassword);
    await page.click('button[type=submit]');
    await page.waitForSelector('.p-tiles');
  }

  it('finds a customer by the filter and gives them credits', async () => {
    await signIn('owner');
    await page.click('.p-side >> text=Users');
    await page.click('text=Filter');
    await page.getByLabel('E-mail', { exact: true }).fill(customer.email);
    await page.click('text=Apply');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    await page.click(`tr[data-id="${customer.id}"] >> text=View`);
    await page.click('[data-testid=action-adjustCredits]');
    await page.fill('input[name=amount]', '250');
    await page.waitForSelector('text=Available credits go from 0 to 250.');
    await page.fill('textarea[name=reason]', 'Sorry for the outage');
    await page.click('text=Give 250 credits');
    await page.waitForSelector('text=Credits adjusted. Available now: 250.');
    await page.waitForSelector('.p-story >> text=Sorry for the outage');
    const [balance] = await sql('SELECT available FROM credit_balances WHERE user_id = $1', customer.id);
    expect(balance).to.deep.equal({ available: 250 });
    const [entry] = await sql('SELECT actor, reason, after FROM audit_log WHERE subject_id = $1', customer.id);
    expect(entry).to.deep.equal({
      actor: 'Olive Owner',
      reason: 'Sorry for the outage',
      after: { available: 250, amount: 250 },
    });
    expect(page.complaints).to.deep.equal([]);
  });

  it('says that more would be taken than there is, and takes nothing', async () => {
    await signIn('owner');
    await page.goto(`${panel.url}/resources/users/records/${customer.id}/adjustCredits`);
    await page.fill('input[name=amount]', '-10');
    await page.waitForSelector('text=That is more than there is: 0 credits are available.');
    await page.fill('textarea[name=reason]', 'by mistake');
    await page.click('[data-testid=confirm]');
    await page.waitForSelector('[role=alert] >> text=More credits would be taken than there are: 0 available.');
    expect(await sql('SELECT * FROM credit_transactions WHERE user_id = $1', customer.id)).to.be.empty;
    expect(await page.isEnabled('[data-testid=confirm]')).to.equal(true);
  });

  it('refunds an order in full, after saying what that does', async () => {
    const orderId = await buy(panel.services, customer.id, {
      plan: { planCode: 'basic' },
      subscriptionType: 'monthly',
    });
    await signIn('owner');
    await page.goto(`${panel.url}/resources/orders/records/${orderId}/show`);
    await page.click('[data-testid=action-refund]');
    await page.waitForSelector('text=500 credits of this order are taken back.');
    await page.fill('textarea[name=reason]', 'Not what they expected');
    await page.click('text=Refund $9.99 and take back 500 credits');
    await page.waitForSelector('text=The order is refunded.');
    await page.waitForSelector('.p-sheet .p-state >> text=Refunded');
    const [order] = await sql('SELECT status, refunded_minor FROM orders WHERE id = $1', orderId);
    expect(order).to.deep.equal({ status: 'refunded', refunded_minor: 999 });
    const [refund] = await sql(
      'SELECT status, amount_minor, reason, credits_clawed_back FROM refunds WHERE order_id = $1',
      orderId,
    );
    expect(refund).to.deep.equal({
      status: 'completed',
      amount_minor: 999,
      reason: 'Not what they expected',
      credits_clawed_back: 500,
    });
    expect(await page.$('[data-testid=action-refund]')).to.equal(null);
    expect(page.complaints).to.deep.equal([]);
  });

  it('speaks Chinese from the sign-in on', async () => {
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
    await signIn('owner', 'zh-CN');
    await page.click('.p-side >> text=订单');
    await page.waitForSelector('h1 >> text=订单');
    await page.goto(`${panel.url}/resources/orders/records/${orderId}/refund`);
    await page.fill('textarea[name=reason]', '客户要求退款');
    await page.click('text=并收回 500 积分');
    await page.waitForSelector('text=订单已退款。');
    const [refund] = await sql('SELECT reason FROM refunds WHERE order_id = $1', orderId);
    expect(refund).to.deep.equal({ reason: '客户要求退款' });
    await page.click('text=English');
    await page.waitForSelector('text=Order number');
    expect(new URL(page.url()).search).to.equal('');
    expect(page.complaints).to.deep.equal([]);
  });

  it('leads from the first page to what went wrong, and closes it', async () => {
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
    const id = await addIncident(panel.services, { subjectId: orderId, summary: 'Somebody should look at this.' });
    await signIn('owner');
    await page.waitForSelector('.p-side .p-badge >> text=1');
    await page.click('text=incident is open');
    await page.click(`tr[data-id="${id}"] >> text=View`);
    await page.waitForSelector('h1 >> text=Payment does not match');
    await page.click('[data-testid=action-resolve]');
    await page.fill('textarea[name=reason]', 'Looked at it: a test.');
    await page.click('text=Resolve incident');
    await page.waitForSelector('text=The incident is resolved.');
    await page.waitForSelector('[data-property=resolution] >> text=Looked at it: a test.');
    await page.waitForSelector('.p-side .p-badge', { state: 'detached' });
    expect(await page.$('[data-testid=action-resolve]')).to.equal(null);
    await page.click('[data-property=subjectId] .p-link');
    await page.waitForURL(`**/orders/records/${orderId}/show`);
    expect(page.complaints).to.deep.equal([]);
  });

  it('edits a plan in both languages', async () => {
    await signIn('owner');
    await page.click('.p-side >> text=Plans');
    await page.click('tr:has-text("max") >> text=View');
    await page.click('[data-testid=action-edit]');
    await page.fill('fieldset:has-text("Name") input[lang=zh-CN]', '至尊版');
    await page.click('[data-testid=save]');
    await page.waitForSelector('text=Saved.');
    const [plan] = await sql(`SELECT names FROM plans WHERE plan_code = 'max'`);
    expect(plan).to.deep.equal({ names: { en: 'Max', 'zh-CN': '至尊版' } });
    expect(page.complaints).to.deep.equal([]);
  });

  it('gives a plan a price list and thresholds, and says what is wrong with them', async () => {
    await signIn('owner', 'zh-CN');
    const [plan] = await sql<{ id: string }>(`SELECT id FROM plans WHERE plan_code = 'pro'`);
    await page.goto(`${panel.url}/resources/plans/records/${plan?.id ?? ''}/edit`);
    for (const [nth, [feature, credits]] of [
      ['image', '2'],
      ['video', '50'],
      ['video', '60'],
    ].entries()) {
      await page.locator('fieldset:has-text("价目表") .p-small').click();
      await page.locator('.p-price-row input').nth(nth * 2).fill(feature ?? ''); // prettier-ignore
      await page.locator('.p-price-row input').nth(nth * 2 + 1).fill(credits ?? ''); // prettier-ignore
    }
    await page.fill('input[name=alertPercents]', '30，10');
    await page.click('[data-testid=save]');
    await page.waitForSelector('fieldset[aria-invalid] >> text=同一功能只能出现一次。');
    await page.click('[aria-label="移除 video"] >> nth=1');
    await page.click('[data-testid=save]');
    await page.waitForSelector('[data-property=featurePrices] >> text=50 积分');
    await page.waitForSelector('[data-property=alertPercents] >> text=30%');
    const [row] = await sql(`SELECT feature_prices, alert_percents FROM plans WHERE plan_code = 'pro'`);
    expect(row).to.deep.equal({ feature_prices: { image: 2, video: 50 }, alert_percents: [30, 10] });
    expect(page.complaints.filter((text) => !text.includes('400'))).to.deep.equal([]);
  });

  it('shows a viewer everything and no button that changes anything', async () => {
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
    await signIn('viewer');
    for (const path of ['plans', `users/records/${customer.id}/show`, `orders/records/${orderId}/show`]) {
      await page.goto(`${panel.url}/resources/${path}`);
      await page.waitForSelector('.p-table, .p-sheet');
      // To explain a balance only looks.
      const buttons = '[data-testid^=action-]:not([data-testid=action-explain])';
      expect(await page.$$(buttons), path).to.be.empty;
    }
    const answer = await page.goto(`${panel.url}/resources/orders/records/${orderId}/refund`);
    expect(answer?.status()).to.equal(403);
    await page.waitForSelector('text=Not allowed');
  });
});
