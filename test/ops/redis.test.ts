import { expect } from 'chai';
import { endStaffSessions } from '../../src/billing/manage-staff.ts';
import { newId } from '../../src/kit/ids.ts';
import { StaffClient } from '../admin/staff-client.ts';
import { call, Client, eventually, startApp, type Answer, type TestApp } from '../support/app.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { addStaffActor } from '../support/staff.ts';
import { Visitor } from '../support/visitor.ts';

/** Longer than anything may take while Redis is away, and far shorter than "it hangs". */
const promptMs = 8_000;

describe('two processes on one Redis', function () {
  this.timeout(60_000);
  requireService('redis');
  let redis: TestRedis;
  let one: TestApp;
  let two: TestApp;

  before(async () => {
    redis = await startRedis();
    one = await startApp({ config: { redisUrl: redis.url, rateLimits: true } });
    two = await one.another();
    await Promise.all([one, two].map((app) => becomes(app, 'ok')));
  });
  after(async () => {
    await one.close();
    await redis.remove();
  });
  afterEach(async () => {
    await redis.start();
    await Promise.all([one, two].map((app) => becomes(app, 'ok')));
  });

  async function readiness(app: TestApp): Promise<Answer> {
    return call(app, 'GET', '/readyz');
  }

  async function becomes(app: TestApp, status: string): Promise<Answer> {
    return eventually(async () => {
      const answer = await readiness(app);
      return answer.body.status === status ? answer : undefined;
    });
  }

  async function loseRedis(): Promise<void> {
    await redis.stop();
    await Promise.all([one, two].map((app) => becomes(app, 'degraded')));
  }

  /** Counted as a try, and refused before a password is compared, which is slow by design. */
  function guess(app: TestApp, email: string): Promise<Answer> {
    return call(app, 'POST', '/api/v1/auth/login', { body: { email } });
  }

  /** How many guesses are answered before the account is closed to more, `where` taking turns. */
  async function guessesUntilLimited(email: string, where: TestApp[]): Promise<number> {
    for (let count = 0; count < 30; count += 1) {
      const { status } = await guess(where[count % where.length] ?? one, email);
      if (status === 429) return count;
      expect(status).to.equal(400);
    }
    throw new Error('nothing stopped the guessing');
  }

  it('know each other’s customers, and both forget one who signs out', async () => {
    const customer = new Visitor(one);
    await customer.register(`${newId()}@example.com`);
    const elsewhere = customer.at(two);
    expect((await elsewhere.get('/account')).status).to.equal(200);
    expect((await elsewhere.post('/logout')).status).to.equal(303);
    expect((await customer.get('/account')).headers.get('Location')).to.match(/^\/login\?/);
  });

  it('know each other’s staff, with what is ended or changed in one of them at once in the other', async () => {
    const staff = await addStaffActor(one);
    const { rows } = await one.db.pool.query<{ email: string }>('SELECT email FROM staff WHERE id = $1', [
      staff.staffId,
    ]);
    const here = new StaffClient({ url: `${one.url}/admin` });
    expect((await here.signIn(rows[0]?.email ?? '')).status).to.equal(303);
    const there = new StaffClient({ url: `${two.url}/admin` });
    there.cookie = here.cookie;
    expect((await there.get('/me')).status).to.equal(200);
    await one.db.pool.query(`UPDATE staff SET role = 'viewer' WHERE id = $1`, [staff.staffId]);
    expect((await there.get('/me')).status).to.equal(200);
    expect(there.cookie).to.not.equal(here.cookie);
    expect((await here.get('/me')).status, 'under the old id').to.equal(303);
    here.cookie = there.cookie;
    expect((await here.get('/me')).status).to.equal(200);
    await endStaffSessions(two.services, { staffId: staff.staffId, staff, reason: 'leaves' });
    expect((await here.get('/me')).status).to.equal(303);
  });

  it('count sign-ins together', async () => {
    expect(await guessesUntilLimited(`${newId()}@example.com`, [one, two])).to.equal(10);
  });

  it('say which part is missing, and stay in service', async () => {
    expect((await readiness(one)).body).to.deep.equal({
      status: 'ok',
      checks: { database: 'ok', queue: 'ok', redis: 'ok' },
    });
    await loseRedis();
    const { status, body } = await readiness(one);
    expect(status).to.equal(200);
    expect(body).to.deep.equal({ status: 'degraded', checks: { database: 'ok', queue: 'ok', redis: 'down' } });
  });

  it('sell and spend by API without Redis, without making anybody wait', async () => {
    await loseRedis();
    const started = performance.now();
    const customer = await Client.register(one);
    await customer.signIn();
    await customer.buy({ pack_code: 'pack-500' });
    const spent = await customer.post('/credits/consume', { amount: 5, feature_type: 'image' });
    expect(spent.body).to.include({ balance_after: 495 });
    expect(performance.now() - started).to.be.below(promptMs);
  });

  it('limit guessing without Redis, each for itself', async () => {
    await loseRedis();
    const email = `${newId()}@example.com`;
    expect(await guessesUntilLimited(email, [one])).to.equal(10);
    expect((await guess(one, email)).headers.get('Retry-After')).to.match(/^\d+$/);
    expect(await guessesUntilLimited(email, [two])).to.equal(10);
  });

  it('show what needs no sign-in to everybody, and ask for patience with the rest', async () => {
    const email = `${newId()}@example.com`;
    const customer = new Visitor(one);
    await customer.register(email);
    const cookies = new Map(customer.cookies);
    await loseRedis();

    for (const visitor of [customer, new Visitor(one)]) {
      for (const path of ['/', '/pricing', '/login', '/register', '/sandbox']) {
        expect((await visitor.get(path)).status, path).to.equal(200);
      }
      for (const path of ['/account', '/account/orders', '/checkout/pro']) {
        const answer = await visitor.get(path);
        expect(answer.status, path).to.equal(503);
        expect(answer.text, path).to.contain('Try again in a minute');
      }
    }
    // Nobody is told that they signed in, out or up while that could not be kept.
    const password = 'a long enough password';
    const stranger = `${newId()}@example.com`;
    expect((await customer.post('/login', { email, password })).status).to.equal(503);
    expect((await customer.post('/logout')).status).to.equal(503);
    expect((await customer.post('/register', { email: stranger, password, name: '' })).status).to.equal(503);
    const { body } = await call(one, 'POST', '/api/v1/auth/login', { body: { email: stranger, password } });
    expect(body.code).to.equal('invalid_credentials');
    expect(customer.cookies.get('plantain.sid')).to.equal(cookies.get('plantain.sid'));
  });

  it('sign people in again as soon as Redis is back', async () => {
    const email = `${newId()}@example.com`;
    const password = 'a long enough password';
    const customer = new Visitor(one);
    await customer.register(email);
    await loseRedis();
    await redis.start();
    await Promise.all([one, two].map((app) => becomes(app, 'ok')));
    // This Redis came back empty.
    expect((await customer.get('/account')).headers.get('Location')).to.match(/^\/login\?/);
    expect((await customer.post('/login', { email, password })).headers.get('Location')).to.equal('/account');
    expect((await customer.at(two).get('/account')).status).to.equal(200);
    expect(await guessesUntilLimited(`${newId()}@example.com`, [one, two])).to.equal(10);
  });

  it('wait for a Redis that hangs once, not with every request', async () => {
    const customer = new Visitor(one);
    await customer.register(`${newId()}@example.com`);
    redis.freeze();
    try {
      await becomes(one, 'degraded');
      const started = performance.now();
      for (let count = 0; count < 5; count += 1) expect((await customer.get('/pricing')).status).to.equal(200);
      expect((await guess(one, `${newId()}@example.com`)).status).to.equal(400);
      expect(performance.now() - started).to.be.below(promptMs);
    } finally {
      redis.thaw();
    }
    await becomes(one, 'ok');
    expect((await customer.get('/account')).status).to.equal(200);
  });
});
