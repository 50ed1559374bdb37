import { expect } from 'chai';
import { Secret, TOTP } from 'otpauth';
import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { useTestDatabase } from '../support/database.ts';
import { addStaff, staffPassword, startPanel, type TestPanel } from './harness.ts';

describe('joining the team, in a browser', function () {
  this.timeout(120_000);
  const database = useTestDatabase();
  let panel: TestPanel;
  let browser: Browser;

  before(async () => {
    panel = await startPanel(database.db, { limited: false, totp: 'required' });
    await panel.warmUp();
    browser = await launchBrowser();
  });
  after(async () => {
    await browser.close();
    await panel.close();
  });

  const codeOf = (secret: string) => new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) }).generate();
  const tokenTo = async (email: string) => {
    const { rows } = await database.db.pool.query<{ token: string }>(
      `SELECT data ->> 'token' AS token FROM emails WHERE to_address = $1`,
      [email],
    );
    return rows[0]?.token ?? '';
  };

  it('goes from the invitation over password and phone into the panel, and the log tells it all', async () => {
    const { email: boss } = await addStaff(panel.services, 'owner', 'Olive Owner');
    const owner = await openPage(browser);
    await owner.goto(`${panel.url}/login?lang=en`);
    await owner.fill('input[name=email]', boss);
    await owner.fill('input[name=password]', staffPassword);
    await owner.click('button[type=submit]');
    await owner.fill('input[name=code]', codeOf(await owner.innerText('.secret')));
    await owner.click('text=Switch on');
    expect(await owner.locator('.codes li').count()).to.equal(10);
    await owner.click('text=I have kept them');
    await owner.waitForSelector('.p-tiles');
    await owner.click('.p-side >> text="Staff"');
    await owner.click('[data-testid=action-new]');
    await owner.fill('input[name=email]', 'mei@plantain.test');
    await owner.fill('input[name=name]', 'Mei Lin');
    await owner.selectOption('select[name=role]', 'support');
    await owner.selectOption('select[name=locale]', 'zh-CN');
    await owner.click('[data-testid=save]');
    await owner.waitForSelector('[data-property=status] >> text=Invited');

    const mei = await openPage(browser, { locale: 'zh-CN' });
    await mei.goto(`${panel.url}/invitation?token=${await tokenTo('mei@plantain.test')}`);
    await mei.waitForSelector('h1 >> text=欢迎加入运营后台');
    await mei.fill('input[name=password]', 'a password of her own');
    await mei.fill('input[name=again]', 'a password of her own');
    await mei.click('button[type=submit]');
    await mei.waitForSelector('text=密码已设置，请登录。');
    await mei.fill('input[name=email]', 'mei@plantain.test');
    await mei.fill('input[name=password]', 'a password of her own');
    await mei.click('button[type=submit]');
    await mei.fill('input[name=code]', codeOf(await mei.innerText('.secret')));
    await mei.click('button[type=submit]');
    await mei.click('text=我已保存');
    await mei.waitForSelector('.p-tiles');
    await mei.click('.p-me');
    await mei.waitForSelector('text=剩余 10 个恢复码');

    await owner.reload();
    await owner.click('[data-testid=action-endSessions]');
    await owner.fill('textarea[name=reason]', 'Left her laptop in a train');
    await owner.click('[data-testid=confirm]');
    await owner.waitForSelector('text=Sessions ended: 1.');
    await mei.reload();
    await mei.waitForSelector('h1 >> text=员工登录');

    await owner.click('.p-side >> text=Audit log');
    await owner.click('text=Filter');
    await owner.selectOption('label:has(span:text-is("Action")) select', 'staff.invite');
    await owner.click('text=Apply');
    await owner.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    await owner.click('tbody >> text=View');
    await owner.waitForSelector('.p-changes [data-field=email] ins >> text=mei@plantain.test');
    expect([...owner.complaints, ...mei.complaints]).to.deep.equal([]);
  });
});
