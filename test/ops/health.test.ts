import { expect } from 'chai';
import { call, Client, eventually, startApp, type Answer, type TestApp } from '../support/app.ts';
import { createFlakyDatabase, type FlakyDatabase } from '../support/flaky-database.ts';

describe('health', function () {
  this.timeout(60_000);
  let database: FlakyDatabase;
  let app: TestApp;

  before(async () => {
    database = await createFlakyDatabase();
    app = await startApp({ database });
  });
  after(async () => {
    await app.close();
    await database.drop();
  });
  afterEach(async () => {
    await database.mend();
    await becomes(200);
  });

  /** A balancer would not wait longer. */
  const ask = (path: string): Promise<Response> => fetch(`${app.url}${path}`, { signal: AbortSignal.timeout(8_000) });

  async function becomes(status: number): Promise<Answer> {
    return eventually(async () => {
      const answer = await call(app, 'GET', '/readyz');
      return answer.status === status ? answer : undefined;
    }, 30_000);
  }

  it('is ready with its database and its queue', async () => {
    expect(await (await ask('/healthz')).json()).to.deep.equal({ status: 'ok' });
    const ready = await ask('/readyz');
    expect(ready.status).to.equal(200);
    expect(ready.headers.get('Cache-Control')).to.equal('no-store');
    expect(await ready.json()).to.deep.equal({ status: 'ok', checks: { database: 'ok', queue: 'ok' } });
  });

  for (const [what, lose] of [
    ['is gone', () => database.cut()],
    ['does not answer', () => database.stall()],
  ] as const) {
    it(`is alive but not ready while the database ${what}, and can still be measured`, async () => {
      await lose();
      const ready = await ask('/readyz');
      expect(ready.status).to.equal(503);
      expect(await ready.json()).to.deep.equal({
        status: 'unavailable',
        checks: { database: 'down', queue: 'down' },
      });
      expect((await ask('/healthz')).status).to.equal(200);

      const measured = await ask('/metrics');
      expect(measured.status).to.equal(200);
      const text = await measured.text();
      expect(text).to.match(/plantain_http_request_duration_seconds_count\{.*route="\/readyz",status="503"\} \d/);
      expect(text, 'unknown is not zero').not.to.match(/^plantain_queue_depth /m);
    });
  }

  it('says so in a problem document and on a page, and goes on when the database is back', async () => {
    const customer = await Client.register(app);
    await database.cut();
    const refused = await customer.get('/credits');
    expect(refused.status).to.equal(500);
    expect(refused.body).to.include({ code: 'internal_error' });
    expect(JSON.stringify(refused.body)).not.to.match(/ECONN|postgres|127\.0\.0\.1/);
    expect((await ask('/pricing')).status).to.equal(500);

    await database.mend();
    await becomes(200);
    // The queue too: the receipt is sent by the worker that lost its connection.
    await customer.buy({ pack_code: 'pack-500' });
    await eventually(async () => (await customer.mails()).find(({ template }) => template === 'receipt'), 30_000);
  });
});
