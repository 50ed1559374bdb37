import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { useTestDatabase } from '../support/database.ts';
import { addCustomer, addIncident, addStaff, buy, staffPassword, startPanel, type TestPanel } from './harness.ts';

describe('finding somebody in a browser', function () {
  this.timeout(120_000);
  const database = useTestDatabase({ seeded: true });
  let panel: TestPanel;
  let browser: Browser;
  let page: Page & { complaints: string[] };
  let email: string;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    ({ email } = await addStaff(panel.services, 'support', 'Sue Support'));
    await panel.warmUp();
    browser = await launchBrowser();
    page = await openPage(browser, { width: 900 });
    await page.goto(`${panel.url}/login?lang=en`);
    await page.fill('input[name=email]', email);
    await page.fill('input[name=password]', staffPassword);
    await page.click('button[type=submit]');
    await page.waitForSelector('.p-search');
  });
  after(async () => {
    await browser.close();
    await panel.close();
  });

  it('leads by the keys alone from a capture’s id to the customer’s whole story', async () => {
    const customer = await addCustomer(panel.services, 'Ada Example');
    await buy(panel.services, customer.id, { plan: { planCode: 'pro' }, subscriptionType: 'monthly' });
    const orderId = await buy(panel.services, customer.id, { packCode: 'pack-500' });
    await database.db.pool.query(
      `INSERT INTO emails (id, user_id, template, locale, to_address, data, dedupe_key, created_at)
       SELECT gen_random_uuid(), $1::uuid, 'receipt', 'en', 'a@example.com', '{}', $1::uuid || ' ' || n, '2026-01-01'
       FROM generate_series(1, 40) n`,
      [customer.id],
    );
    const { rows } = await database.db.pool.query<{ capture: string }>(
      'SELECT provider_capture_id AS capture FROM payments WHERE order_id = $1',
      [orderId],
    );
    await page.keyboard.press('/');
    await page.keyboard.type(rows[0]?.capture ?? '');
    await page.waitForSelector(`[role=option][aria-selected=true] >> text=${customer.email}`);
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('[role=group]:has-text("Payments") [role=option][aria-selected=true]');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/users/records/${customer.id}/show`);
    await page.waitForSelector('.p-timeline >> text=Got Pro');
    const first = await page.locator('.p-event').count();
    await page.click('[data-testid=earlier]');
    await page.waitForFunction((shown) => document.querySelectorAll('.p-event').length > shown, first);
    await page.click('.p-kind >> text=Payments');
    await page.waitForFunction(() => document.querySelectorAll('.p-event').length === 2);
    expect(await page.locator('.p-event-figure >> text=$29.99').count()).to.equal(1);
    // Back on the row by the mouse, from the same box.
    await page.fill('[name=q]', 'ada');
    await page.click(`[role=option] >> text=${customer.email}`);
    expect(await page.inputValue('[name=q]')).to.equal('');
    await page.fill('[name=q]', 'nobody at all');
    await page.waitForSelector('text=Nothing is found by that.');
    await page.keyboard.press('Escape');
    expect(page.complaints).to.deep.equal([]);
  });

  it('takes an incident out of the inbox, with a word about it', async () => {
    const id = await addIncident(panel.services, { kind: 'late_payment', summary: 'Paid after it had expired.' });
    await page.goto(`${panel.url}/resources/incidents`);
    await page.click('.p-tabs >> text=Nobody’s');
    await page.click(`tr[data-id="${id}"] >> text=View`);
    await page.waitForSelector('text=Look at the refund once.');
    await page.click('[data-testid=assign-me]');
    await page.waitForSelector('text=Sue Support looks after this incident now.');
    await page.fill('textarea[name=comment]', 'The refund is under way.');
    await page.click('[data-testid=comment]');
    await page.waitForSelector('.p-comment-body >> text=The refund is under way.');
    await page.waitForSelector('[data-property=assignedTo] >> text=Sue Support');
    const { rows } = await database.db.pool.query(
      `SELECT s.name, c.body FROM incidents i JOIN staff s ON s.id = i.assigned_to
       JOIN incident_comments c ON c.incident_id = i.id WHERE i.id = $1`,
      [id],
    );
    expect(rows).to.deep.equal([{ name: 'Sue Support', body: 'The refund is under way.' }]);
    await page.goto(`${panel.url}/resources/incidents`);
    await page.click('.p-tabs >> text=Mine');
    await page.waitForSelector(`tr[data-id="${id}"]`);
    expect(page.complaints).to.deep.equal([]);
  });
});
