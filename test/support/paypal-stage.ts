import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import pg from 'pg';
import { FixedClock } from '../../src/kit/clock.ts';
import { AppError } from '../../src/kit/errors.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { ProviderError } from '../../src/payments/provider-errors.ts';
import { createPaypalProvider, type PaypalOptions } from '../../src/payments/providers/paypal.ts';
import { newId } from '../../src/kit/ids.ts';
import type { PaymentProvider, ProviderCapture, ProviderOrderInput } from '../../src/payments/provider.ts';
import {
  createPaypalControlRoutes,
  createPaypalSimulator,
  simulatorCredentials,
  type PaypalSimulator,
} from '../../src/sandbox/paypal/index.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export interface ReceivedWebhook {
  body: Buffer;
  headers: Record<string, string | undefined>;
}

/** The simulator behind HTTP on a free port, the client that talks to it, and a shop that takes its webhooks. */
export interface PaypalStage {
  readonly clock: FixedClock;
  readonly simulator: PaypalSimulator;
  readonly provider: PaymentProvider;
  /** Without the mount. */
  readonly origin: string;
  readonly simulatorUrl: string;
  readonly pool: pg.Pool;
  readonly webhooks: ReceivedWebhook[];
  /** What the shop answers to the next webhooks; 200 once they are used up. */
  readonly webhookAnswers: number[];
  /** Another client, as in another process. */
  client(options?: Partial<PaypalOptions>): PaymentProvider;
  close(): Promise<void>;
}

/** Short enough that a test which lets every attempt fail does not wait. */
const patience = { timeoutMs: 5_000, attempts: 3, firstDelayMs: 5, budgetMs: 5_000 };

export async function openPaypalStage(databaseUrl: string, now = '2026-03-10T12:00:00Z'): Promise<PaypalStage> {
  const clock = new FixedClock(now);
  const log = createLogger('silent');
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  const app = express();
  const server = await listen(app);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const simulatorUrl = `${origin}/sandbox/paypal`;
  const simulator = createPaypalSimulator({
    clock,
    log,
    pool,
    publicUrl: () => simulatorUrl,
    webhookUrl: () => `${origin}/webhooks/paypal`,
  });
  await simulator.prepare();

  const webhooks: ReceivedWebhook[] = [];
  const webhookAnswers: number[] = [];
  app.use('/sandbox/paypal', simulator.router);
  app.use('/sandbox/api/paypal', createPaypalControlRoutes(simulator.control));
  app.post('/webhooks/paypal', express.raw({ type: () => true }), (req, res) => {
    webhooks.push({ body: req.body as Buffer, headers: req.headers as Record<string, string | undefined> });
    res.status(webhookAnswers.shift() ?? 200).end();
  });
  app.use(problems);

  const client = (options: Partial<PaypalOptions> = {}): PaymentProvider =>
    createPaypalProvider({
      clock,
      log,
      environment: 'simulator',
      ...simulatorCredentials,
      baseUrl: () => simulatorUrl,
      trustSimulatorCertificate: { baseUrl: () => simulatorUrl, rootCertificate: () => simulator.rootCertificate() },
      patience,
      ...options,
    });
  return {
    clock, simulator, origin, simulatorUrl, pool, webhooks, webhookAnswers, client,
    provider: client(),
    close: async () => {
      await simulator.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  }; // prettier-ignore
}

function listen(app: express.Express): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer(app);
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

const problems: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) next(error);
  else if (error instanceof AppError)
    res.status(error.status).json({ code: error.code, detail: error.message, errors: error.errors });
  else res.status(500).json({ code: 'internal_error', detail: String(error) });
};

/** An order that any test may make; what it is about, it names itself. */
export function orderInput(overrides: Partial<ProviderOrderInput> = {}): ProviderOrderInput {
  return {
    requestId: newId(),
    reference: newId(),
    invoiceId: `PL-${newId()}`,
    amountMinor: 2999,
    currency: 'USD',
    description: 'Pro, monthly',
    locale: 'en',
    returnUrl: 'http://127.0.0.1:3000/checkout/return?from=paypal',
    cancelUrl: 'http://127.0.0.1:3000/checkout/cancel',
    ...overrides,
  };
}

/** What tests do with a stage, told in one word each. */
export class PaypalActs {
  readonly #stage: () => PaypalStage;

  constructor(stage: () => PaypalStage) {
    this.#stage = stage;
  }

  /** @returns PayPal's order id */
  async created(overrides?: Partial<ProviderOrderInput>): Promise<string> {
    return (await this.#stage().provider.createOrder(orderInput(overrides))).providerOrderId;
  }

  async approved(overrides?: Partial<ProviderOrderInput>): Promise<string> {
    const id = await this.created(overrides);
    await this.#stage().simulator.control.approve(id);
    return id;
  }

  async captured(overrides?: Partial<ProviderOrderInput>): Promise<ProviderCapture> {
    const providerOrderId = await this.approved(overrides);
    const { capture } = await this.#stage().provider.captureOrder({ providerOrderId, requestId: newId() });
    if (capture === null) throw new Error('nothing was captured');
    return capture;
  }

  refund(captureId: string, amountMinor: number, requestId = newId()) {
    const call = { requestId, captureId, amountMinor, currency: 'USD', note: null };
    return this.#stage().provider.refundCapture(call);
  }

  /** Turns the clock forward. */
  turn(ms: number): void {
    const { clock } = this.#stage();
    clock.set(new Date(clock.now().getTime() + ms));
  }

  /** The types of the webhooks that came, in order. */
  webhookTypes(): string[] {
    const typeOf = ({ body }: ReceivedWebhook) =>
      (JSON.parse(body.toString('utf8')) as { event_type: string }).event_type;
    return this.#stage().webhooks.map(typeOf);
  }
}

/** For a `describe`: one database, and in it a fresh PayPal for each test, with the keys of the first. */
export function usePaypalStage(): { readonly stage: PaypalStage; readonly acts: PaypalActs } {
  let database: TestDatabase | undefined;
  let stage: PaypalStage | undefined;
  const ready = (): PaypalStage => {
    if (stage === undefined) throw new Error('the stage is there when the tests run, not before');
    return stage;
  };
  before(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    stage = await openPaypalStage(database?.url ?? '');
    await stage.pool.query(
      `TRUNCATE sandbox.paypal_orders, sandbox.paypal_captures, sandbox.paypal_refunds, sandbox.paypal_disputes,
         sandbox.paypal_requests, sandbox.paypal_faults, sandbox.paypal_deliveries`,
    );
  });
  afterEach(async () => {
    await stage?.close();
  });
  after(async () => {
    await database?.drop();
  });
  const acts = new PaypalActs(ready);
  return {
    acts,
    get stage() {
      return ready();
    },
  };
}

/** What a call was refused with; a call that succeeds, or fails in another way, fails the test. */
export async function refusalOf(call: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof ProviderError) return error;
  throw error;
}
