import { connect } from 'node:net';
import { expect } from 'chai';
import { call, startApp, useApp, type TestApp } from '../support/app.ts';

/** Every header name that speaks of CORS. */
function corsOf(headers: Headers): string[] {
  return [...headers.keys()].filter((name) => name.startsWith('access-control-'));
}

function preflight(app: Pick<TestApp, 'url'>, origin: string, path = '/api/v1/credits/consume'): Promise<Response> {
  const asked = {
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization,content-type',
  };
  return fetch(`${app.url}${path}`, { method: 'OPTIONS', headers: { Origin: origin, ...asked } });
}

describe('scripts of other sites', function () {
  this.timeout(60_000);
  const listed = 'https://shop.example';
  const app = useApp({ config: { corsOrigins: [listed, 'https://second.example'] } });

  it('may call the API from a listed site', async () => {
    const asked = await preflight(app, listed);
    expect(asked.status).to.equal(204);
    expect(asked.headers.get('Access-Control-Allow-Origin')).to.equal(listed);
    expect(asked.headers.get('Access-Control-Allow-Methods')).to.contain('POST');
    expect(asked.headers.get('Access-Control-Allow-Headers')).to.equal('authorization,content-type');
    // Tokens travel in a header; cookies have no business here.
    expect(asked.headers.get('Access-Control-Allow-Credentials')).to.equal(null);

    const { status, headers } = await call(app, 'GET', '/api/v1/plans', { headers: { Origin: listed } });
    expect(status).to.equal(200);
    expect(headers.get('Access-Control-Allow-Origin')).to.equal(listed);
    expect(headers.get('Access-Control-Expose-Headers')).to.contain('Retry-After');
    expect(headers.get('Vary')).to.match(/\bOrigin\b/);
  });

  it('read refusals from a listed site too', async () => {
    const { status, headers } = await call(app, 'GET', '/api/v1/credits', { headers: { Origin: listed } });
    expect(status).to.equal(401);
    expect(headers.get('Access-Control-Allow-Origin')).to.equal(listed);
  });

  for (const origin of [
    'https://evil.example',
    `${listed}.evil.example`,
    'http://shop.example',
    'null',
    `${listed}:8443`,
  ]) {
    it(`learn nothing from ${origin}`, async () => {
      expect(corsOf((await preflight(app, origin)).headers)).to.deep.equal([]);
      const { headers } = await call(app, 'GET', '/api/v1/plans', { headers: { Origin: origin } });
      expect(corsOf(headers)).to.deep.equal([]);
    });
  }

  it('may call nothing but the API', async () => {
    for (const path of ['/pricing', '/admin/login', '/sandbox/api/clock', '/metrics', '/webhooks/paypal']) {
      expect(corsOf((await preflight(app, listed, path)).headers), path).to.deep.equal([]);
    }
  });
});

describe('headers', function () {
  this.timeout(60_000);
  const app = useApp();

  it('open the API to no other site unless the settings list it', async () => {
    expect(corsOf((await preflight(app, 'https://shop.example')).headers)).to.deep.equal([]);
    const { headers } = await call(app, 'GET', '/api/v1/plans', { headers: { Origin: 'https://shop.example' } });
    expect(corsOf(headers)).to.deep.equal([]);
  });

  for (const path of [
    '/pricing',
    '/login',
    '/nothing',
    '/plantain.css',
    '/api/v1/plans',
    '/api/v1/nothing',
    '/healthz',
  ]) {
    it(`keep ${path} out of frames, and its content to what it is`, async () => {
      const { headers } = await call(app, 'GET', path);
      const policy = headers.get('Content-Security-Policy') ?? '';
      expect(policy).to.contain("default-src 'self'").and.to.contain("frame-ancestors 'none'");
      expect(policy).to.contain("object-src 'none'").and.to.contain("base-uri 'none'");
      expect(policy).not.to.contain('unsafe');
      expect(policy, 'would break a site without https').not.to.contain('upgrade-insecure-requests');
      expect(headers.get('X-Content-Type-Options')).to.equal('nosniff');
      expect(headers.get('X-Frame-Options')).to.equal('DENY');
      expect(headers.get('Referrer-Policy')).to.equal('same-origin');
      expect(headers.get('X-Powered-By')).to.equal(null);
      expect(headers.get('Strict-Transport-Security')).to.equal(null);
    });
  }

  it('give the panel a policy of its own, as strict', async () => {
    const { headers } = await call(app, 'GET', '/admin/login');
    expect(headers.get('Content-Security-Policy')).to.contain("default-src 'none'").and.not.to.contain('unsafe');
  });

  it('set cookies that scripts cannot read and other sites cannot send with a form', async () => {
    const { headers } = await call(app, 'POST', '/register', {
      raw: new URLSearchParams({
        email: 'cookie@example.com',
        password: 'a long enough password',
        name: '',
      }).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    const cookie = headers.getSetCookie().find((each) => each.startsWith('plantain.sid='));
    expect(cookie)
      .to.match(/; Path=\/;/)
      .and.to.match(/; HttpOnly/)
      .and.to.match(/; SameSite=Lax/);
  });

  it('send browsers to https for a year where the site is https', async () => {
    const secure = await startApp({ config: { trustProxy: 1 }, publicUrl: 'https://plantain.example' });
    try {
      const { headers } = await call(secure, 'GET', '/pricing', { headers: { 'X-Forwarded-Proto': 'https' } });
      expect(headers.get('Strict-Transport-Security')).to.equal('max-age=31536000');
      expect(headers.get('Content-Security-Policy')).to.contain('upgrade-insecure-requests');
    } finally {
      await secure.close();
    }
  });
});

describe('request ids', function () {
  this.timeout(60_000);
  const app = useApp();
  const made = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

  it('are made here, told in the header and in the problem document', async () => {
    const { headers, body } = await call(app, 'GET', '/api/v1/credits');
    expect(headers.get('X-Request-Id')).to.match(made);
    expect(body['request_id']).to.equal(headers.get('X-Request-Id'));
  });

  it('are taken over from a proxy', async () => {
    const { headers } = await call(app, 'GET', '/pricing', { headers: { 'X-Request-Id': 'edge-7.f_3' } });
    expect(headers.get('X-Request-Id')).to.equal('edge-7.f_3');
  });

  for (const [what, id] of [
    ['too long', 'x'.repeat(101)],
    ['markup', '<script>alert(1)</script>'],
    ['a log line', 'a","level":"fatal'],
    ['spaces', 'a b'],
    ['not ASCII', 'caf\u00e9'],
    ['empty', ''],
  ] as const) {
    it(`are made anew when the given one is ${what}`, async () => {
      const { headers } = await call(app, 'GET', '/api/v1/credits', { headers: { 'X-Request-Id': id } });
      expect(headers.get('X-Request-Id')).to.match(made);
    });
  }

  it('given twice are made anew, and a broken header never becomes a header of the answer', async () => {
    const raw = (lines: string) =>
      new Promise<string>((resolve, reject) => {
        let said = '';
        const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => {
          socket.end(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines}\r\n\r\n`);
        });
        socket.on('data', (chunk) => (said += String(chunk))).on('error', reject);
        socket.on('close', () => {
          resolve(said);
        });
      });
    expect(await raw('X-Request-Id: one\r\nX-Request-Id: two')).to.match(/X-Request-Id: [0-9a-f]{8}-/);
    const split = await raw('X-Request-Id: one\rSet-Cookie: plantain.sid=planted');
    expect(split).not.to.contain('planted');
  });
});
