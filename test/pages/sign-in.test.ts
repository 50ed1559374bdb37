import { expect } from 'chai';
import { safeNext } from '../../src/pages/sign-in.ts';
import { Client, useApp } from '../support/app.ts';
import { Visitor } from './visitor.ts';

describe('signing in', () => {
  const app = useApp({ worker: false });
  const password = 'a long enough password';

  it('leads on to our own pages only', () => {
    expect(safeNext('/checkout/pro?type=yearly')).to.equal('/checkout/pro?type=yearly');
    const hostile = [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example/',
      '/\t/evil.example',
      'javascript:alert(1)',
    ];
    for (const next of [...hostile, '', undefined, 7, ['/a']]) {
      expect(new URL(safeNext(next), app.url).origin, String(next)).to.equal(app.url);
    }
    expect(safeNext('/%5cevil.example/..//evil.example')).not.to.match(/^\/[/\\]/);
  });

  it('begins a new session, and signing out ends it', async () => {
    const customer = await Client.register(app);
    const visitor = new Visitor(app.url);
    await visitor.get('/login');
    const signedIn = await visitor.post('/login', { email: customer.email, password, next: '/account/orders' });
    expect([signedIn.status, signedIn.headers.get('location')]).to.deep.equal([303, '/account/orders']);
    const first = visitor.cookies.get('plantain.sid');
    expect((await visitor.get('/account')).status).to.equal(200);

    await visitor.post('/login', { email: customer.email, password });
    expect(visitor.cookies.get('plantain.sid'), 'a session id that somebody else may know').not.to.equal(first);

    await visitor.post('/logout', {});
    const refused = await visitor.get('/account');
    expect([refused.status, refused.headers.get('location')]).to.deep.equal([303, '/login?next=%2Faccount']);
  });

  it('tells a wrong password at the form and keeps the address', async () => {
    const customer = await Client.register(app);
    const answer = await new Visitor(app.url).post('/login', {
      email: customer.email,
      password: 'not this one at all',
    });
    const html = await answer.text();
    expect(answer.status).to.equal(401);
    expect(html).to.contain('The e-mail address or the password is wrong.').and.to.contain(`value="${customer.email}"`);
    expect(html).not.to.contain('not this one at all');
  });

  it('tells every field that is wrong in a registration', async () => {
    const form = { email: 'nobody', password: 'short', name: 'x'.repeat(101) };
    const answer = await new Visitor(app.url).post('/register', form);
    const html = await answer.text();
    expect(answer.status).to.equal(422);
    for (const field of ['email', 'password', 'name']) expect(html).to.contain(`id="${field}-error"`);
  });

  it('does not open a second account for the same address', async () => {
    const customer = await Client.register(app);
    const answer = await new Visitor(app.url).post('/register', { email: customer.email.toUpperCase(), password });
    expect(answer.status).to.equal(422);
    expect(await answer.text()).to.contain('An account with this address exists.');
  });

  it('refuses forms that another site sends', async () => {
    const answer = await new Visitor(app.url).post('/logout', {}, 'cross-site');
    expect(answer.status).to.equal(403);
  });

  it('shows nobody else’s order, and says so of a page that is not there', async () => {
    const owner = await Client.register(app);
    const order = (await owner.post('/payments/create-order', { pack_code: 'pack-500' })).body;
    const other = await Client.register(app);
    const visitor = new Visitor(app.url);
    await visitor.post('/login', { email: other.email, password });
    for (const path of [
      `/account/orders/${order.order_no as string}`,
      `/checkout/return?token=${order.provider_order_id as string}`,
      `/checkout/cancel?token=${order.provider_order_id as string}`,
      '/checkout/nothing',
      '/nothing',
    ]) {
      expect((await visitor.get(path)).status, path).to.equal(404);
    }
    const still = await owner.get(`/payments/orders/${order.order_id as string}`);
    expect(still.body.status).to.equal('pending');
  });

  it('speaks the language of the address, the cookie, the account or the browser, in this order', async () => {
    const visitor = new Visitor(app.url);
    const languageOf = async (path: string, headers?: Record<string, string>) =>
      (await visitor.get(path, headers)).headers.get('content-language');
    expect(await languageOf('/pricing', { 'Accept-Language': 'fr, zh-Hans;q=0.8' })).to.equal('zh-CN');
    expect(await languageOf('/pricing', { 'Accept-Language': 'fr' })).to.equal('en');
    const customer = await Client.register(app, { locale: 'zh-CN' });
    await visitor.post('/login', { email: customer.email, password });
    expect(await languageOf('/pricing', { 'Accept-Language': 'en' }), 'the account').to.equal('zh-CN');
    expect(await languageOf('/pricing?lang=en'), 'the address').to.equal('en');
    expect(await languageOf('/pricing'), 'the cookie').to.equal('en');
  });
});

describe('guessing passwords', () => {
  const app = useApp({ worker: false, config: { rateLimits: true } });

  it('is slowed down, and the form says for how long', async () => {
    const visitor = new Visitor(app.url);
    const form = { email: 'victim@example.com', password: 'one guess of many' };
    for (let guess = 1; guess <= 10; guess += 1) expect((await visitor.post('/login', form)).status).to.equal(401);
    const answer = await visitor.post('/login', form);
    expect(answer.status).to.equal(429);
    expect(Number(answer.headers.get('retry-after'))).to.be.within(1, 60);
    expect(await answer.text())
      .to.contain('Too many tries.')
      .and.to.contain('value="victim@example.com"');
  }).timeout(30_000);
});
