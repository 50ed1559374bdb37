import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { createStaff, type StaffRole } from '../../src/accounts/staff.ts';
import { openPage, launchBrowser } from '../support/browser.ts';
import { useApp } from '../support/app.ts';
import { useTestDatabase } from '../support/database.ts';
import { addStaff, staffPassword, startPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

const roles = ['owner', 'finance', 'support', 'viewer'] as const;
const dayMs = 24 * 3600 * 1000;

describe('the sandbox in the panel', function () {
  this.timeout(120_000);
  const app = useApp();
  const clients = new Map<StaffRole, StaffClient>();
  const at = () => ({ url: `${app.url}/admin` });
  const clientOf = (role: StaffRole) => clients.get(role)!;

  before(async () => {
    for (const role of roles) {
      const email = `${role}@plantain.test`;
      await createStaff({ email, name: role, password: staffPassword, role, now: app.clock.now() });
      const client = new StaffClient(at());
      expect((await client.signIn(email)).status).to.equal(303);
      clients.set(role, client);
    }
  });

  const audited = async () =>
    (
      await app.db.pool.query<{ actor: string; action: string; after: object | null }>(
        `SELECT actor, action, after FROM audit_log WHERE subject_type = 'sandbox' ORDER BY id`,
      )
    ).rows;

  it('lets everybody look, and nobody but owners change anything', async () => {
    const changes: [string, object][] = [
      ['/clock', { advance: 'P1D' }],
      ['/faults', { on: 'capture', fault: 'decline', times: 1, orderId: null }],
      ['/faults/clear', {}],
    ];
    const before = app.clock.offsetMs;
    for (const role of roles) {
      const { status, json } = await clientOf(role).get('/api/sandbox');
      expect(status, role).to.equal(200);
      expect(json).to.include({ mayChange: role === 'owner' });
      expect((await clientOf(role).get('/pages/sandbox')).status).to.equal(200);
      if (role === 'owner') continue;
      for (const [path, body] of changes) {
        expect((await clientOf(role).post(`/api/sandbox${path}`, body)).status, `${role} ${path}`).to.equal(403);
      }
    }
    expect(app.clock.offsetMs).to.equal(before);
    expect(await audited()).to.be.empty;
    expect((await new StaffClient(at()).get('/api/sandbox')).status).to.equal(401);
  });

  it('turns the clock forward, arms faults and clears them, and says who did', async () => {
    const owner = clientOf('owner');
    const start = app.clock.now();
    const turned = await owner.post('/api/sandbox/clock', { advance: 'P2D' });
    expect(turned.status, turned.text).to.equal(200);
    expect(app.clock.now().getTime()).to.be.within(start.getTime() + 2 * dayMs, start.getTime() + 3 * dayMs);
    const fault = { on: 'capture', fault: 'decline', times: 2, orderId: null };
    expect((await owner.post('/api/sandbox/faults', fault)).status).to.equal(204);
    const { json } = await owner.get('/api/sandbox?lang=zh-CN');
    expect(json['armed']).to.deep.equal([{ text: '扣款：拒付，剩余 2 次', orderId: null }]);
    expect((await owner.post('/api/sandbox/faults/clear', {})).status).to.equal(204);
    expect((await owner.get('/api/sandbox')).json['armed']).to.deep.equal([]);
    const entries = await audited();
    expect(entries.map(({ actor, action }) => `${actor} ${action}`)).to.deep.equal([
      'owner sandbox.turn',
      'owner sandbox.armFault',
      'owner sandbox.clearFaults',
    ]);
    expect(entries[1]?.after).to.deep.equal(fault);
  });

  it('refuses what is no turn and no fault, and says why', async () => {
    const owner = clientOf('owner');
    const calls: [string, unknown][] = [
      ['/clock', {}],
      ['/clock', { advance: '-P1D' }],
      ['/clock', { advance: 'tomorrow' }],
      ['/clock', { set: '2001-01-01T00:00:00Z' }],
      ['/clock', { advance: 'P1D', set: '2099-01-01T00:00:00Z' }],
      ['/faults', { on: 'capture', fault: 'lost', times: 1, orderId: null }],
      ['/faults', { on: 'capture', fault: 'decline', times: 0, orderId: null }],
      ['/faults', { on: 'token', fault: 'error_500', times: 1, orderId: 'X' }],
      ['/faults/clear', { all: true }],
    ];
    for (const [path, body] of calls) {
      const { status, json } = await owner.post(`/api/sandbox${path}`, body);
      expect(status, JSON.stringify(body)).to.equal(400);
      expect(json['errors'], JSON.stringify(body)).to.not.be.empty;
    }
    expect((await owner.get('/api/sandbox/mails/nothing')).status).to.equal(404);
    const form = new URLSearchParams({ advance: 'P1D' });
    expect((await owner.send('POST', '/api/sandbox/clock', { body: form })).status).to.equal(415);
    const elsewhere = { 'Sec-Fetch-Site': 'cross-site' };
    expect((await owner.post('/api/sandbox/clock', { advance: 'P1D' }, elsewhere)).status).to.equal(403);
  });

  it('is worked with the mouse: turn a day, arm a fault, read a mail', async () => {
    await app.db.pool.query(
      `INSERT INTO sandbox.mails (id, address, subject, template, locale, html, text, sent_at)
       VALUES (gen_random_uuid(), 'ada@example.com', 'Welcome to Plantain', 'welcome', 'en', '<p>Hi</p>', 'Hi Ada', now())`,
    );
    const browser: Browser = await launchBrowser();
    const page = await openPage(browser);
    await page.goto(`${app.url}/admin/login?lang=en`);
    await page.fill('input[name=email]', 'owner@plantain.test');
    await page.fill('input[name=password]', staffPassword);
    await page.click('button[type=submit]');
    await page.click('.p-side >> text=Sandbox');
    const before = app.clock.now();
    await page.click('text=7 days');
    await page.waitForSelector('text=The clock is turned.');
    expect(app.clock.now().getTime() - before.getTime()).to.be.at.least(7 * dayMs);
    await page.selectOption('select[name=fault]', 'refund:pending');
    await page.getByRole('button', { name: 'Arm', exact: true }).click();
    await page.waitForSelector('[data-testid=armed] >> text=held for review');
    await page.fill('input[name=to]', 'ada@example.com');
    await page.click('text=Find');
    await page.click('text=Welcome to Plantain');
    await page.waitForSelector('article >> text=Hi Ada');
    expect(page.complaints).to.deep.equal([]);

    await browser.close();
  });
});

describe('the sandbox in production', function () {
  this.timeout(60_000);
  const database = useTestDatabase();

  it('is not there, neither in the menu nor by its address', async () => {
    const panel = await startPanel(database.db, { limited: false });
    const { email } = await addStaff(panel.services, 'owner');
    const owner = await StaffClient.signedIn(panel, email);
    for (const path of ['/pages/sandbox', '/api/sandbox', '/api/sandbox/mails/x', '/api/pages/sandbox']) {
      expect((await owner.get(path)).status, path).to.equal(404);
    }
    for (const path of ['/clock', '/faults', '/faults/clear']) {
      expect((await owner.post(`/api/sandbox${path}`, {})).status, path).to.equal(404);
    }
    expect((await owner.get('')).text).to.not.include('PanelSandbox');
    await panel.close();
  });
});
