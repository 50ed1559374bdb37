import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import pg from 'pg';
import { FixedClock } from '../../src/kit/clock.ts';
import { AppError } from '../../src/kit/errors.ts';
import { createLogger } from '../../src/kit/logger.ts';
import { createPaypalProvider, type PaypalOptions } from '../../src/payments/providers/paypal.ts';
import type { PaymentProvider } from '../../src/payments/provider.ts';
import { createPaypalControlRoutes, createPaypalSimulator, simulatorCredentials, type PaypalSimulator } from '../../src/sandbox/paypal/index.ts';

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

const problems: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  if (error instanceof AppError) res.status(error.status).json({ code: error.code, detail: error.message, errors: error.errors });
  else res.status(500).json({ code: 'internal_error', detail: String(error) });
};
