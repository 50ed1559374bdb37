import { expect } from 'chai';
import { call, Client, useApp } from '../support/app.ts';

describe('signing in by API', function () {
  this.timeout(30_000);
  const app = useApp();
  const refresh = (refresh_token: string) => call(app, 'POST', '/api/v1/auth/refresh', { body: { refresh_token } });

  it('registers and signs in, whatever the case of the address', async () => {
    const client = await Client.register(app, { email: 'Ada@Example.com', name: 'Ada', locale: 'zh-CN' });
    const me = await client.get('/users/me');
    expect(me.body).to.include({
      email: 'Ada@Example.com',
      name: 'Ada',
      locale: 'zh-CN',
      email_verified: false,
      status: 'active',
    });
    const answer = await call(app, 'POST', '/api/v1/auth/login', {
      body: { email: 'ada@example.COM', password: client.password },
    });
    expect(answer.status).to.equal(200);
    expect(answer.body).to.include({ token_type: 'bearer', expires_in: 900 });
  });

  it('changes name and language, and nothing else', async () => {
    const client = await Client.register(app);
    const path = '/api/v1/users/me';
    const changed = await call(app, 'PATCH', path, { token: client.token, body: { name: '李雷', locale: 'zh-CN' } });
    expect(changed.body).to.include({ name: '李雷', locale: 'zh-CN' });
  });

  it('rotates the refresh token, and ends the whole family when an old one comes back', async () => {
    const { refreshToken: first } = await Client.register(app);
    const second = (await refresh(first)).body.refresh_token as string;
    const third = (await refresh(second)).body.refresh_token as string;
    expect(third).to.be.a('string');
    expect((await refresh(first)).status).to.equal(401);
    expect((await refresh(third)).status).to.equal(401);
  });

  it('lets one of two that use a token at once have the next', async () => {
    const { refreshToken } = await Client.register(app);
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 401]);
  });

  it('signs out', async () => {
    const { refreshToken } = await Client.register(app);
    const out = await call(app, 'POST', '/api/v1/auth/logout', { body: { refresh_token: refreshToken } });
    expect(out.status).to.equal(204);
    expect((await refresh(refreshToken)).status).to.equal(401);
  });

  it('lets tokens expire by the clock', async () => {
    const client = await Client.register(app);
    app.clock.turnTo(new Date(app.clock.now().getTime() + 16 * 60_000));
    expect((await client.get('/users/me')).status).to.equal(401);
    expect((await refresh(client.refreshToken)).status).to.equal(200);
    app.clock.turnTo(new Date(app.clock.now().getTime() + 61 * 24 * 3600_000));
    expect((await refresh(client.refreshToken)).status).to.equal(401);
  });
});

describe('limits', function () {
  this.timeout(30_000);
  const app = useApp({ config: { rateLimits: true } });

  it('stops the eleventh sign-in of a minute, and says for how long', async () => {
    const body = { email: 'guess@example.com', password: 'wrong password' };
    const answers = [];
    for (let attempt = 0; attempt < 11; attempt += 1)
      answers.push(await call(app, 'POST', '/api/v1/auth/login', { body }));
    expect(answers.slice(0, 10).map(({ status }) => status)).to.deep.equal(Array(10).fill(401));
    const last = answers[10];
    expect(last?.status).to.equal(429);
    expect(last?.body).to.include({ code: 'rate_limited' });
    expect(Number(last?.headers.get('retry-after'))).to.be.within(1, 60);
    expect(last?.headers.get('ratelimit')).to.match(/r=0;t=\d+/);
    // Another account from the same place is not locked out by it.
    const other = await call(app, 'POST', '/api/v1/auth/login', { body: { ...body, email: 'other@example.com' } });
    expect(other.status).to.equal(401);
  });
});
