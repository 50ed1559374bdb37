import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client,
  Environment,
  OrdersController,
  PaymentsController,
  TransactionSearchController,
  type ClientCredentialsAuthManager,
  type OAuthToken,
} from '@paypal/paypal-server-sdk';
import { stopwatch } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import { ProviderUnavailable, type ProviderError } from '../provider-errors.ts';
import { statusOf, toProviderError } from './paypal-errors.ts';

export interface PaypalClientOptions {
  log: Logger;
  live: boolean;
  clientId: string;
  clientSecret: string;
  /** Scheme, host and path in the place of PayPal's; read at each call. */
  baseUrl: () => string | undefined;
  patience?: Partial<Patience>;
}

/** How long a call may take. */
export interface Patience {
  /** For one HTTP exchange. */
  timeoutMs: number;
  /** How often a call is made in all, under one PayPal-Request-Id. */
  attempts: number;
  /** Before the second attempt; doubles each time. */
  firstDelayMs: number;
  /** No further attempt starts after this: somebody is waiting for the page. */
  budgetMs: number;
}

const defaultPatience: Patience = { timeoutMs: 15_000, attempts: 3, firstDelayMs: 300, budgetMs: 20_000 };

/** The SDK's controllers, bound to one access token. */
interface PaypalSession {
  readonly orders: OrdersController;
  readonly payments: PaymentsController;
  readonly transactions: TransactionSearchController;
  accessToken(): Promise<string>;
}

export interface PaypalClient {
  /**
   * Makes a call, again with the same arguments where the outcome is unknown: pass a PayPal-Request-Id.
   * @param name for the log
   * @throws ProviderError of one kind or another, and nothing else
   */
  call<T>(name: string, make: (session: PaypalSession) => Promise<{ result: T }>): Promise<T>;

  /** For what the SDK has no controller for: POSTs JSON bytes as they are. Throws as `call` does. */
  post(name: string, url: string, body: Buffer): Promise<unknown>;
  get(name: string, url: string): Promise<unknown>;
}

/**
 * Two things of the SDK are done here instead. Its retries take every error, a declined card too, for a time-out and
 * send it again; and a failed token, or one that PayPal revoked, is kept for as long as the client lives.
 */
export function createPaypalClient(options: PaypalClientOptions): PaypalClient {
  const { log } = options;
  const patience = { ...defaultPatience, ...options.patience };
  let current: PaypalSession | undefined;

  const session = (): PaypalSession => {
    if (current !== undefined) return current;
    const opened = openSession(options, patience.timeoutMs, () => forget(opened));
    current = opened;
    return opened;
  };
  const forget = (stale: PaypalSession): void => {
    if (current === stale) current = undefined;
  };

  async function attempt<T>(make: (session: PaypalSession) => Promise<{ result: T }>): Promise<T> {
    const used = session();
    try {
      return (await make(used)).result;
    } catch (error) {
      // A revoked token; a refused token call is no answer with a status any more, see singleFlight.
      if (statusOf(error) !== 401) throw error;
      forget(used);
      return (await make(session())).result;
    }
  }

  async function call<T>(name: string, make: (session: PaypalSession) => Promise<{ result: T }>): Promise<T> {
    const elapsed = stopwatch();
    for (let count = 1; ; count += 1) {
      try {
        return await attempt(make);
      } catch (error) {
        const failure = toProviderError(error);
        const { name: kind, issue, debugId } = failure;
        log.warn({ call: name, attempt: count, kind, issue, debugId }, 'PayPal call failed');
        const delayMs = patience.firstDelayMs * 2 ** (count - 1);
        const over = count >= patience.attempts || elapsed() + delayMs > patience.budgetMs;
        if (over || !mayPass(failure)) throw failure;
        await sleep(delayMs);
      }
    }
  }

  const plainly = (name: string, url: string, request: RequestInit) =>
    call(name, async (used) => ({
      result: await fetchJson(url, request, await used.accessToken(), patience.timeoutMs),
    }));
  return {
    call,
    post: (name, url, body) => plainly(name, url, { method: 'POST', body: new Uint8Array(body) }),
    get: (name, url) => plainly(name, url, { method: 'GET' }),
  };
}

