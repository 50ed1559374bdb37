import { expect } from 'chai';
import { readInvitation } from '../../src/accounts/staff-invitations.ts';
import { renderMail } from '../../src/mail/renderer.ts';
import type { StaffLinkData } from '../../src/mail/templates.ts';
import { useTestDatabase } from '../support/database.ts';
import { addStaff, staffPassword, startPanel, type TestPanel } from './harness.ts';
import { StaffClient } from './staff-client.ts';

const hourMs = 3600_000;

describe('staff accounts', function () {
  this.timeout(60_000);
  const database = useTestDatabase();
  let panel: TestPanel;
  let owner: StaffClient;
  let ownerId: string;
  let people = 0;

  before(async () => {
    panel = await startPanel(database.db, { limited: false });
    const { id, email } = await addStaff(panel.services, 'owner', 'Olive Owner');
    ownerId = id;
    owner = await StaffClient.signedIn(panel, email);
  });
  after(() => panel.close());

  const sql = async <Row>(statement: string, ...values: unknown[]) =>
    (await database.db.pool.query(statement, values)).rows as Row[];
  const actions = async (staffId: string) =>
    (await sql<{ action: string }>('SELECT action FROM audit_log WHERE subject_id = $1 ORDER BY seq', staffId)).map(
      ({ action }) => action.replace('staff.', ''),
    );
  const act = (staffId: string, action: string, body: object = { reason: 'asked by telephone' }) =>
    owner.post(`/api/resources/staff/records/${staffId}/${action}`, body);

  async function invite(more: Record<string, string> = {}): Promise<{ id: string; email: string }> {
    people += 1;
    const email = `new.${people}@plantain.test`;
    const body = { email, name: `New ${people}`, role: 'support', locale: 'en', ...more };
    const { status, json } = await owner.post('/api/resources/staff/actions/new', body);
    expect(status).to.equal(200);
    return { id: (json.record as { id: string }).id, email };
  }
  const mailsTo = (email: string) =>
    sql<{ template: 'staff_invitation'; data: StaffLinkData; locale: string }>(
      'SELECT template, data, locale FROM emails WHERE to_address = $1 ORDER BY created_at, id',
      email,
    );
  const tokenTo = async (email: string) => (await mailsTo(email)).at(-1)?.data.token ?? '';
  const accept = (token: string, password = staffPassword, again = password) =>
    new StaffClient(panel).send('POST', '/invitation', { body: new URLSearchParams({ token, password, again }) });
  const look = (token: string) => new StaffClient(panel).get(`/invitation?token=${token}`);

  it('begin with a mail in the language of the invited, and a password that they alone know', async () => {
    const { id, email } = await invite({ locale: 'zh-CN' });
    const [mail] = await mailsTo(email);
    expect(mail).to.include({ template: 'staff_invitation', locale: 'zh-CN' });
    const { text } = renderMail({ ...mail!, publicUrl: 'https://panel.example' });
    expect(text).to.include('Olive Owner').and.include('https://panel.example/admin/invitation?token=');
    expect((await new StaffClient(panel).signIn(email, '')).status).to.equal(401);

    const token = await tokenTo(email);
    expect(await sql('SELECT FROM staff_invitations WHERE token_hash = $1', token)).to.be.empty;
    expect((await look(token)).text).to.include(email);
    const accepted = await accept(token);
    expect(accepted.headers.get('Location')).to.equal('/admin/login?chosen');
    const client = await StaffClient.signedIn(panel, email);
    expect((await client.get('/api/dashboard')).status).to.equal(200);
    expect(await actions(id)).to.deep.equal(['invite', 'accept-invitation', 'sign-in']);
    const [row] = await sql('SELECT status, invited_at FROM staff WHERE id = $1', id);
    expect(row).to.deep.equal({ status: 'active', invited_at: null });
  });

  it('take a link once, also of two clicks at once', async () => {
    const { id, email } = await invite();
    const token = await tokenTo(email);
    const answers = await Promise.all([accept(token, 'the first password'), accept(token, 'the second password')]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([303, 410]);
    expect((await look(token)).text).to.include('The link was used');
    expect((await actions(id)).filter((action) => action === 'accept-invitation')).to.have.length(1);
  });

  it('refuse a link that is made up, late, withdrawn, or replaced by a newer one', async () => {
    expect((await look('made-up')).status).to.equal(410);
    const { id, email } = await invite();
    const first = await tokenTo(email);
    expect((await act(id, 'inviteAgain')).status).to.equal(200);
    const second = await tokenTo(email);
    expect((await look(first)).text).to.include('newer mail');
    expect((await accept(first)).status).to.equal(410);
    expect((await readInvitation(second, new Date(panel.clock.now().getTime() + 71 * hourMs))).state).to.equal('open');
    expect((await readInvitation(second, new Date(panel.clock.now().getTime() + 73 * hourMs))).state).to.equal(
      'expired',
    );
    expect((await act(id, 'withdrawInvitation')).status).to.equal(200);
    expect((await accept(second)).status).to.equal(410);
    expect((await act(id, 'withdrawInvitation')).status).to.equal(409);
    expect((await act(id, 'edit', { name: 'N', role: 'support', status: 'active', locale: 'en' })).status).to.equal(
      409,
    );
    expect((await act(id, 'inviteAgain')).status).to.equal(200);
    expect((await accept(await tokenTo(email))).status).to.equal(303);
    expect((await act(id, 'inviteAgain')).status).to.equal(409);
  });

  it('say what is wrong with a password, and keep the link for the next try', async () => {
    const { email } = await invite();
    const token = await tokenTo(email);
    const said = async (password: string, again: string) => {
      const { status, text } = await accept(token, password, again);
      expect(status).to.equal(422);
      return /class="error"[^>]*>([^<]*)</.exec(text)?.[1];
    };
    expect(await said('short', 'short')).to.equal('At least 10 characters.');
    expect(await said('字'.repeat(30), '字'.repeat(30))).to.include('72 bytes');
    expect(await said(staffPassword, 'another password')).to.equal('The two are not the same.');
    expect((await accept(token)).status).to.equal(303);
  });

  it('forget the link when the mail has been sent', async () => {
    const { markSent, claimMail } = await import('../../src/mail/outbox.ts');
    const { email } = await invite();
    const [row] = await sql<{ id: string }>('SELECT id FROM emails WHERE to_address = $1', email);
    const mail = await claimMail(database.db, row?.id ?? '');
    await markSent(mail!, 'sent', panel.clock.now());
    const [sent] = await mailsTo(email);
    expect(sent?.data).to.not.have.property('token');
    expect(sent?.data.email).to.equal(email);
  });

  it('get another password by a link, and are signed out everywhere once it is chosen', async () => {
    const { id, email } = await addStaff(panel.services, 'support', 'Forgetful Fred');
    const client = await StaffClient.signedIn(panel, email);
    expect((await act(id, 'resetPassword')).status).to.equal(200);
    expect((await client.get('/api/dashboard')).status).to.equal(200);
    expect((await accept(await tokenTo(email), 'a new one, and longer')).status).to.equal(303);
    expect((await client.get('/api/dashboard')).status).to.equal(401);
    expect((await new StaffClient(panel).signIn(email)).status).to.equal(401);
    expect((await new StaffClient(panel).signIn(email, 'a new one, and longer')).status).to.equal(303);
  });

  it('ask for a link of their own, which goes to their address and nowhere else', async () => {
    const { id, email } = await addStaff(panel.services, 'viewer', 'Self Serving');
    const client = await StaffClient.signedIn(panel, email);
    expect((await client.send('POST', '/me/password')).headers.get('Location')).to.equal('/admin/me?mailed');
    expect((await client.get('/me?mailed')).text).to.include('on its way to your address');
    const mails = await mailsTo(email);
    expect(mails.map(({ template }) => template)).to.deep.equal(['staff_password']);
    expect((await accept(await tokenTo(email), 'chosen by themselves')).status).to.equal(303);
    expect((await client.get('/api/dashboard')).status).to.equal(401);
    expect(await actions(id)).to.deep.equal(['sign-in', 'reset-password', 'choose-password']);
  });

  it('never take a password from somebody else', async () => {
    const { id } = await addStaff(panel.services, 'support', 'Careful Carl');
    const body = { name: 'Carl', role: 'support', status: 'active', locale: 'en', password: 'an owner knows this' };
    expect((await act(id, 'edit', body)).status).to.equal(400);
    const made = { email: 'x@plantain.test', name: 'X', role: 'viewer', locale: 'en', password: 'an owner knows' };
    expect((await owner.post('/api/resources/staff/actions/new', made)).status).to.equal(400);
  });

  describe('that somebody guesses at', () => {
    const guess = (email: string) => new StaffClient(panel).signIn(email, 'a wrong guess');
    const turn = (ms: number) => {
      panel.machineClock.turnTo(new Date(panel.machineClock.now().getTime() + ms));
    };

    // The clock is turned further than a session lives without a request.
    beforeEach(async () => {
      owner = await StaffClient.signedIn(panel, 'olive.owner@plantain.test');
    });

    it('are locked for 15 minutes after ten wrong passwords, all at once or not, and say nothing of it', async () => {
      const { id, email } = await addStaff(panel.services, 'support', 'Guessed Gail');
      const answers = await Promise.all(Array.from({ length: 14 }, () => guess(email)));
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([401]));
      const right = await new StaffClient(panel).signIn(email);
      expect(right.status).to.equal(401);
      const problemOf = (text: string) => /role="alert">(.*?)<\/div>/s.exec(text)?.[1];
      const unknown = await guess('nobody.at.all@plantain.test');
      expect(problemOf(right.text)).to.equal(problemOf(unknown.text)).and.include('15 minutes');
      // Ten failures and the lock, no more: what comes later is not even counted.
      expect(await actions(id)).to.deep.equal([...Array<string>(10).fill('sign-in-failed'), 'lock']);
      turn(15 * 60_000 + 1000);
      expect((await new StaffClient(panel).signIn(email)).status).to.equal(303);
      const [row] = await sql('SELECT locked_until, failures FROM staff WHERE id = $1', id);
      expect(row).to.deep.equal({ locked_until: null, failures: [] });
    });

    it('are not locked by failures that lie further apart, nor by those before a sign-in', async () => {
      const { email } = await addStaff(panel.services, 'support', 'Clumsy Clara');
      for (let n = 0; n < 9; n += 1) await guess(email);
      turn(15 * 60_000 + 1000);
      await guess(email);
      expect((await new StaffClient(panel).signIn(email)).status).to.equal(303);
      for (let n = 0; n < 9; n += 1) await guess(email);
      expect((await new StaffClient(panel).signIn(email)).status).to.equal(303);
    });

    it('are unlocked by an owner, with a reason', async () => {
      const { id, email } = await addStaff(panel.services, 'support', 'Locked Lou');
      expect((await act(id, 'unlock')).status).to.equal(409);
      for (let n = 0; n < 10; n += 1) await guess(email);
      expect((await act(id, 'unlock', {})).status).to.equal(400);
      expect((await act(id, 'unlock')).status).to.equal(200);
      expect((await new StaffClient(panel).signIn(email)).status).to.equal(303);
      const [entry] = await sql(`SELECT staff_id, reason FROM audit_log WHERE action = 'staff.unlock'`);
      expect(entry).to.deep.equal({ staff_id: ownerId, reason: 'asked by telephone' });
    });
  });
});
