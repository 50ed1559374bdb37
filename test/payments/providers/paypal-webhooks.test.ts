import { createSign, generateKeyPairSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { newId } from '../../../src/kit/ids.ts';
import { createLogger } from '../../../src/kit/logger.ts';
import { createPaypalProvider } from '../../../src/payments/providers/paypal.ts';
import type { PaymentProvider, ProviderEvent } from '../../../src/payments/provider.ts';
import { ProviderUnavailable, WebhookRejected, type ProviderError } from '../../../src/payments/provider-errors.ts';
import { simulatorCredentials } from '../../../src/sandbox/paypal/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { openPaypalStage, type PaypalStage, type ReceivedWebhook } from '../../support/paypal-stage.ts';

const day = 24 * 60 * 60 * 1000;

describe('PayPal webhooks', () => {
  let database: TestDatabase;
  let stage: PaypalStage;
  let good: ReceivedWebhook;

  before(async () => {
    database = await createTestDatabase();
    stage = await openPaypalStage(database.url);
    const { providerOrderId } = await stage.provider.createOrder({
      requestId: newId(), reference: newId(), invoiceId: newId(), amountMinor: 999, currency: 'USD',
      description: '基础版, monthly', locale: 'zh-CN', returnUrl: 'http://127.0.0.1/r', cancelUrl: 'http://127.0.0.1/c',
    }); // prettier-ignore
    await stage.simulator.control.approve(providerOrderId);
    const { capture } = await stage.provider.captureOrder({ providerOrderId, requestId: newId() });
    await stage.provider.refundCapture({
      requestId: newId(),
      captureId: capture?.captureId ?? '',
      amountMinor: 99,
      currency: 'USD',
      note: null,
    });
    await stage.simulator.control.openDispute(capture?.captureId ?? '');
    await stage.simulator.idle();
    const [first] = stage.webhooks;
    if (first === undefined) throw new Error('no webhook came');
    good = first;
  });

  after(async () => {
    await stage.close();
    await database.drop();
  });

  const verify = (webhook: ReceivedWebhook, provider: PaymentProvider = stage.provider): Promise<ProviderEvent> =>
    provider.verifyWebhook(webhook.body, webhook.headers);
  const reasonOf = async (call: Promise<unknown>, kind: typeof ProviderError = WebhookRejected): Promise<string> => {
    const error = await call.then(() => new Error('accepted'), (reason: unknown) => reason); // prettier-ignore
    expect(error).to.be.instanceOf(kind);
    return (error as ProviderError).issue;
  };
  const signed = async (body: string, time: Date, key?: string): Promise<ReceivedWebhook> => {
    const { rows } = await stage.pool.query<{ pem: string }>(
      `SELECT pem FROM sandbox.paypal_keys WHERE name = 'privateKey'`,
    );
    const [id, at] = [newId(), time.toISOString()];
    const text = `${id}|${at}|${simulatorCredentials.webhookId}|${crc32(body)}`;
    return {
      body: Buffer.from(body),
      headers: {
        ...good.headers,
        'paypal-transmission-id': id,
        'paypal-transmission-time': at,
        'paypal-transmission-sig': createSign('RSA-SHA256')
          .update(text)
          .sign(key ?? rows[0]?.pem ?? '', 'base64'),
      },
    };
  };
  const withHeader = (name: string, value: string | undefined): ReceivedWebhook => ({
    ...good,
    headers: { ...good.headers, [name]: value },
  });
  const later = <T>(ms: number, work: () => Promise<T>): Promise<T> => {
    const now = stage.clock.now();
    stage.clock.set(new Date(now.getTime() + ms));
    return work().finally(() => {
      stage.clock.set(now);
    });
  };

  it('believes what PayPal signed, and reads whom each event is about', async () => {
    const events = await Promise.all(stage.webhooks.map((webhook) => verify(webhook)));
    expect(events.map(({ type, kind }) => [type, kind])).to.deep.equal([
      ['CHECKOUT.ORDER.APPROVED', 'order_approved'],
      ['PAYMENT.CAPTURE.COMPLETED', 'capture'],
      ['PAYMENT.CAPTURE.REFUNDED', 'refund'],
      ['CUSTOMER.DISPUTE.CREATED', 'dispute'],
    ]);
    const [approval, capture, refund, dispute] = events;
    expect(approval?.providerOrderId).to.equal(capture?.providerOrderId);
    expect(refund?.captureId).to.equal(capture?.captureId);
    expect(refund?.refundId)
      .to.match(/^\w{17}$/)
      .and.not.equal(refund?.captureId);
    expect(dispute?.captureId).to.equal(capture?.captureId);
  });

  it('believes a retry of three days ago, and nothing older', async () => {
    expect((await later(3 * day, () => verify(good))).type).to.equal('CHECKOUT.ORDER.APPROVED');
    expect(await later(4 * day, () => reasonOf(verify(good)))).to.equal('STALE');
  });

  const bad: [string, string, () => ReceivedWebhook | Promise<ReceivedWebhook>][] = [
    ['one byte changed', 'FORGED', () => ({ ...good, body: Buffer.from(good.body.toString('utf8').replace('999', '998').replace('9.99', '9.98')) })],
    ['parsed and printed again', 'FORGED', () => ({ ...good, body: Buffer.from(JSON.stringify(JSON.parse(good.body.toString('utf8')), null, 1)) })],
    ['signed by somebody else', 'FORGED', () => signed('{"id":"WH-1","event_type":"X"}', stage.clock.now(), strangersKey())],
    ['another transmission id', 'FORGED', () => withHeader('paypal-transmission-id', newId())],
    ['another transmission time', 'FORGED', () => withHeader('paypal-transmission-time', '2026-03-10T11:59:00Z')],
    ['another algorithm', 'WRONG_ALGORITHM', () => withHeader('paypal-auth-algo', 'MD5withRSA')],
    ['no signature', 'MISSING_PAYPAL_TRANSMISSION_SIG', () => withHeader('paypal-transmission-sig', undefined)],
    ['a time that is none', 'UNREADABLE_TIME', () => withHeader('paypal-transmission-time', 'yesterday')],
    ['a time to come', 'DATED_IN_THE_FUTURE', () => signed('{}', new Date(stage.clock.now().getTime() + 10 * 60 * 1000))],
    ['a certificate of another host', 'CERTIFICATE_HOST', () => withHeader('paypal-cert-url', 'https://api.paypal.com.example.org/v1/notifications/certs/CERT-1')],
    ['a certificate of another port', 'CERTIFICATE_HOST', () => withHeader('paypal-cert-url', good.headers['paypal-cert-url']?.replace(/:\d+/, ':1'))],
    ['a certificate elsewhere at this host', 'CERTIFICATE_HOST', () => withHeader('paypal-cert-url', `${stage.simulatorUrl}/assets/CERT-1`)],
    ['a path that climbs out', 'CERTIFICATE_URL', () => withHeader('paypal-cert-url', `${stage.simulatorUrl}/v1/notifications/certs/../x`)],
    ['userinfo before the host', 'CERTIFICATE_HOST', () => withHeader('paypal-cert-url', good.headers['paypal-cert-url']?.replace('://', '://x@'))],
    ['a query behind the path', 'CERTIFICATE_HOST', () => withHeader('paypal-cert-url', `${good.headers['paypal-cert-url']}?x=1`)],
    ['a certificate that is not there', 'CERTIFICATE_MISSING', () => withHeader('paypal-cert-url', `${stage.simulatorUrl}/v1/notifications/certs/CERT-1`)],
    ['a signed body that is no event', 'UNREADABLE_EVENT', () => signed('[1]', stage.clock.now())],
    ['a signed body that is no JSON', 'UNREADABLE_EVENT', () => signed('hello', stage.clock.now())],
  ]; // prettier-ignore
  for (const [what, issue, webhook] of bad) {
    it(`rejects ${what}`, async () => {
      expect(await reasonOf(verify(await webhook()))).to.equal(issue);
    });
  }

  it('rejects a certificate that has expired by the clock, however well it signed', async () => {
    const issue = await later(70 * 366 * day, async () => reasonOf(verify(await signed('{}', stage.clock.now()))));
    expect(issue).to.equal('CERTIFICATE_EXPIRED');
  });

  it('rejects a certificate that leads to no trusted root', async () => {
    const { default: forge } = await import('node-forge');
    const stranger = forge.pki.createCertificate();
    const keys = forge.pki.rsa.generateKeyPair(2048);
    stranger.publicKey = keys.publicKey;
    stranger.validity.notAfter = new Date('2090-01-01T00:00:00Z');
    stranger.setSubject([{ name: 'commonName', value: 'Plantain PayPal simulator root' }]);
    stranger.setIssuer([{ name: 'commonName', value: 'Plantain PayPal simulator root' }]);
    stranger.sign(keys.privateKey, forge.md.sha256.create());
    const provider = stage.client({
      trustSimulatorCertificate: {
        baseUrl: () => stage.simulatorUrl,
        rootCertificate: () => Promise.resolve(forge.pki.certificateToPem(stranger)),
      },
    });
    expect(await reasonOf(verify(good, provider))).to.equal('CERTIFICATE_CHAIN');
  });

  it('fetches a certificate once, however many webhooks come', async () => {
    let fetched = 0;
    const provider = stage.client({
      fetch: (...args) => {
        fetched += 1;
        return fetch(...args);
      },
    });
    await Promise.all(Array.from({ length: 8 }, () => verify(good, provider)));
    expect(fetched).to.equal(1);
  });

  for (const [environment, url, expected] of [
    ['live', 'https://api.paypal.com/v1/notifications/certs/CERT-1', 'CERTIFICATE_UNAVAILABLE'],
    ['live', 'https://api-m.paypal.com/v1/notifications/certs/CERT-1', 'CERTIFICATE_UNAVAILABLE'],
    ['live', 'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1', 'CERTIFICATE_HOST'],
    ['sandbox', 'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1', 'CERTIFICATE_UNAVAILABLE'],
    ['sandbox', 'http://api.sandbox.paypal.com/v1/notifications/certs/CERT-1', 'CERTIFICATE_HOST'],
    ['sandbox', 'https://api.sandbox.paypal.com:8443/v1/notifications/certs/CERT-1', 'CERTIFICATE_HOST'],
    ['sandbox', 'https://api.sandbox.paypal.com/v1/notifications/other/CERT-1', 'CERTIFICATE_PATH'],
    ['sandbox', 'https://www.paypal.com/v1/notifications/certs/CERT-1', 'CERTIFICATE_HOST'],
  ] as const) {
    it(`in the ${environment} environment, ${url} is ${expected}`, async () => {
      const provider = createPaypalProvider({
        ...simulatorCredentials,
        clock: stage.clock,
        log: createLogger('silent'),
        environment,
        fetch: () => Promise.reject(new Error('no network')),
      });
      const kind = expected === 'CERTIFICATE_UNAVAILABLE' ? ProviderUnavailable : WebhookRejected;
      expect(await reasonOf(verify(withHeader('paypal-cert-url', url), provider), kind)).to.equal(expected);
    });
  }

  for (const [what, answer, kind, issue] of [
    ['a server error', () => new Response('', { status: 500 }), ProviderUnavailable, 'CERTIFICATE_UNAVAILABLE'],
    ['too many requests', () => new Response('', { status: 429 }), ProviderUnavailable, 'CERTIFICATE_UNAVAILABLE'],
    ['nothing of the kind', () => new Response('', { status: 404 }), WebhookRejected, 'CERTIFICATE_MISSING'],
    [
      'go elsewhere',
      () => new Response('', { status: 302, headers: { location: 'https://evil.example' } }),
      WebhookRejected,
      'CERTIFICATE_MISSING',
    ],
    ['100 kB', () => new Response('x'.repeat(100_000)), WebhookRejected, 'CERTIFICATE_UNREADABLE'],
    ['something else', () => new Response('hello'), WebhookRejected, 'CERTIFICATE_UNREADABLE'],
  ] as const) {
    it(`tells a bad certificate from one that is not to be had now: ${what}`, async () => {
      let isDown = true;
      const provider = stage.client({ fetch: (...args) => (isDown ? Promise.resolve(answer()) : fetch(...args)) });
      expect(await reasonOf(verify(good, provider), kind)).to.equal(issue);
      isDown = false;
      expect((await verify(good, provider)).type).to.equal('CHECKOUT.ORDER.APPROVED');
    });
  }

  it('lets PayPal check the signature where configuration says so, over the raw bytes', async () => {
    const provider = stage.client({ webhookVerification: 'gateway' });
    const events = await Promise.all(stage.webhooks.map((webhook) => verify(webhook, provider)));
    expect(events).to.have.length(4);
    const changed = { ...good, body: Buffer.from(good.body.toString('utf8').replace('9.99', '9.98')) };
    expect(await reasonOf(verify(changed, provider))).to.equal('FORGED');
  });

  it('does not let a webhook put words into the request by which PayPal is asked', async () => {
    const provider = stage.client({ webhookVerification: 'gateway' });
    const body = Buffer.concat([good.body, Buffer.from(',"webhook_id":"SOMEBODY-ELSES"')]);
    expect(await reasonOf(verify({ ...good, body }, provider))).to.equal('UNREADABLE_EVENT');
  });

  it('reads an unknown type as unknown, and finds an order by its link where the ids are missing', () => {
    const read = (event: object) => stage.provider.parseEvent(Buffer.from(JSON.stringify(event)));
    expect(read({ id: 'WH-1', event_type: 'BILLING.PLAN.CREATED', resource: { id: 'P-1' } }).kind).to.equal('unknown');
    const links = [{ rel: 'up', href: 'https://api.paypal.com/v2/checkout/orders/5O190127TN364715T', method: 'GET' }];
    const capture = read({
      id: 'WH-2',
      event_type: 'PAYMENT.CAPTURE.DENIED',
      resource: { id: '2GG279541U471931P', links },
    });
    expect(capture).to.include({
      kind: 'capture',
      captureId: '2GG279541U471931P',
      providerOrderId: '5O190127TN364715T',
    });
    const reversed = read({
      id: 'WH-3',
      event_type: 'CHECKOUT.PAYMENT-APPROVAL.REVERSED',
      resource: { order_id: '5O190127TN364715T' },
    });
    expect(reversed).to.include({ kind: 'order_reversed', providerOrderId: '5O190127TN364715T' });
    expect(() => stage.provider.parseEvent(Buffer.from('{"id":1}'))).to.throw(SyntaxError);
  });
});

function strangersKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;
}
