import { expect } from 'chai';
import { browserName } from '../../src/admin/browser-name.ts';
import { useTestDatabase } from '../support/database.ts';
import { addStaff, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

const minuteMs = 60_000;

describe('sessions of staff', function () {
  this.timeout(60_000);
  const database = useTestDatabase();
  let panel: TestPanel;
  let people = 0;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
  });
  after(() => panel.close());

  const sql = async <Row>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];
  const turn = (ms: number) => {
    panel.machineClock.turnTo(new Date(panel.machineClock.now().getTime() + ms));
  };
  const add = (role: 'owner' | 'support' = 'support') => {
    people += 1;
    return addStaff(panel.services, role, `Somebody ${people}`);
  };
  const statusOf = async (client: StaffClient) => (await client.get('/api/dashboard')).status;
  const sessionsOf = (staffId: string) =>
    sql<{ id: string; last_seen_at: Date; begun_at: Date; address: string; browser: string }>(
      'SELECT * FROM staff_sessions WHERE staff_id = $1 ORDER BY begun_at, id',
      staffId,
    );

  it('are kept with when, where and by what they were begun, and seen to the minute', async () => {
    const { id, email } = await add();
    const client = new StaffClient(panel);
    const body = new URLSearchParams({ email, password: 'leaf and tag, green' });
    const headers = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0' };
    await client.send('POST', '/login', { body, headers });
    const [begun] = await sessionsOf(id);
    expect(begun).to.include({ address: '127.0.0.1', browser: 'Firefox 145 · Linux' });
    await client.get('/api/dashboard');
    expect((await sessionsOf(id))[0]?.last_seen_at, 'within a minute').to.deep.equal(begun?.last_seen_at);
    turn(minuteMs + 1000);
    await client.get('/api/dashboard');
    expect((await sessionsOf(id))[0]?.last_seen_at).to.be.above(begun?.last_seen_at ?? new Date(0));
  });

  it('run out after half an hour without a request, and after twelve hours in any case', async () => {
    const { email } = await add();
    const idle = await StaffClient.signedIn(panel, email);
    turn(29 * minuteMs);
    expect(await statusOf(idle)).to.equal(200);
    turn(31 * minuteMs);
    expect(await statusOf(idle)).to.equal(401);
    const busy = await StaffClient.signedIn(panel, email);
    for (let passed = 0; passed < 12 * 60 - 20; passed += 20) {
      turn(20 * minuteMs);
      expect(await statusOf(busy), `after ${passed} minutes`).to.equal(200);
    }
    turn(20 * minuteMs);
    expect(await statusOf(busy)).to.equal(401);
  });

  it('are shown to their owner, who ends one or all others', async () => {
    const { id, email } = await add();
    const [here, there, elsewhere] = [
      await StaffClient.signedIn(panel, email),
      await StaffClient.signedIn(panel, email),
      await StaffClient.signedIn(panel, email),
    ];
    const [, second] = await sessionsOf(id);
    expect((await here.get('/me')).text.match(/\/me\/sessions\/[\w-]+\/end/g)).to.have.length(2);
    const ended = await here.send('POST', `/me/sessions/${second?.id ?? ''}/end`);
    expect(ended.headers.get('Location')).to.equal('/admin/me?ended');
    expect([await statusOf(here), await statusOf(there), await statusOf(elsewhere)]).to.deep.equal([200, 401, 200]);
    expect((await here.send('POST', `/me/sessions/${second?.id ?? ''}/end`)).status).to.equal(409);
    await here.send('POST', '/me/sessions/end');
    expect([await statusOf(here), await statusOf(elsewhere)]).to.deep.equal([200, 401]);
    const audited = await sql<{ after: object }>(
      `SELECT after FROM audit_log WHERE action = 'staff.end-sessions' AND staff_id = $1 ORDER BY seq`,
      id,
    );
    expect(audited.map(({ after }) => after)).to.deep.equal([{ sessions: 1, session: second?.id }, { sessions: 1 }]);
  });

  it('of others are none of anybody’s business but an owner’s', async () => {
    const victim = await add();
    const client = await StaffClient.signedIn(panel, victim.email);
    const [session] = await sessionsOf(victim.id);
    const nosy = await StaffClient.signedIn(panel, (await add()).email);
    expect((await nosy.send('POST', `/me/sessions/${session?.id ?? ''}/end`)).status).to.equal(409);
    expect((await nosy.send('POST', '/me/sessions/nothing/end')).status).to.equal(404);
    expect((await nosy.get('/api/resources/staff_sessions/actions/list')).status).to.equal(403);
    const path = `/api/resources/staff_sessions/records/${session?.id ?? ''}/endSession`;
    expect((await nosy.post(path, { reason: 'r' })).status).to.equal(403);
    expect(await statusOf(client)).to.equal(200);

    const owner = await StaffClient.signedIn(panel, (await add('owner')).email);
    expect((await owner.post(path, {})).status, 'without a reason').to.equal(400);
    expect((await owner.post(path, { reason: 'left the laptop in a train' })).status).to.equal(200);
    expect(await statusOf(client)).to.equal(401);
    expect((await owner.post(path, { reason: 'again' })).status).to.equal(409);
    const again = await StaffClient.signedIn(panel, victim.email);
    const all = `/api/resources/staff/records/${victim.id}/endSessions`;
    expect((await owner.post(all, { reason: 'leaves the team' })).status).to.equal(200);
    expect(await statusOf(again)).to.equal(401);
  });

  it('go on under another id when the role changes, and the old id is worth nothing', async () => {
    const { id, email } = await add();
    const client = await StaffClient.signedIn(panel, email);
    const before = client.cookie;
    await sql(`UPDATE staff SET role = 'finance' WHERE id = $1`, id);
    expect(await statusOf(client)).to.equal(200);
    expect(client.cookie).to.not.equal(before);
    expect(await statusOf(client)).to.equal(200);
    const thief = new StaffClient(panel);
    thief.cookie = before;
    expect(await statusOf(thief)).to.equal(401);
    expect(await sessionsOf(id)).to.have.length(1);
  });

  it('end with the account, and with a sign-out, which is kept', async () => {
    const { id, email } = await add();
    const owner = await StaffClient.signedIn(panel, (await add('owner')).email);
    const left = await StaffClient.signedIn(panel, email);
    const cookie = left.cookie;
    await left.send('POST', '/logout');
    left.cookie = cookie;
    expect(await statusOf(left)).to.equal(401);
    expect(await sql(`SELECT FROM audit_log WHERE action = 'staff.sign-out' AND staff_id = $1`, id)).to.have.length(1);
    const client = await StaffClient.signedIn(panel, email);
    const change = { name: 'S', role: 'support', locale: 'en' };
    const edit = (status: string) => owner.post(`/api/resources/staff/records/${id}/edit`, { ...change, status });
    expect((await edit('disabled')).status).to.equal(200);
    expect((await edit('active')).status).to.equal(200);
    expect(await statusOf(client), 'what was ended does not come back').to.equal(401);
  });

  it('are named by what people call their browsers', () => {
    const named: [string | undefined, string | null][] = [
      [
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
        'Chrome 142 · Windows',
      ],
      [
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
        'Edge 142 · Windows',
      ],
      [
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1',
        'Safari 18 · iPhone',
      ],
      ['curl/8.5.0', 'curl/8.5.0'],
      ['', null],
      [undefined, null],
    ];
    for (const [agent, name] of named) expect(browserName(agent)).to.equal(name);
  });
});
