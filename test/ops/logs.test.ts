import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createLogger, describeError } from '../../src/kit/logger.ts';
import { addApiKey, call, Client, eventually, startApp, type Json, type TestApp } from '../support/app.ts';
import { addStaffActor } from '../support/staff.ts';
import { Visitor } from '../support/visitor.ts';

/** A log that is read line by line, as whoever collects it does. */
function collect(): { stream: Writable; lines: () => Json[]; text: () => string } {
  let written = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  const lines = () => written.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Json); // prettier-ignore
  return { stream, lines, text: () => written };
}

describe('the log', function () {
  this.timeout(60_000);
  const log = collect();
  let app: TestApp;

  before(async () => {
    app = await startApp({ log: createLogger('trace', log.stream) });
  });
  after(() => app.close());

  /** The line about a request, by the id that its answer carried. */
  function lineAbout(headers: Headers): Promise<Json> {
    const id = headers.get('X-Request-Id');
    return eventually(() => Promise.resolve(log.lines().find(({ req }) => (req as Json | undefined)?.['id'] === id)));
  }

  it('has one line per request: when, which, how it ended and how long it took, and nothing else', async () => {
    const { headers } = await call(app, 'GET', '/api/v1/plans?locale=en');
    const { time, responseTime, ...line } = await lineAbout(headers);
    expect(line).to.deep.equal({
      level: 'info',
      req: { id: headers.get('X-Request-Id'), method: 'GET', path: '/api/v1/plans' },
      res: { status: 200 },
      msg: 'request completed',
    });
    expect(time).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(responseTime).to.be.a('number');
  });

  it('holds no secret and no customer’s data after everything that customers and staff do', async () => {
    const email = 'very.private@example.com';
    const customer = await Client.register(app, { email, name: 'Marguerite Undisclosed' });
    const secrets = [email, 'Undisclosed', customer.password, customer.token, customer.refreshToken];

    await customer.buy({ plan_code: 'pro' });
    await app.simulator.idle();
    await eventually(async () =>
      ((await call(app, 'GET', `/sandbox/api/mail?to=${email}`)).body as unknown as Json[]).find(
        ({ template }) => template === 'receipt',
      ),
    );
    const refreshed = await call(app, 'POST', '/api/v1/auth/refresh', {
      body: { refresh_token: customer.refreshToken },
    });
    secrets.push(refreshed.body['access_token'] as string, refreshed.body['refresh_token'] as string);
    const key = await addApiKey(app);
    secrets.push(key);
    await call(app, 'GET', `/api/v1/credits?user_id=${customer.id}&note=spilled-query`, { token: key });
    await call(app, 'POST', '/api/v1/auth/login', { body: { email, password: 'a wrong but telling one' } });
    await call(app, 'POST', '/api/v1/auth/login', { raw: `{"email":"${email}","password":"torn in half` });
    await call(app, 'POST', '/webhooks/paypal', { raw: JSON.stringify({ payer: { email_address: email } }) });
    secrets.push('spilled-query', 'a wrong but telling one', 'torn in half', email.toUpperCase());

    const visitor = new Visitor(app);
    await visitor.post('/login', { email, password: customer.password, next: '/account?next=spilled-query' });
    await visitor.get('/account?email=spilled-query');
    await visitor.post('/account/cancel');
    secrets.push(...visitor.cookies.values(), ...[...visitor.cookies.values()].map(decodeURIComponent));
    await addStaffActor(app);
    const staff = new Visitor(app);
    await staff.post('/admin/login', { email: 'olive@plantain.test', password: 'leaf and tag, wrong' });
    secrets.push('leaf and tag, wrong', 'olive@plantain.test');

    expect(log.lines().length).to.be.above(15);
    for (const secret of secrets) expect(log.text().includes(secret), `${secret} is in the log`).to.equal(false);
    expect(log.text()).not.to.match(/@example\.com|set-cookie|bearer|\?/i);
  });

  it('tells what failed on our side, under the id that the caller was told', async () => {
    await app.db.pool.query('ALTER TABLE plans RENAME TO plans_away');
    try {
      const { status, headers, body } = await call(app, 'GET', '/api/v1/plans?token=spilled-query');
      expect(status).to.equal(500);
      const failure = await eventually(() =>
        Promise.resolve(log.lines().find(({ request_id }) => request_id === headers.get('X-Request-Id'))),
      );
      expect(failure).to.include({ level: 'error', path: '/api/v1/plans', request_id: body['request_id'] });
      expect(failure).to.have.nested.property('err.message').that.contains('plans');
      expect(Object.keys(failure['err'] as Json)).to.deep.equal(['type', 'message', 'stack']);
      expect(await lineAbout(headers)).to.include({ level: 'error' });
      expect(log.text()).not.to.contain('spilled-query');
    } finally {
      await app.db.pool.query('ALTER TABLE plans_away RENAME TO plans');
    }
  });
});

describe('what is logged by mistake', () => {
  const written = (logged: Json): string => {
    const log = collect();
    createLogger('info', log.stream).info(logged, 'oops');
    return log.text();
  };
  const names = ['password', 'passwordHash', 'token', 'access_token', 'refresh_token', 'authorization', 'cookie', 'secret', 'api_key', 'payer', 'rawBody']; // prettier-ignore

  for (const name of names) {
    it(`is removed when it is called ${name}, also two levels down`, () => {
      const logged = { [name]: 's3cret', one: { [name]: 's3cret', two: { [name]: 's3cret', kept: 'kept' } } };
      expect(written(logged)).not.to.contain('s3cret');
      expect(written(logged).match(/\[removed\]/g)).to.have.length(3);
      expect(written(logged)).to.contain('kept');
    });
  }

  it('is left out of errors but for their message, type, stack and cause', () => {
    const inner = Object.assign(new Error('refused'), { config: { headers: { Authorization: 'Bearer s3cret' } } });
    const error = Object.assign(new Error('a call failed', { cause: inner }), { request: { body: 's3cret' } });
    expect(written({ err: error }))
      .to.contain('a call failed')
      .and.to.contain('refused')
      .and.not.to.contain('s3cret');
    expect(describeError('thrown as text')).to.deep.equal({ message: 'thrown as text' });
  });
});