async function fetchJson(url: string, request: RequestInit, accessToken: string, timeoutMs: number): Promise<unknown> {
  const response = await fetch(url, {
    ...request,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  // The shape in which the SDK throws, so that one function reads both.
  if (!response.ok) throw Object.assign(new Error('PayPal refused'), { statusCode: response.status, body: text });
  return JSON.parse(text);
}

/** Wrong settings stay wrong; everything else that is unknown may be better in a moment. */
function mayPass(failure: ProviderError): boolean {
  return failure instanceof ProviderUnavailable && !settings.has(failure.issue);
}

const settings: ReadonlySet<string> = new Set(['AUTHENTICATION_FAILURE', 'BASE_URL_NOT_ALLOWED']);

function openSession(options: PaypalClientOptions, timeoutMs: number, onTokenFailure: () => void): PaypalSession {
  const { clientId, clientSecret, live, baseUrl } = options;
  const config: PaypalConfiguration = {
    environment: live ? Environment.Production : Environment.Sandbox,
    timeout: timeoutMs,
    httpClientOptions: { timeout: timeoutMs, retryConfig: { maxNumberOfRetries: 0 } },
    // A redirect would carry the bearer token to wherever it points.
    unstable_httpClientOptions: { maxRedirects: 0, maxContentLength: 2 ** 21, maxBodyLength: 2 ** 21 },
    clientCredentialsAuthCredentials: {
      oAuthClientId: clientId,
      oAuthClientSecret: clientSecret,
      oAuthClockSkew: 60,
      oAuthTokenProvider: (_last, manager) => tokens(manager),
    },
  };
  const tokens = singleFlight(onTokenFailure);
  const client = new RedirectedClient(config, baseUrl);
  return {
    orders: new OrdersController(client),
    payments: new PaymentsController(client),
    transactions: new TransactionSearchController(client),
    accessToken: async () => (await tokens(client.clientCredentialsAuthManager)).accessToken,
  };
}

/** Fetches one token for all that wait for it; a failure is told to everyone who waits and then forgotten. */
function singleFlight(onFailure: () => void): (manager: ClientCredentialsAuthManager) => Promise<OAuthToken> {
  let underway: Promise<OAuthToken> | undefined;
  let last: OAuthToken | undefined;
  return (manager) => {
    if (last !== undefined && !manager.isExpired(last)) return Promise.resolve(last);
    underway ??= manager
      .fetchToken()
      .then((token) => (last = token))
      .catch((error: unknown) => {
        onFailure();
        // Both refusals of the token call mean that our credentials are wrong; without its status, `attempt` lets be.
        throw [400, 401].includes(statusOf(error) ?? 0)
          ? new ProviderUnavailable('paypal', 'AUTHENTICATION_FAILURE')
          : error;
      })
      .finally(() => (underway = undefined));
    return underway;
  };
}

type PaypalConfiguration = NonNullable<ConstructorParameters<typeof Client>[0]>;
type BuilderFactory = ReturnType<Client['getRequestBuilderFactory']>;

/** The SDK has no setting for another base URL; every request it makes, the token's included, passes here. */
class RedirectedClient extends Client {
  readonly #baseUrl: () => string | undefined;

  constructor(config: PaypalConfiguration, baseUrl: () => string | undefined) {
    super(config);
    this.#baseUrl = baseUrl;
  }

  override getRequestBuilderFactory(): BuilderFactory {
    const factory = super.getRequestBuilderFactory();
    return (...args: Parameters<BuilderFactory>) => {
      const builder = factory(...args);
      builder.interceptRequest((request) => {
        // Runs per request, long after the constructor, which calls this method before the field is set.
        const base = this.#baseUrl();
        if (base === undefined) return request;
        return { ...request, url: request.url.replace(/^https:\/\/api-m(?:\.sandbox)?\.paypal\.com/, base) };
      });
      return builder;
    };
  }
}
