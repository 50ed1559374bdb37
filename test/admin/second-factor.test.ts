import { expect } from 'chai';
import { Secret, TOTP } from 'otpauth';
import { rotateKeys } from '../../src/billing/rotate-keys.ts';
import { createSealer } from '../../src/kit/crypto.ts';
import { useTestDatabase } from '../support/database.ts';
import { addStaff, startPanel, type TestPanel } from './harness.ts';
import { StaffClient, type Answer } from './staff-client.ts';

describe('the second factor', function () {
  this.timeout(60_000);
  const database = useTestDatabase();
  /** Where it is required, and where everybody may choose. */
  let strict: TestPanel;
  let panel: TestPanel;
  let people = 0;

  before(async () => {
    strict = await startPanel(database.db, { limited: false, totp: 'required' });
    panel = await startPanel(database.db, { limited: false });
  });
  after(async () => {
    await strict.close();
    await panel.close();
  });

  const sql = async <Row>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];
  const form = (client: StaffClient, path: string, fields: Record<string, string> = {}) =>
    client.send('POST', path, { body: new URLSearchParams(fields) });
  const secretOn = ({ text }: Answer) => (/class="secret">([^<]+)</.exec(text)?.[1] ?? '').replaceAll(' ', '');
  const codesOn = ({ text }: Answer) => [...text.matchAll(/<li><code>([^<]+)<\/code>/g)].map(([, code]) => code ?? '');
  const problemOn = ({ text }: Answer) => /role="alert"><p>([^<]*)</.exec(text)?.[1];
  /** What a phone shows, so many steps of 30 s from now. */
  const codeOf = (secret: string, steps = 0, at = panel) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({
      timestamp: at.machineClock.now().getTime() + steps * 30_000,
    });
  const turnSteps = (steps: number) => {
    panel.machineClock.turnTo(new Date(panel.machineClock.now().getTime() + steps * 30_000));
  };

  async function newStaff() {
    people += 1;
    return addStaff(panel.services, 'support', `Phone ${people}`);
  }
  /** Somebody who has enrolled on their own page. */
  async function enrolled() {
    const staff = await newStaff();
    const client = await StaffClient.signedIn(panel, staff.email);
    const secret = secretOn(await client.get('/me/factor'));
    const codes = codesOn(await form(client, '/me/factor', { code: codeOf(secret, -1) }));
    return { ...staff, client, secret, codes };
  }
  async function atTheCode(email: string): Promise<StaffClient> {
    const client = new StaffClient(panel);
    const { headers } = await client.signIn(email);
    expect(headers.get('Location')).to.equal('/admin/login/code');
    return client;
  }

  it('is set up at the door where it is required, before anything is shown', async () => {
    const { id, email } = await newStaff();
    const client = new StaffClient(strict);
    const knocked = await client.signIn(email, undefined, { next: '/admin/resources/users' });
    expect(knocked.headers.get('Location')).to.equal('/admin/login/enrol');
    expect((await client.get('/api/dashboard')).status).to.equal(401);
    expect((await client.get('/me')).status).to.equal(303);

    const page = await client.get('/login/enrol');
    expect(page.text).to.include('<svg').and.include('otpauth://totp/Plantain');
    expect(page.text).to.not.match(/<svg[^>]*style=/);
    const secret = secretOn(page);
    expect(secretOn(await client.get('/login/enrol')), 'the same after a reload').to.equal(secret);
    const wrong = await form(client, '/login/enrol', { code: codeOf(secret, 5, strict) });
    expect(problemOn(wrong)).to.include('does not fit');
    expect((await client.get('/api/dashboard')).status).to.equal(401);

    const right = await form(client, '/login/enrol', { code: codeOf(secret, 0, strict) });
    expect(codesOn(right)).to.have.length(10);
    expect(right.text).to.include('href="/admin/resources/users"');
    expect((await client.get('/api/dashboard')).status).to.equal(200);
    expect((await form(client, '/me/factor/remove', { code: codeOf(secret, 1, strict) })).status).to.equal(403);
    const [row] = await sql<{ totp_sealed: string }>('SELECT totp_sealed FROM staff WHERE id = $1', id);
    expect(panel.services.sealer.open(row?.totp_sealed ?? '')).to.equal(secret);
    const hashes = await sql<{ code_hash: string }>(
      'SELECT code_hash FROM staff_recovery_codes WHERE staff_id = $1',
      id,
    );
    for (const { code_hash } of hashes) expect(code_hash).to.match(/^[0-9a-f]{64}$/);
  });

  it('ends the session of who has none once it is required', async () => {
    const { id, email, client } = await enrolled();
    expect((await client.get('/api/dashboard')).status).to.equal(200);
    await sql('UPDATE staff SET totp_sealed = NULL, totp_step = NULL, totp_enrolled_at = NULL WHERE id = $1', id);
    const other = new StaffClient(strict);
    await other.signIn(email);
    const secret = secretOn(await other.get('/login/enrol'));
    await form(other, '/login/enrol', { code: codeOf(secret, 0, strict) });
    expect((await other.get('/api/dashboard')).status).to.equal(200);
    await sql('UPDATE staff SET totp_sealed = NULL, totp_step = NULL, totp_enrolled_at = NULL WHERE id = $1', id);
    expect((await other.get('/api/dashboard')).status).to.equal(401);
    expect((await client.get('/api/dashboard')).status, 'where everybody may choose').to.equal(200);
  });

  it('lets nobody past with the password alone, and each code in once', async () => {
    const { email, secret } = await enrolled();
    const client = await atTheCode(email);
    expect((await client.get('/api/dashboard')).status).to.equal(401);
    expect((await client.get('/login/enrol')).headers.get('Location')).to.equal('/admin/login/code');
    const code = codeOf(secret);
    expect((await form(client, '/login/code', { code })).headers.get('Location')).to.equal('/admin');
    expect((await client.get('/api/dashboard')).status).to.equal(200);
    const thief = await atTheCode(email);
    const again = await form(thief, '/login/code', { code });
    expect(again.status).to.equal(401);
    expect(problemOn(again)).to.include('used before');
    turnSteps(3);
  });

  it('takes a code of the step before or after, and none further away', async () => {
    for (const [steps, status] of [
      [-2, 401],
      [2, 401],
      [-1, 303],
      [1, 303],
    ] as const) {
      const { email, secret } = await enrolled();
      // The step before was taken when it was set up.
      turnSteps(2);
      const client = await atTheCode(email);
      expect((await form(client, '/login/code', { code: codeOf(secret, steps) })).status, `${steps}`).to.equal(status);
    }
  });

  it('takes one code of two who send it at once', async () => {
    const { email, secret } = await enrolled();
    const both = [await atTheCode(email), await atTheCode(email)];
    const code = codeOf(secret);
    const answers = await Promise.all(both.map((client) => form(client, '/login/code', { code })));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([303, 401]);
  });

  it('is stood in for by each recovery code, once, however it is typed', async () => {
    const { id, email, codes } = await enrolled();
    const [first = '', second = ''] = codes;
    expect((await form(await atTheCode(email), '/login/code', { code: first.toLowerCase() })).status).to.equal(303);
    expect((await form(await atTheCode(email), '/login/code', { code: first })).status).to.equal(401);
    const last = await atTheCode(email);
    expect((await form(last, '/login/code', { code: second.replaceAll('-', ' ') })).status).to.equal(303);
    expect((await last.get('/me')).text).to.include('8 recovery codes are left');
    const used = await sql(`SELECT FROM audit_log WHERE staff_id = $1 AND action = 'staff.recovery-code'`, id);
    expect(used).to.have.length(2);
  });

  it('counts wrong codes with wrong passwords: ten lock the account', async () => {
    const { email, secret } = await enrolled();
    for (let n = 0; n < 5; n += 1) await new StaffClient(panel).signIn(email, 'a wrong guess');
    const client = await atTheCode(email);
    for (let n = 0; n < 5; n += 1) await form(client, '/login/code', { code: '000000' });
    expect((await form(client, '/login/code', { code: codeOf(secret) })).status).to.equal(401);
    expect((await new StaffClient(panel).signIn(email)).status).to.equal(401);
  });

  it('waits ten minutes for the code, and not for one of somebody whose password has changed since', async () => {
    const { id, email, secret } = await enrolled();
    const late = await atTheCode(email);
    turnSteps(21);
    expect((await form(late, '/login/code', { code: codeOf(secret) })).headers.get('Location')).to.equal(
      '/admin/login',
    );
    const other = await atTheCode(email);
    await sql(`UPDATE staff SET password_hash = 'another' WHERE id = $1`, id);
    expect((await form(other, '/login/code', { code: codeOf(secret) })).headers.get('Location')).to.equal(
      '/admin/login',
    );
  });

  it('is changed and switched off by its owner, with a code', async () => {
    const { id, email, client, secret, codes } = await enrolled();
    expect((await form(client, '/me/factor', { code: codeOf(secret) })).status, 'no second one').to.be.oneOf([
      401, 409,
    ]);
    expect((await form(client, '/me/factor/codes', { code: '123' })).status).to.equal(401);
    const fresh = codesOn(await form(client, '/me/factor/codes', { code: codeOf(secret) }));
    expect(fresh).to.have.length(10).and.not.include(codes[0]);
    expect((await form(await atTheCode(email), '/login/code', { code: codes[0] ?? '' })).status).to.equal(401);
    const off = await form(client, '/me/factor/remove', { code: fresh[0] ?? '' });
    expect(off.headers.get('Location')).to.equal('/admin/me?removed');
    expect((await new StaffClient(panel).signIn(email)).headers.get('Location')).to.equal('/admin');
    expect(await sql('SELECT FROM staff_recovery_codes WHERE staff_id = $1', id)).to.be.empty;
  });

  it('is reset by an owner when the phone is lost: signed out, and set up anew where it is required', async () => {
    const { id, email, client } = await enrolled();
    const { email: boss } = await addStaff(panel.services, 'owner', `Owner ${people}`);
    const owner = await StaffClient.signedIn(panel, boss);
    const path = `/api/resources/staff/records/${id}/resetFactor`;
    expect((await client.post(path, { reason: 'let me' })).status).to.equal(403);
    expect((await owner.post(path, { reason: 'Lost the phone, called back' })).status).to.equal(200);
    expect((await client.get('/api/dashboard')).status).to.equal(401);
    expect((await new StaffClient(strict).signIn(email)).headers.get('Location')).to.equal('/admin/login/enrol');
    const [entry] = await sql(
      `SELECT reason FROM audit_log WHERE action = 'staff.reset-factor' AND subject_id = $1`,
      id,
    );
    expect(entry).to.deep.equal({ reason: 'Lost the phone, called back' });
  });

  it('goes on when the encryption key changes', async () => {
    const { id, secret } = await enrolled();
    const sealer = createSealer('another key, as long as it must be', ['a secret for tests, long enough']);
    const columns = await rotateKeys({ db: database.db, sealer }, { tell: () => undefined });
    expect(columns.find(({ column }) => column === 'totp_sealed')?.rotated).to.be.above(0);
    const [row] = await sql<{ totp_sealed: string }>('SELECT totp_sealed FROM staff WHERE id = $1', id);
    expect(sealer.isCurrent(row?.totp_sealed ?? '')).to.equal(true);
    expect(sealer.open(row?.totp_sealed ?? '')).to.equal(secret);
  });
});
