import { expect } from 'chai';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { grantCredits } from '../../src/credits/ledger.ts';
import { newId } from '../../src/kit/ids.ts';
import { addApiKey, call, Client, useApp, type Answer } from '../support/app.ts';

const site = 'https://app.example.com';

/** Plain calls of `POST /credits/consume` pass Express by; nobody must be able to tell. */
describe('the fast lane of consuming', function () {
  this.timeout(60_000);
  const app = useApp({ config: { rateLimits: true, corsOrigins: [site] } });
  const path = '/api/v1/credits/consume';
  const body = { amount: 1, feature_type: 'image' };

  async function customer(): Promise<Client> {
    const client = await Client.register(app);
    const grant = { userId: client.id, key: newId(), source: 'promo', amount: 100, expiresAt: null } as const;
    await app.db.transaction((tx) => grantCredits(tx, { ...grant, now: app.clock.now() }));
    return client;
  }

  /** As a browser's script would, which goes the general way. */
  const fromSite = ({ token }: Client) => call(app, 'POST', path, { token, body, headers: { Origin: site } });
  const namesOf = ({ headers }: Answer) => [...headers.keys()].filter((name) => !perConnection.has(name)).sort();
  const perConnection = new Set(['connection', 'keep-alive', 'date', 'etag', 'vary']);

  it('answers as the general way does, with the same headers and limits', async () => {
    const client = await customer();
    const [plain, general] = [await call(app, 'POST', path, { token: client.token, body }), await fromSite(client)];
    expect([plain.status, general.status]).to.deep.equal([200, 200]);
    expect([plain.body.balance_after, general.body.balance_after]).to.deep.equal([99, 98]);
    const cors = ['access-control-allow-origin', 'access-control-expose-headers'];
    expect(namesOf(general).filter((name) => !cors.includes(name))).to.deep.equal(namesOf(plain));
    expect(general.headers.get('access-control-allow-origin')).to.equal(site);
    for (const name of ['content-type', 'cache-control', 'content-security-policy', 'ratelimit-policy']) {
      expect(plain.headers.get(name), name).to.equal(general.headers.get(name));
    }
    // Both count together.
    expect(plain.headers.get('ratelimit')).to.match(/r=99;/);
    expect(general.headers.get('ratelimit')).to.match(/r=98;/);
  });

  it('refuses what is over the limit of the caller, and says when to come back', async () => {
    const client = await customer();
    const answers = await Promise.all(
      Array.from({ length: 130 }, () => call(app, 'POST', path, { token: client.token, body })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).to.have.length.above(0);
    expect(refused[0]?.body).to.include({ code: 'rate_limited' });
    expect(refused[0]?.headers.get('retry-after')).to.match(/^\d+$/);
  });

  it('tells failures as problems, under the caller’s own request id', async () => {
    const client = await customer();
    const headers = { 'X-Request-Id': 'mine' };
    const short = await call(app, 'POST', path, { token: client.token, body: { ...body, amount: 101 }, headers });
    expect(short.status).to.equal(402);
    expect(short.body).to.include({ code: 'insufficient_credits', available: 100, required: 101, request_id: 'mine' });
    expect(short.headers.get('x-request-id')).to.equal('mine');
    expect(short.headers.get('content-security-policy')).to.be.a('string');
    const unknown = await call(app, 'POST', path, { token: 'nobody', body });
    expect([unknown.status, unknown.headers.get('www-authenticate')]).to.deep.equal([401, 'Bearer']);
  });

  it('takes compressed bodies and bodies in pieces, and no larger ones than any other route', async () => {
    const client = await customer();
    const send = (payload: BodyInit, headers: Record<string, string> = {}) =>
      fetch(`${app.url}${path}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${client.token}`, ...headers },
        body: payload,
        ...(payload instanceof ReadableStream ? { duplex: 'half' } : {}),
      });
    const json = JSON.stringify(body);
    expect((await send(gzipSync(json), { 'Content-Encoding': 'gzip' })).status).to.equal(200);
    const pieces = Readable.toWeb(Readable.from([json.slice(0, 9), json.slice(9)]));
    expect((await send(pieces as unknown as BodyInit)).status).to.equal(200);
    const large = await send(JSON.stringify({ ...body, description: 'x'.repeat(110_000) }));
    expect(large.status).to.equal(413);
    expect(await large.json()).to.include({ code: 'payload_too_large' });
    expect(await client.credits()).to.include({ available_credits: 98 });
  });

  it('takes API keys, replays by key, and counts in the metrics', async () => {
    const [client, token] = [await customer(), await addApiKey(app)];
    const request = { token, body: { ...body, user_id: client.id }, headers: { 'Idempotency-Key': 'once' } };
    const [first, second] = [await call(app, 'POST', path, request), await call(app, 'POST', path, request)];
    expect(second.body).to.deep.equal(first.body);
    expect([first, second].map(({ headers }) => headers.get('idempotency-replayed'))).to.deep.equal([null, 'true']);
    // The same request by the general way is the same request.
    const headers = { ...request.headers, Origin: site };
    const third = await call(app, 'POST', path, { ...request, headers });
    expect(third.body).to.deep.equal(first.body);
    const { body: metrics } = await call(app, 'GET', '/metrics');
    expect(metrics.text).to.match(
      /plantain_http_request_duration_seconds_count\{method="POST",route="\/api\/v1\/credits\/consume",status="402"\} 1/,
    );
    expect(metrics.text).to.match(
      /plantain_http_request_duration_seconds_count\{method="POST",route="\/api\/v1\/credits\/consume",status="200"\} \d+/,
    );
  });
});
