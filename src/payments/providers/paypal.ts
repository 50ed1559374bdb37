import {
  CheckoutPaymentIntent,
  PaypalExperienceUserAction,
  PaypalWalletContextShippingPreference,
  type OrderRequest,
} from '@paypal/paypal-server-sdk';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import { ProviderRejected, ProviderUnavailable } from '../provider-errors.ts';
import type { PaymentProvider, ProviderOrder, ProviderOrderInput } from '../provider.ts';
import { refusesAmount, toPaypalMoney } from './paypal-amounts.ts';
import { readCapture, readOrder, readRefund } from './paypal-answers.ts';
import { checkedBaseUrl } from './paypal-base-url.ts';
import { createCertificates, type SimulatorTrust } from './paypal-certificates.ts';
import { createPaypalClient, type Patience } from './paypal-client.ts';
import { fetchDispute, listDisputes } from './paypal-disputes.ts';
import { parsePaypalEvent } from './paypal-events.ts';
import { readStatement } from './paypal-statement.ts';
import { checkWithCertificate, checkWithGateway, verifyPaypalWebhook, type SignatureCheck } from './paypal-webhooks.ts';

export interface PaypalOptions {
  clock: Clock;
  log: Logger;
  environment: 'simulator' | 'sandbox' | 'live';
  clientId: string;
  clientSecret: string;
  webhookId: string;
  /** Instead of PayPal's own address; read at each call. The simulator needs it. Loopback, unless allowed below. */
  baseUrl?: () => string | undefined;
  allowRemoteBaseUrl?: boolean;
  /** Only with `environment: 'simulator'`. */
  trustSimulatorCertificate?: SimulatorTrust;
  /** Check webhooks here by certificate, or let PayPal check each. Default `certificate`. */
  webhookVerification?: 'certificate' | 'gateway';
  /** Shown to the buyer at PayPal; PayPal takes the account's name where there is none. */
  brandName?: string;
  /** For certificates. */
  fetch?: typeof fetch;
  patience?: Partial<Patience>;
}

const prefer = 'return=representation';
const hourMs = 3_600_000;
/** PayPal forgets an approved order after 3 to 6 hours. */
const openForMs = 6 * hourMs;
/** Source: developer.paypal.com/api/rest/reference/idempotency. */
const remembersRequestsMs = { order: 6 * hourMs, refund: 45 * 24 * hourMs };

/**
 * PayPal Orders v2 behind our own interface.
 * @throws Error at once when the options contradict each other
 */
