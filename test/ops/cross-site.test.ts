import { expect } from 'chai';
import { newId } from '../../src/kit/ids.ts';
import { call, Client, useApp } from '../support/app.ts';
import { Visitor } from '../support/visitor.ts';

interface Layer {
  /** Mounted at `/`. */
  slash: boolean;
  route?: { path: string | string[]; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

/** Every address of the pages that takes more than a look, as Express knows them: new ones are tested unasked. */
function unsafeRoutes(stack: Layer[]): { method: string; path: string }[] {
  return stack.flatMap(({ route, slash, handle }) => {
    if (route === undefined) return slash && handle.stack !== undefined ? unsafeRoutes(handle.stack) : [];
    const methods = Object.keys(route.methods).filter((method) => !['get', 'head'].includes(method));
    return [route.path].flat().flatMap((path) => methods.map((method) => ({ method: method.toUpperCase(), path })));
  });
}

/** As far as the router is concerned. */
function filled(path: string): string {
  return path.replace(':planCode', 'pro').replace(':packCode', 'pack-500').replace(/:\w+/g, 'x');
}

describe('requests that another site makes with a customer’s cookie', function () {
  this.timeout(60_000);
  const app = useApp();
  const email = `${newId()}@example.com`;
  let customer: Client;
  let visitor: Visitor;

  before(async () => {
    customer = await Client.register(app, { email });
    await customer.buy({ plan_code: 'pro' });
    visitor = new Visitor(app);
    expect((await visitor.post('/login', { email, password: customer.password })).status).to.equal(303);
  });

  const foreign = (): [string, Record<string, string>][] => [
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a neighbour below the same domain', { 'Sec-Fetch-Site': 'same-site' }],
    ['another site that claims to be ours', { 'Sec-Fetch-Site': 'cross-site', Origin: app.url }],
    ['another site, by an old browser', { Origin: 'https://evil.example' }],
    ['another port, by an old browser', { Origin: 'http://127.0.0.1:1' }],
    ['a frame without an origin', { Origin: 'null' }],
    ['nonsense', { Origin: 'nonsense' }],
  ];
  const own = (): [string, Record<string, string>][] => [
    ['our page', { 'Sec-Fetch-Site': 'same-origin', Origin: app.url }],
    ['our page, by an old browser', { Origin: app.url }],
    ['the address bar', { 'Sec-Fetch-Site': 'none' }],
    ['no browser', {}],
  ];

  async function send(method: string, path: string, headers: Record<string, string>): Promise<number> {
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return (await call(app, method, path, { headers: { ...headers, Cookie: cookie } })).status;
  }

  it('are refused by every page, and change nothing', async () => {
    const routes = unsafeRoutes((app.app as unknown as { router: { stack: Layer[] } }).router.stack);
    expect(routes.map(({ path }) => path)).to.include.members([
      '/login',
      '/register',
      '/logout',
      '/checkout/:planCode',
      '/checkout/packs/:packCode',
      '/account/cancel',
      '/account/resume',
      '/account/language',
      '/account/low-balance-mails',
      '/sandbox/clock',
      '/sandbox/faults',
    ]);
    const before = await customer.subscription();
    for (const { method, path } of routes) {
      for (const [who, headers] of foreign()) {
        expect(await send(method, filled(path), headers), `${method} ${path} by ${who}`).to.equal(403);
      }
    }
    expect(await customer.subscription()).to.deep.equal(before);
    expect((await visitor.get('/account')).status).to.equal(200);
    expect((await customer.get('/payments/orders')).body['data']).to.have.length(1);
  });

  it('are refused by the sandbox’s and the panel’s doors', async () => {
    const { body: clock } = await call(app, 'GET', '/sandbox/api/clock');
    for (const [method, path] of [
      ['POST', '/sandbox/api/clock'],
      ['POST', '/sandbox/api/paypal/faults'],
      ['DELETE', '/sandbox/api/paypal/faults'],
      ['POST', '/sandbox/api/paypal/captures/x/refund'],
      ['POST', '/sandbox/api/jobs/reset-quotas/run'],
      ['POST', '/admin/login'],
      ['POST', '/admin/logout'],
      ['POST', '/admin/login/code'],
      ['POST', '/admin/login/enrol'],
      ['POST', '/admin/invitation'],
      ['POST', '/admin/me/sessions/end'],
      ['POST', '/admin/api/resources/User/actions/new'],
    ] as const) {
      for (const [who, headers] of foreign()) {
        expect(await send(method, path, headers), `${method} ${path} by ${who}`).to.equal(403);
      }
      for (const [who, headers] of own()) {
        expect(await send(method, path, headers), `${method} ${path} by ${who}`).not.to.equal(403);
      }
    }
    const { body: later } = await call(app, 'GET', '/sandbox/api/clock');
    expect(Date.parse(later['now'] as string) - Date.parse(clock['now'] as string)).to.be.below(60_000);
  });

  it('get no further by asking the API, which knows no cookies', async () => {
    const path = '/api/v1/subscriptions/current/cancel';
    expect(await send('POST', path, { 'Sec-Fetch-Site': 'same-origin' })).to.equal(401);
  });

  it('may lead here, as every link does', async () => {
    for (const [who, headers] of foreign()) {
      for (const path of ['/pricing', '/account', '/checkout/pro']) {
        expect((await visitor.get(path, headers)).status, `${path} from ${who}`).to.equal(200);
      }
    }
  });

  it('are told from our own', async () => {
    for (const [who, headers] of own()) {
      const form = { locale: 'zh-CN' };
      expect((await visitor.post('/account/language', form, headers)).status, who).to.equal(303);
      expect((await visitor.post('/account/cancel', {}, headers)).headers.get('Location'), who).to.contain('cancelled');
      expect((await visitor.post('/account/resume', {}, headers)).headers.get('Location'), who).to.contain('resumed');
    }
  });
});

describe('our own pages behind a proxy', function () {
  this.timeout(60_000);
  const app = useApp({ config: { trustProxy: 1 } });

  it('are known by the address that the browser sees', async () => {
    const proxied = { 'X-Forwarded-Host': 'plantain.example', 'X-Forwarded-Proto': 'https' };
    const visitor = new Visitor(app);
    const from = (Origin: string) => visitor.post('/login', { email: '', password: '' }, { ...proxied, Origin });
    expect((await from('https://plantain.example')).status).to.equal(422);
    expect((await from('https://evil.example')).status).to.equal(403);
    expect((await from(app.url)).status).to.equal(403);
  });
});
