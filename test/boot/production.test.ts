import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { startRedis } from '../support/redis.ts';
import type { TestRedis } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { runProgram, temporaryDataDir } from '../support/start.ts';
import type { Program } from '../support/start.ts';

describe('a production start with every setting', function () {
  requireService('redis');
  this.timeout(90_000);
  const place = temporaryDataDir();
  let database: TestDatabase;
  let redis: TestRedis;
  let program: Program;
  let url = '';
  before(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), startRedis()]);
    program = runProgram('src/main.ts', [], {
      NODE_ENV: 'production',
      PORT: '0',
      PUBLIC_URL: 'https://billing.example.com/',
      DATA_DIR: place.dataDir,
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      PAYPAL_ENVIRONMENT: 'sandbox',
      PAYPAL_CLIENT_ID: 'id',
      PAYPAL_CLIENT_SECRET: 'paypal-secret',
      PAYPAL_WEBHOOK_ID: 'hook',
      SMTP_URL: 'smtp://127.0.0.1:9',
      MAIL_FROM: 'Billing <billing@example.com>',
      SESSION_SECRET: 'session-'.repeat(5),
      JWT_SECRET: 'jwt-secret'.repeat(5),
      DATA_ENCRYPTION_KEY: 'data-key'.repeat(5),
      TRUST_PROXY: '1',
    });
    const [, port] = await program.says(/"port":(\d+).*"ready"/);
    url = `http://127.0.0.1:${port ?? ''}`;
  });
  after(async () => {
    program.child.kill('SIGTERM');
    await program.ended;
    await redis.remove();
    await database.drop();
    place.remove();
  });

  it('answers, and says that all is well', async () => {
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).to.equal(200);
    expect(await ready.json()).to.deep.equal({ status: 'ok', checks: { database: 'ok', queue: 'ok', redis: 'ok' } });
  });

  it('has no sandbox', async () => {
    for (const path of ['/sandbox', '/sandbox/api/clock', '/sandbox/api/mail', '/sandbox/paypal/v1/oauth2/token']) {
      expect((await fetch(`${url}${path}`)).status, path).to.equal(404);
    }
  });

  it('makes nobody up, and keeps nothing in its directory', async () => {
    const pool = database.connect().pool;
    const { rows } = await pool.query('SELECT email FROM staff UNION ALL SELECT email FROM users');
    expect(rows).to.deep.equal([]);
    expect(existsSync(place.dataDir)).to.equal(false);
  });

  it('speaks JSON to its log, and never a secret', async () => {
    await fetch(`${url}/login`, { headers: { cookie: 'plantain.sid=SECRET-COOKIE', authorization: 'Bearer SECRET' } });
    await program.says(/"\/login"/);
    for (const line of program.stdout().trim().split('\n'))
      expect(() => JSON.parse(line) as unknown, line).not.to.throw();
    expect(program.stdout()).not.to.match(/SECRET|paypal-secret|session-session|jwt-secret|data-key/);
    expect(program.stderr()).to.equal('');
  });

  it('insists on https', async () => {
    const page = await fetch(`${url}/`, { headers: { 'x-forwarded-proto': 'https' } });
    expect(page.status).to.equal(200);
    expect(page.headers.get('strict-transport-security')).to.match(/^max-age=31536000/);
  });

  it('ends in order', async () => {
    program.child.kill('SIGTERM');
    expect(await program.ended).to.equal(0);
    expect(program.stdout()).to.match(/"stopped"\}\n$/);
  });
});
