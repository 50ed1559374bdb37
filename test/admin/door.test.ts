import { expect } from 'chai';
import { useTestDatabase } from '../support/database.ts';
import { addStaff, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

describe('the way into the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase();
  let panel: TestPanel;
  let owner: { id: string; email: string };

  beforeEach(async () => {
    panel = await startPanel(database.db);
    owner = await addStaff(panel.services, 'owner', `Owner ${Math.random().toString(36).slice(2)}`);
  });
  afterEach(() => panel.close());

  it('leads pages to the sign-in and answers calls with 401', async () => {
    const nobody = new StaffClient(panel);
    const page = await nobody.get('/resources/users?page=2');
    expect(page.status).to.equal(303);
    expect(page.headers.get('Location')).to.equal('/admin/login?next=%2Fadmin%2Fresources%2Fusers%3Fpage%3D2');
    for (const path of ['/api/dashboard', '/api/resources/users/actions/list', '/api/nothing']) {
      const call = await nobody.get(path);
      expect(call.status, path).to.equal(401);
      expect(call.json.code).to.equal('unauthenticated');
    }
    expect((await nobody.post('/api/resources/plans/actions/new', {})).status).to.equal(401);
    expect((await nobody.get('/frontend/assets/app.bundle.js')).status).to.equal(303);
  });

  it('lets the right password in, and leads back to the page that was asked for', async () => {
    const client = new StaffClient(panel);
    const { status, headers } = await client.signIn(owner.email, undefined, { next: '/admin/resources/users?page=2' });
    expect(status).to.equal(303);
    expect(headers.get('Location')).to.equal('/admin/resources/users?page=2');
    expect((await client.get('')).status).to.equal(200);
  });

  it('never leads to another site', async () => {
    for (const next of [
      'https://evil.example/admin/',
      '//evil.example/admin/',
      '/\\evil.example',
      '/account',
      'javascript:alert(1)',
    ]) {
      const { headers } = await new StaffClient(panel).signIn(owner.email, undefined, { next });
      expect(headers.get('Location'), next).to.equal('/admin');
    }
  });

  it('begins a new session at sign-in, so that a planted one is worth nothing', async () => {
    const first = await StaffClient.signedIn(panel, owner.email);
    const planted = first.cookie;
    const second = new StaffClient(panel);
    second.cookie = planted;
    await second.signIn(owner.email);
    expect(second.cookie).to.not.equal(planted);
    const thief = new StaffClient(panel);
    thief.cookie = planted;
    expect((await thief.get('/api/dashboard')).status).to.equal(401);
    expect((await second.get('/api/dashboard')).status).to.equal(200);
  });

  it('sets a cookie that scripts and other parts of the site do not get', async () => {
    const { headers } = await new StaffClient(panel).signIn(owner.email);
    const cookie = headers.getSetCookie().find((one) => one.startsWith('plantain.staff='));
    expect(cookie).to.match(/; Path=\/admin;/);
    expect(cookie).to.match(/HttpOnly/);
    expect(cookie).to.match(/SameSite=(Lax|Strict)/);
  });

  it('says the same of a wrong password, an unknown address and a disabled account', async () => {
    const gone = await addStaff(panel.services, 'owner', `Gone ${Math.random().toString(36).slice(2)}`);
    await database.db.pool.query(`UPDATE staff SET status = 'disabled' WHERE id = $1`, [gone.id]);
    const problemOf = async (email: string, password?: string) => {
      const { status, text } = await new StaffClient(panel).signIn(email, password);
      expect(status).to.equal(401);
      return /role="alert">(.*?)<\/div>/s.exec(text)?.[1];
    };
    const said = await problemOf(owner.email, 'not the password');
    expect(said).to.include('wrong');
    expect(await problemOf('nobody@plantain.test')).to.equal(said);
    expect(await problemOf(gone.email)).to.equal(said);
  });

  it('asks for patience after ten tries', async () => {
    const tries = Array.from({ length: 10 }, () => new StaffClient(panel).signIn(owner.email, 'guess'));
    for (const { status } of await Promise.all(tries)) expect(status).to.equal(401);
    const late = await new StaffClient(panel).signIn(owner.email);
    expect(late.status).to.equal(429);
    expect(Number(late.headers.get('Retry-After'))).to.be.within(1, 60);
    expect(late.text).to.include('Too many tries');
  });

  it('signs out by a form that posts, and by nothing else', async () => {
    const client = await StaffClient.signedIn(panel, owner.email);
    await client.get('/logout');
    expect((await client.get('/api/dashboard')).status).to.equal(200);
    const out = await client.send('POST', '/logout');
    expect(out.headers.get('Location')).to.equal('/admin/login?out');
    expect((await client.get('/api/dashboard')).status).to.equal(401);
  });

  it('refuses forms and calls that come from another site', async () => {
    const client = await StaffClient.signedIn(panel, owner.email);
    const elsewhere = { 'Sec-Fetch-Site': 'cross-site' };
    expect((await client.post('/api/resources/plans/actions/new', {}, elsewhere)).status).to.equal(403);
    expect((await client.send('POST', '/logout', { headers: elsewhere })).status).to.equal(403);
    const body = new URLSearchParams({ email: owner.email, password: 'x' });
    expect((await client.send('POST', '/login', { body, headers: elsewhere })).status).to.equal(403);
    expect((await client.get('/api/dashboard')).status).to.equal(200);
  });

  it('takes JSON only: no multipart form, and with it no file', async () => {
    const client = await StaffClient.signedIn(panel, owner.email);
    const body = new FormData();
    body.set('planCode', 'x');
    body.set('file', new Blob(['x']), 'x.txt');
    expect((await client.send('POST', '/api/resources/plans/actions/new', { body })).status).to.equal(415);
    const large = await client.post('/api/resources/plans/actions/new', { planCode: 'x'.repeat(200_000) });
    expect(large.status).to.equal(413);
  });

  it('ends every session of somebody whose password was changed', async () => {
    const client = await StaffClient.signedIn(panel, owner.email);
    await database.db.pool.query(`UPDATE staff SET password_hash = 'another' WHERE id = $1`, [owner.id]);
    expect((await client.get('/api/dashboard')).status).to.equal(401);
  });

  it('writes every sign-in into the audit log', async () => {
    await new StaffClient(panel).signIn(owner.email);
    const { rows } = await database.db.pool.query(`SELECT action FROM audit_log WHERE staff_id = $1`, [owner.id]);
    expect(rows).to.deep.equal([{ action: 'staff.sign-in' }]);
  });

  it('cannot be framed, and runs no script of others', async () => {
    const client = await StaffClient.signedIn(panel, owner.email);
    for (const { headers } of [await new StaffClient(panel).get('/login'), await client.get('')]) {
      const policy = headers.get('Content-Security-Policy') ?? '';
      expect(policy).to.include("frame-ancestors 'none'");
      expect(policy).to.include("script-src 'self'");
      expect(policy).to.not.include('unsafe');
      expect(headers.get('X-Frame-Options')).to.equal('DENY');
    }
  });

  it('tells pages that are not there, or not allowed, in its own words', async () => {
    const viewer = await addStaff(panel.services, 'viewer', `Viewer ${Math.random().toString(36).slice(2)}`);
    const client = await StaffClient.signedIn(panel, viewer.email);
    const missing = await client.get('/resources/nothing');
    expect(missing.status).to.equal(404);
    expect(missing.text).to.include('Nothing here');
    const forbidden = await client.get('/resources/plans/actions/new');
    expect(forbidden.status).to.equal(403);
    expect(forbidden.text).to.include('Not allowed');
    const chinese = await client.send('GET', '/resources/plans/actions/new', {
      headers: { Cookie: `${client.cookie}; plantain.lang=zh-CN` },
    });
    expect(chinese.text).to.include('没有权限');
  });
});