export function createPaypalProvider(options: PaypalOptions): PaymentProvider {
  const { clock, environment } = options;
  if (options.trustSimulatorCertificate !== undefined && environment !== 'simulator') {
    throw new Error(`the simulator's certificate is not trusted in PayPal's ${environment} environment`);
  }
  const baseUrl = baseUrlOf(options);
  const origin = () => baseUrl() ?? `https://api-m${environment === 'live' ? '' : '.sandbox'}.paypal.com`;
  const client = createPaypalClient({ ...options, live: environment === 'live', baseUrl });
  const check = signatureCheck(options, client, origin);

  async function fetchOrder(providerOrderId: string): Promise<ProviderOrder> {
    return readOrder(await client.call('fetch order', ({ orders }) => orders.getOrder({ id: providerOrderId })));
  }

  return {
    name: 'paypal',
    displayName: () => 'PayPal',
    openForMs,
    remembersRequestsMs,
    refusesAmount,
    fetchOrder,

    async createOrder(input) {
      const body = orderRequest(input, options.brandName);
      const paypalRequestId = input.requestId;
      return readOrder(
        await client.call('create order', ({ orders }) => orders.createOrder({ body, paypalRequestId, prefer })),
      );
    },

    async captureOrder({ providerOrderId: id, requestId: paypalRequestId }) {
      try {
        return readOrder(
          await client.call('capture order', ({ orders }) => orders.captureOrder({ id, paypalRequestId, prefer })),
        );
      } catch (error) {
        if (error instanceof ProviderRejected && error.issue === 'ORDER_ALREADY_CAPTURED') return fetchOrder(id);
        throw error;
      }
    },

    async fetchCapture(captureId) {
      const make = client.call('fetch capture', ({ payments }) => payments.getCapturedPayment({ captureId }));
      return readCapture(await make);
    },

    async refundCapture({ captureId, requestId: paypalRequestId, amountMinor, currency, note }) {
      const body = {
        amount: toPaypalMoney({ amountMinor, currency }),
        customId: paypalRequestId,
        ...(note === null || note === '' ? {} : { noteToPayer: clip(note, 255) }),
      };
      const call = client.call('refund capture', ({ payments }) =>
        payments.refundCapturedPayment({ captureId, paypalRequestId, prefer, body }),
      );
      return { ...readRefund(await call), captureId };
    },

    async fetchRefund(refundId) {
      return readRefund(await client.call('fetch refund', ({ payments }) => payments.getRefund({ refundId })));
    },

    fetchDispute: (disputeId) => fetchDispute(client, origin(), disputeId),
    listDisputes: (updatedSince) => listDisputes(client, origin(), updatedSince),
    listTransactions: (period) =>
      readStatement(
        (query) => client.call('search transactions', ({ transactions }) => transactions.searchTransactions(query)),
        period,
        clock,
      ),

    verifyWebhook: (rawBody, headers) => verifyPaypalWebhook(rawBody, headers, { clock, check }),
    parseEvent: parsePaypalEvent,
  };
}

function orderRequest(input: ProviderOrderInput, brandName: string | undefined): OrderRequest {
  const locale = paypalLocale(input.locale);
  return {
    intent: CheckoutPaymentIntent.Capture,
    purchaseUnits: [
      {
        amount: toPaypalMoney(input),
        description: clip(input.description, 127),
        customId: input.reference,
        invoiceId: input.invoiceId,
      },
    ],
    paymentSource: {
      paypal: {
        experienceContext: {
          ...(brandName === undefined ? {} : { brandName: clip(brandName, 127) }),
          ...(locale === undefined ? {} : { locale }),
          shippingPreference: PaypalWalletContextShippingPreference.NoShipping,
          userAction: PaypalExperienceUserAction.PayNow,
          returnUrl: input.returnUrl,
          cancelUrl: input.cancelUrl,
        },
      },
    },
  };
}

/** PayPal wants language and region. */
function paypalLocale(locale: string): string | undefined {
  if (/^[a-z]{2}-[A-Z]{2}$/.test(locale)) return locale;
  return ({ en: 'en-US', zh: 'zh-CN' } as Record<string, string>)[locale.slice(0, 2)];
}

/** At most `limit` UTF-16 units, never half a character. */
function clip(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, '');
}

function baseUrlOf({ baseUrl, allowRemoteBaseUrl = false, environment }: PaypalOptions): () => string | undefined {
  return () => {
    const base = baseUrl?.();
    if (base !== undefined) return checkedBaseUrl(base, allowRemoteBaseUrl);
    if (environment === 'simulator') throw new ProviderUnavailable('paypal', 'SIMULATOR_HAS_NO_ADDRESS');
    return undefined;
  };
}

function signatureCheck(
  options: PaypalOptions,
  client: ReturnType<typeof createPaypalClient>,
  origin: () => string,
): SignatureCheck {
  const { webhookId, environment, clock, webhookVerification = 'certificate' } = options;
  if (webhookVerification === 'gateway') {
    return checkWithGateway(webhookId, (body) =>
      client.post('verify webhook', `${origin()}/v1/notifications/verify-webhook-signature`, body),
    );
  }
  const keyAt = createCertificates({
    clock,
    environment,
    fetch: options.fetch ?? fetch,
    simulator: options.trustSimulatorCertificate,
  });
  return checkWithCertificate(webhookId, keyAt);
}
