import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createApiKey, type Scope } from '../../src/accounts/api-keys.ts';
import { loadConfig, type Config } from '../../src/config.ts';
import type { Database } from '../../src/db/index.ts';
import { newId } from '../../src/kit/ids.ts';
import { createLogger, type Logger } from '../../src/kit/logger.ts';
import { createSystem, type System, type SystemOptions } from '../../src/system.ts';
import type { AdjustableClock } from '../../src/kit/clock.ts';
import type { PaypalSimulator } from '../../src/sandbox/paypal/index.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { testSecrets } from './secrets.ts';

/** A whole Plantain on a free port, over a database of its own. */
export interface TestApp extends System {
  clock: AdjustableClock;
  simulator: PaypalSimulator;
  db: Database;
  /** Without a trailing slash. */
  url: string;
  /** A second one on the same database, as another process would be; it is closed with the first. */
  another(): Promise<TestApp>;
  close(): Promise<void>;
}

export interface TestAppOptions {
  database?: TestDatabase;
  config?: Partial<Config>;
  /** Work the queue off: mails go out and webhooks are handled. Default true. */
  worker?: boolean;
  /** Where it writes what it does. Default: nowhere, or stdout at the level of TEST_LOG. */
  log?: Logger;
  /** Where people believe it to be. Default: where it listens. */
  publicUrl?: string;
  /** In the place of the clock that runs; processes can share it. */
  clock?: AdjustableClock;
  /** How long PayPal is waited for. Default: as in production. */
  patience?: SystemOptions['patience'];
}

export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = options.database ?? (await createTestDatabase({ seeded: true }));
  const db = database.connect();
  let url = '';
  const server = createServer();
  // On a busy machine the default of 5 s ends connections that the next request is on its way over.
  server.keepAliveTimeout = 60_000;
  await listen(server);
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const system = await createSystem({
    config: { ...loadConfig({ RATE_LIMITS: 'off', NODE_ENV: 'test' }), ...options.config },
    db,
    log: options.log ?? createLogger(process.env.TEST_LOG ?? 'silent'),
    secrets: testSecrets,
    publicUrl: () => options.publicUrl ?? url,
    localUrl: () => url,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.patience === undefined ? {} : { patience: options.patience }),
  });
  server.on('request', system.listener);
  await system.start({ cron: false, worker: options.worker ?? true });
  const { clock, simulator } = system;
  const others: TestApp[] = [];
  if (clock === undefined || simulator === undefined) throw new Error('a test runs in the sandbox');
  return {
    ...system,
    clock,
    simulator,
    db,
    url,
    async another() {
      const other = await startApp({ ...options, database });
      others.push(other);
      return other;
    },
    async close() {
      for (const other of others.splice(0)) await other.close();
      server.closeAllConnections();
      server.close();
      await system.stop();
      if (options.database === undefined) await database.drop();
    },
  };
}

async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

/** For a `describe`: an app before its first test, gone after its last. */
export function useApp(options: TestAppOptions = {}): TestApp {
  let app: TestApp | undefined;
  before(async function () {
    this.timeout(60_000);
    app = await startApp(options);
  });
  after(async function () {
    this.timeout(60_000);
    await app?.close();
  });
  return new Proxy({} as TestApp, {
    get(_target, property) {
      if (app === undefined) throw new Error('the app is there when the tests run, not before');
      return Reflect.get(app, property) as unknown;
    },
  });
}

export interface Answer<Body = Json> {
  status: number;
  headers: Headers;
  body: Body;
}
export type Json = Record<string, unknown>;

/** One call of the JSON API. */
export async function call(
  app: Pick<TestApp, 'url'>,
  method: string,
  path: string,
  {
    token,
    body,
    headers = {},
    raw,
  }: { token?: string; body?: unknown; headers?: Record<string, string>; raw?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: {
      ...(body === undefined && raw === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined && raw === undefined ? {} : { body: raw ?? JSON.stringify(body) }),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : { text }) as Json };
}

/** A customer as a client of the API sees it: one sign-in, kept fresh while the clock is turned. */
export class Client {
  readonly app: TestApp;
  readonly email: string;
  readonly password = 'a long enough password';
  id = '';
  token = '';
  refreshToken = '';

  constructor(app: TestApp, email = `${newId()}@example.com`) {
    this.app = app;
    this.email = email;
  }

  static async register(app: TestApp, more: { name?: string; locale?: string; email?: string } = {}): Promise<Client> {
    const client = new Client(app, more.email);
    const { email = client.email, ...rest } = more;
    const answer = await call(app, 'POST', '/api/v1/auth/register', {
      body: { email, password: client.password, ...rest },
    });
    if (answer.status !== 201) throw new Error(`registration answered ${JSON.stringify(answer.body)}`);
    client.keep(answer.body);
    return client;
  }

  keep({ user, access_token, refresh_token }: Json): void {
    this.id = (user as Json).id as string;
    this.token = access_token as string;
    this.refreshToken = refresh_token as string;
  }

  async signIn(): Promise<void> {
    const { email, password } = this;
    this.keep((await call(this.app, 'POST', '/api/v1/auth/login', { body: { email, password } })).body);
  }

  get(path: string): Promise<Answer> {
    return call(this.app, 'GET', `/api/v1${path}`, { token: this.token });
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return call(this.app, 'POST', `/api/v1${path}`, { token: this.token, body, ...(headers && { headers }) });
  }

  patch(path: string, body: unknown): Promise<Answer> {
    return call(this.app, 'PATCH', `/api/v1${path}`, { token: this.token, body });
  }

  /** Orders, approves as the buyer would, and captures. → the order */
  async buy(what: Json): Promise<Json> {
    const created = await this.post('/payments/create-order', what);
    if (created.status !== 201) throw new Error(`create-order answered ${JSON.stringify(created.body)}`);
    await this.approve(created.body);
    const captured = await this.post(`/payments/orders/${created.body.order_id as string}/capture`);
    if (captured.status !== 200) throw new Error(`capture answered ${JSON.stringify(captured.body)}`);
    return captured.body;
  }

  /** What the buyer does at PayPal. */
  async approve({ provider_order_id }: Json, choice = 'approve'): Promise<void> {
    const path = `/sandbox/api/paypal/orders/${provider_order_id as string}/${choice}`;
    const answer = await call(this.app, 'POST', path);
    if (answer.status !== 200) throw new Error(`${choice} answered ${JSON.stringify(answer.body)}`);
  }

  async credits(): Promise<Json> {
    return (await this.get('/credits')).body;
  }

  async subscription(): Promise<Json | null> {
    return (await this.get('/subscriptions/current')).body.subscription as Json | null;
  }

  async mails(): Promise<Json[]> {
    const path = `/sandbox/api/mail?to=${encodeURIComponent(this.email)}`;
    return (await call(this.app, 'GET', path)).body as unknown as Json[];
  }
}

export async function addApiKey(
  app: TestApp,
  scopes: Scope[] = ['credits:read', 'credits:consume', 'users:read'],
): Promise<string> {
  return createApiKey({ name: 'test', scopes, createdBy: null, now: app.clock.now() });
}

/** Waits until `look` answers with something else than undefined; for what the queue does. */
export async function eventually<T>(look: () => Promise<T | undefined>, timeoutMs = 10_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
