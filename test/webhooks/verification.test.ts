import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { loadConfig } from '../../src/config.ts';
import { newId } from '../../src/kit/ids.ts';
import { Client, eventually, startApp, type TestApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { deliver, inbox, sign, type Webhook } from './signed-webhooks.ts';

for (const mode of ['certificate', 'gateway'] as const) {
  const paypal = { ...loadConfig({ NODE_ENV: 'test', PAYPAL_WEBHOOK_VERIFICATION: mode }).paypal };

  describe(`webhooks with PAYPAL_WEBHOOK_VERIFICATION=${mode}`, function () {
    this.timeout(60_000);
    let app: TestApp;
    before(async () => {
      app = await startApp({ config: { paypal } });
    });
    after(() => app.close());

    it('of a purchase are believed, stored and handled', async () => {
      const asked: string[] = [];
      const stop = app.simulator.observe({ exchange: ({ path }) => asked.push(path) });
      const customer = await Client.register(app);
      await customer.buy({ pack_code: 'pack-500' });
      await app.simulator.idle();
      const events = await eventually(async () => {
        const all = await inbox(app);
        return all.length === 2 && all.every(({ handledAt }) => handledAt !== null) ? all : undefined;
      });
      stop();
      expect(events.map(({ type }) => type)).to.deep.equal(['CHECKOUT.ORDER.APPROVED', 'PAYMENT.CAPTURE.COMPLETED']);
      const calls = asked.filter((path) => path.endsWith('/verify-webhook-signature'));
      expect(calls).to.have.length(mode === 'gateway' ? 2 : 0);
      expect(await customer.credits()).to.include({ available_credits: 500 });
      await expectBalancedBooks(app.services);
    });

    it('that are forged, changed or no JSON are refused, and not stored', async () => {
      const good = await sign(app, { id: `WH-${newId()}`, event_type: 'X', resource: {} });
      const before = await inbox(app);
      const changes: Webhook[] = [
        { ...good, body: Buffer.concat([good.body, Buffer.from(' ')]) },
        { ...good, body: Buffer.from(`${String(good.body)},"webhook_id":"ANOTHER"`) },
        { ...good, body: Buffer.from('hello') },
        { ...good, headers: { ...good.headers, 'paypal-transmission-id': newId() } },
        { ...good, headers: { ...good.headers, 'paypal-transmission-sig': 'bm9wZQ==' } },
        { ...good, headers: { ...good.headers, 'paypal-transmission-id': 'x'.repeat(400) } },
      ];
      for (const bad of changes)
        expect(await deliver(app, bad)).to.deep.equal({ status: 401, code: 'unauthenticated' });
      expect(await inbox(app)).to.deep.equal(before);
      expect(await deliver(app, good)).to.include({ status: 200 });
    });
  });

  describe(`webhooks with PAYPAL_WEBHOOK_VERIFICATION=${mode} while PayPal cannot be asked`, function () {
    this.timeout(60_000);
    let gate: Gate;
    let app: TestApp;
    before(async () => {
      gate = await openGate();
      app = await startApp({ config: { paypal: { ...paypal, baseUrl: gate.url } } });
      gate.leadTo(`${app.url}/sandbox/paypal`);
    });
    after(async () => {
      await app.close();
      await gate.close();
    });

    for (const how of ['answers 500', 'hangs up'] as const) {
      it(`are answered with 503 when it ${how}, leave nothing, and are taken in when they come again`, async () => {
        const event = { id: `WH-${newId()}`, event_type: 'CATALOG.PRODUCT.CREATED', resource: {} };
        const { rows } = await app.db.pool.query<{ id: string }>(
          `SELECT pem AS id FROM sandbox.paypal_keys WHERE name = 'certificateId'`,
        );
        // A certificate that was fetched is used for a day.
        app.clock.turnTo(new Date(app.clock.now().getTime() + 25 * 60 * 60 * 1000));
        const signed = await sign(app, event);
        const certificate = `${gate.url}/v1/notifications/certs/${rows[0]?.id ?? ''}`;
        const webhook = { ...signed, headers: { ...signed.headers, 'paypal-cert-url': certificate } };

        const ids = async () => (await inbox(app)).map(({ eventId }) => eventId);
        const before = await ids();
        gate.shut(how);
        expect(await deliver(app, webhook)).to.deep.equal({ status: 503, code: 'provider_unavailable' });
        expect(await ids()).to.deep.equal(before);

        gate.open();
        expect(await deliver(app, webhook)).to.include({ status: 200 });
        expect((await ids()).filter((id) => id === event.id)).to.have.length(1);
      });
    }
  });
}

/** PayPal's address, behind which it can be cut off. */
interface Gate {
  url: string;
  leadTo(target: string): void;
  shut(how: 'answers 500' | 'hangs up'): void;
  open(): void;
  close(): Promise<void>;
}

async function openGate(): Promise<Gate> {
  let target = '';
  let shut: 'answers 500' | 'hangs up' | undefined;
  const server: Server = createServer((req, res) => {
    if (shut === 'hangs up') return void req.socket.destroy();
    if (shut === 'answers 500') return void res.writeHead(500).end('{}');
    const { method, headers, url } = req;
    const onward = request(`${target}${url ?? ''}`, { method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    req.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (address) => void (target = address),
    shut: (how) => void (shut = how),
    open: () => void (shut = undefined),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
