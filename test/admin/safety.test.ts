import { expect } from 'chai';
import { createStaff } from '../../src/accounts/staff.ts';
import { startApp } from '../support/app.ts';
import { useTestDatabase } from '../support/database.ts';
import { addStaff, staffPassword, startPanel, type TestPanel } from './harness.ts';
import { StaffClient, type Answer } from './staff-client.ts';

/** Another site and a neighbour below the same domain, with somebody's cookie; older browsers: test/ops/cross-site. */
const foreign: Record<string, string>[] = [{ 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }];

describe('the safety of the panel', function () {
  this.timeout(60_000);
  const database = useTestDatabase();
  let panel: TestPanel;
  let client: StaffClient;
  let id: string;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    const owner = await addStaff(panel.services, 'owner', 'Olive Owner');
    id = owner.id;
    client = await StaffClient.signedIn(panel, owner.email);
    await panel.warmUp();
  });
  after(() => panel.close());

  const everything = async () => {
    const tables = ['staff', 'staff_invitations', 'staff_recovery_codes', 'audit_log', 'plans'];
    const sums = tables.map((table) => `(SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${table} t)`);
    return (await database.db.pool.query(`SELECT ${sums.join(', ')}`)).rows as unknown[];
  };

  it('takes nothing that another site sends, at any door or call', async () => {
    const before = await everything();
    const form = new URLSearchParams({ email: 'olive.owner@plantain.test', password: staffPassword, code: '1' });
    const forms = ['login', 'login/code', 'login/enrol', 'invitation', 'logout', 'me/sessions/end', 'me/factor'];
    forms.push(`me/sessions/${id}/end`, 'me/factor/remove', 'me/factor/codes');
    const calls = ['resources/staff/actions/new', `resources/staff/records/${id}/endSessions`, 'dashboard'];
    for (const headers of foreign) {
      for (const path of forms) {
        const { status } = await client.send('POST', `/${path}`, { body: form, headers });
        expect(status, `${path} ${JSON.stringify(headers)}`).to.equal(403);
      }
      for (const path of calls) {
        const { status } = await client.post(`/api/${path}`, { reason: 'because' }, headers);
        expect(status, `${path} ${JSON.stringify(headers)}`).to.equal(403);
      }
    }
    expect(await everything()).to.deep.equal(before);
    expect((await client.get('/api/dashboard')).status).to.equal(200);
  });

  it('cannot be framed, loads nothing from elsewhere and tells no other site where one was, on every page', async () => {
    const nobody = new StaffClient(panel);
    const pages: [StaffClient, string, number][] = [
      [nobody, '/login', 200],
      [nobody, '/login/code', 303],
      [nobody, '/invitation?token=x', 410],
      [client, '', 200],
      [client, '/me', 200],
      [client, '/me/factor', 200],
      [client, '/resources/staff', 200],
      [client, '/resources/nothing', 404],
      [client, '/resources/orders/actions/new', 404],
      [client, '/api/resources/staff/actions/list', 200],
      [client, '/api/nothing', 404],
    ];
    for (const [who, path, status] of pages) {
      const answer = await who.get(path);
      expect(answer.status, path).to.be.oneOf([status, 403]);
      const policy = answer.headers.get('Content-Security-Policy') ?? '';
      expect(policy, path).to.include("default-src 'none'").and.include("frame-ancestors 'none'");
      expect(policy, path).to.include("form-action 'self'").and.not.include('unsafe');
      expect(answer.headers.get('X-Frame-Options'), path).to.equal('DENY');
      expect(answer.headers.get('Referrer-Policy'), path).to.equal('same-origin');
      expect(answer.headers.get('X-Content-Type-Options'), path).to.equal('nosniff');
      expect(answer.text, path).to.not.match(/<(\w+)[^>]* style=/);
      if (status === 200) expect(answer.headers.get('Cache-Control'), path).to.equal('no-store');
    }
  });

  it('says nothing of its inside when something breaks', async () => {
    const broken = async (path: string, table: string): Promise<Answer> => {
      await database.db.pool.query(`ALTER TABLE ${table} RENAME TO ${table}_away`);
      try {
        return await client.get(path);
      } finally {
        await database.db.pool.query(`ALTER TABLE ${table}_away RENAME TO ${table}`);
      }
    };
    const answers = [
      await broken('/api/resources/orders/actions/list', 'orders'),
      await broken('/api/waiting', 'incidents'),
      await broken('/me', 'staff_sessions'),
      await broken('/invitation?token=x', 'staff_invitations'),
    ];
    for (const { status, text } of answers) {
      expect(status).to.equal(500);
      expect(text).to.not.match(/relation|does not exist|SELECT|sequelize|node_modules|\.ts\b|at \w+ \(/i);
    }
    expect(answers[2]?.text).to.include('Something broke');
  });

  it('sends its cookie over https only, to itself only, and to no script', async () => {
    const app = await startApp({ config: { trustProxy: 1 }, publicUrl: 'https://plantain.example', worker: false });
    try {
      const email = 'https@plantain.test';
      await createStaff({ email, name: 'H', password: staffPassword, role: 'owner', now: app.clock.now() });
      const answer = await fetch(`${app.url}/admin/login`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ email, password: staffPassword }),
        headers: { 'X-Forwarded-Proto': 'https', 'Sec-Fetch-Site': 'same-origin' },
      });
      const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('plantain.staff=')) ?? '';
      expect(cookie)
        .to.match(/; Path=\/admin;/)
        .and.match(/; HttpOnly/)
        .and.match(/; Secure/)
        .and.match(/; SameSite=Lax/);
      expect(cookie).to.not.match(/Domain=/i);
      expect(answer.headers.get('Strict-Transport-Security')).to.include('max-age=');
    } finally {
      await app.close();
    }
  });
});
