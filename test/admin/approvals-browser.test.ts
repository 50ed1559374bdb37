import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, staffPassword, startPanel, type TestPanel } from './harness.ts';

describe('two people in two browsers', function () {
  this.timeout(120_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let browser: Browser;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    await panel.warmUp();
    browser = await launchBrowser();
  });
  after(async () => {
    await browser.close();
    await panel.close();
  });

  async function signIn(email: string) {
    const page = await openPage(browser);
    await page.goto(`${panel.url}/login?lang=en`);
    await page.fill('input[name=email]', email);
    await page.fill('input[name=password]', staffPassword);
    await page.click('button[type=submit]');
    await page.waitForSelector('.p-tiles');
    return page;
  }

  it('one asks for many credits, the other sees it in the menu and approves it', async () => {
    const customer = await addCustomer(panel.services);
    const one = await signIn((await addStaff(panel.services, 'finance', 'Fiona')).email);
    const other = await signIn((await addStaff(panel.services, 'owner', 'Olive')).email);
    await one.goto(`${panel.url}/resources/users/records/${customer.id}/adjustCredits`);
    await one.fill('input[name=amount]', '20000');
    await one.waitForSelector('text=it becomes a request');
    await one.fill('textarea[name=reason]', 'A year of outages');
    await one.click('text=Ask to give 20,000 credits');
    await one.waitForSelector('text=Nothing has happened yet');

    await other.click('.p-side >> text=Approvals');
    await other.waitForSelector('.p-side a:has-text("Approvals") .p-badge >> text=1');
    await other.click('tr:has-text("A year of outages") >> text=View');
    await other.click('[data-testid=action-approve]');
    await other.waitForSelector('text=Fiona asks to give 20,000 credits');
    await other.waitForSelector('text=Available credits go from 0 to 20,000.');
    await other.fill('textarea[name=reason]', 'Agreed');
    await other.click('text=Approve giving 20,000 credits');
    await other.waitForSelector('text=Approved and done.');
    const { rows } = await database.db.pool.query('SELECT available FROM credit_balances WHERE user_id = $1', [
      customer.id,
    ]);
    expect(rows).to.deep.equal([{ available: 20_000 }]);
    expect([...one.complaints, ...other.complaints]).to.deep.equal([]);
  });
});
