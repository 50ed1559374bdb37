import { expect } from 'chai';
import { launchBrowser, openPage } from '../support/browser.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addStaff, buy, staffPassword, startPanel } from './harness.ts';

describe('the prices of a plan in a browser', function () {
  this.timeout(120_000);
  const database = useTestDatabase({ seeded: true });

  it('stand in a grid with who pays them, and a new one says beforehand what it does', async () => {
    const panel = await startPanel(database.db, { limited: false });
    const { email } = await addStaff(panel.services, 'owner');
    const customer = await addCustomer(panel.services);
    await buy(panel.services, customer.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
    const { rows } = await database.db.pool.query(`SELECT id FROM plans WHERE plan_code = 'pro'`);
    // Where nothing in a file is TypeScript's alone, mocha takes it as it is, and reads the signs of a type as comparisons.
    const planId = (rows as { id: string }[])[0]?.id ?? '';
    await panel.warmUp();
    const browser = await launchBrowser();
    const page = await openPage(browser);
    await page.goto(`${panel.url}/login?lang=en`);
    await page.fill('input[name=email]', email);
    await page.fill('input[name=password]', staffPassword);
    await page.click('button[type=submit]');
    await page.waitForSelector('.p-tiles');

    // The dashboard's charts answer to the keyboard, and say the same as a table.
    await page.locator('.p-chart-plot').first().focus();
    const day = page.locator('.p-chart-day').first();
    const today = await day.textContent();
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction((last) => document.querySelector('.p-chart-day')?.textContent !== last, today);
    await page.locator('.p-chart summary').first().click();
    await page.waitForSelector('.p-chart-table tbody tr >> text=$29.99');
    expect(await page.locator('.p-chart-table tbody tr').count()).to.equal(30);

    await page.goto(`${panel.url}/resources/plans/records/${planId}/show`);
    await page.waitForSelector('.p-price-grid >> text=1 subscription');
    await page.goto(`${panel.url}/resources/plan_prices/actions/new`);
    await page.selectOption('select[name=subscriptionType]', 'monthly');
    await page.selectOption('select[name=planId]', planId);
    await page.waitForSelector('[data-testid=impact] >> text=instead of $29.99');
    await page.waitForSelector('[data-testid=impact] >> text=1 subscription stays at the price it has');
    expect(page.complaints).to.deep.equal([]);
    await browser.close();
    await panel.close();
  });
});
