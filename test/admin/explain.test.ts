import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { adjustCredits } from '../../src/billing/adjust-credits.ts';
import { newId } from '../../src/kit/ids.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { useTestDatabase } from '../support/database.ts';
import { requireService } from '../support/services.ts';
import { addCustomer, addStaff, buy, staffPassword, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

const dayMs = 24 * 3600 * 1000;

describe('the explanation of credits in the panel', function () {
  this.timeout(120_000);
  requireService('chromium');
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let browser: Browser;
  let customer: { id: string; email: string };
  let viewer: string;
  let orderNo: string;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    viewer = (await addStaff(panel.services, 'viewer', 'Vera Viewer')).email;
    const olive = await addStaff(panel.services, 'owner', 'Olive Owner');
    await panel.warmUp();
    browser = await launchBrowser();
    customer = await addCustomer(panel.services);
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
    await buy(panel.services, customer.id, { plan: { planCode: 'basic' }, subscriptionType: 'monthly' });
    const { rows } = await database.db.pool.query<{ order_no: string }>('SELECT order_no FROM orders WHERE id = $1', [
      orderId,
    ]);
    orderNo = rows[0]?.order_no ?? '';
    panel.clock.turnTo(new Date(panel.clock.now().getTime() + 2 * dayMs));
    const staff = { staffId: olive.id, name: 'Olive Owner', address: null };
    const gift = { amount: 50, reason: 'Sorry for the outage', requestId: newId(), staff };
    await adjustCredits(panel.services, { userId: customer.id, ...gift });
    for (let count = 0; count < 25; count += 1) {
      await database.db.pool.query(`SELECT credits_consume($1, $2, 11, NULL, $3, NULL, NULL, 'user', NULL, '', $4)`, [
        customer.id,
        newId(),
        count % 2 === 0 ? 'image' : 'video',
        panel.clock.now(),
      ]);
    }
  });
  after(async () => {
    await browser.close();
    await panel.close();
  });

  async function open(lang: string, width: number) {
    const page = await openPage(browser, { width });
    await page.goto(`${panel.url}/login?lang=${lang}`);
    await page.fill('input[name=email]', viewer);
    await page.fill('input[name=password]', staffPassword);
    await page.click('button[type=submit]');
    await page.waitForSelector('.p-tiles');
    await page.goto(`${panel.url}/resources/users/records/${customer.id}/show`);
    await page.click('[data-testid=action-explain]');
    await page.waitForSelector('.p-grant');
    return page;
  }

  it('shows everybody who may read where credits came from and went, entry by entry, page by page', async () => {
    const page = await open('en', 1440);
    await page.waitForSelector(`.p-grant >> text=Order ${orderNo}`);
    await page.waitForSelector('.p-grant >> text=By Olive Owner');
    await page.waitForSelector('.p-grant >> text=Sorry for the outage');
    await page.waitForSelector('.p-grant >> text=image: 143 in 13 entries');
    const plan = page.locator('.p-grant', { hasText: 'image: 143' });
    await plan.locator('button', { hasText: 'Entries' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.p-grant-entries tbody tr').length === 20);
    await plan.locator('button', { hasText: 'Older entries' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.p-grant-entries tbody tr').length === 26);
    expect(await plan.locator('button', { hasText: 'Older entries' }).count()).to.equal(0);
    expect(page.complaints).to.deep.equal([]);
    await page.context().close();
  });

  it('goes back to an instant, in the reader’s zone, and says when it cannot', async () => {
    const page = await open('zh-CN', 900);
    const then = new Date(panel.clock.now().getTime() - dayMs);
    const local = await page.evaluate((time) => {
      const date = new Date(time);
      return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
    }, then.getTime());
    await page.fill('input[name=at]', local);
    await page.click('text=查看');
    await page.waitForFunction(() => document.querySelectorAll('.p-grant').length === 2);
    const sum = await database.db.pool.query<{ sum: number }>(
      'SELECT sum(amount)::bigint AS sum FROM credit_transactions WHERE user_id = $1 AND created_at <= $2',
      [customer.id, then],
    );
    expect((await page.textContent('[data-fact=available]'))?.replace(/\D/g, '')).to.equal(String(sum.rows[0]?.sum));
    await page.fill('input[name=at]', local.replace(/^\d{4}/, '2090'));
    await page.click('text=查看');
    await page.waitForSelector('[role=alert]');
    expect(await page.locator('.p-grant').count()).to.equal(2);
    await page.context().close();
  });

  it('is only looked at: posting is refused, and so are questions without sense', async () => {
    const client = await StaffClient.signedIn(panel, viewer);
    const path = `/api/resources/users/records/${customer.id}/explain`;
    expect((await client.post(path, {})).status).to.equal(403);
    expect((await client.get(`${path}?at=yesterday`)).status).to.equal(400);
    expect((await client.get(`/api/resources/users/records/${newId()}/explain`)).status).to.equal(404);
    expect((await client.get(path)).status).to.equal(200);
  });
});
