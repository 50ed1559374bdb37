import { Router, type ErrorRequestHandler } from 'express';
import type { Pool } from 'pg';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import { createApi, type Exchange } from './api.ts';
import { createApprovalPage } from './approval.ts';
import { loadSigningKeys, type SigningKeys } from './certificates.ts';
import { createControl, type PaypalControl } from './control.ts';
import { inTransaction } from './database.ts';
import { Deliveries } from './deliveries.ts';
import { reverseLapsedApprovals } from './orders.ts';
import { notFound, PaypalProblem, problemBody, serverError } from './problems.ts';
import { prepareSchema } from './schema.ts';

export type { Exchange } from './api.ts';
export { simulatorCredentials } from './identity.ts';

interface SimulatorOptions {
  clock: Clock;
  log: Logger;
  pool: Pool;
  /** Where browsers reach the router, without a trailing slash: `http://127.0.0.1:3000/sandbox/paypal`. */
  publicUrl: () => string;
  /** Where programs reach it, when that is another address; default `publicUrl`. */
  apiUrl?: () => string;
  /** Where webhooks go. */
  webhookUrl: () => string;
}

/** Who wants to see the traffic: every exchange with the API, and every webhook body before it is sent. */
interface TrafficListener {
  exchange?: (exchange: Exchange) => void;
  webhook?: (body: string) => void;
}

export interface PaypalSimulator {
  /** Mount it before anything that parses bodies: it reads them raw. */
  router: Router;
  control: PaypalControl;
  /** PEM; what a client must trust to believe the webhooks. Needs `prepare`. */
  rootCertificate(): Promise<string>;
  /** Makes schema and keys, in whichever process comes first. Await it before the first request. */
  prepare(): Promise<void>;
  /** Begins to deliver webhooks; those of an earlier run too. Call it once the server listens. */
  start(): void;
  /** Resolves when every webhook that is due was tried. */
  idle(): Promise<void>;
  /** Stops delivering; what is cut off is delivered after the next start. */
  close(): Promise<void>;
  /** @returns a function that ends it */
  observe(listener: TrafficListener): () => void;
}

/** PayPal, as far as we use it: a stateful stand-in, kept in PostgreSQL and shared by all processes on it. */
export function createPaypalSimulator(options: SimulatorOptions): PaypalSimulator {
  const { clock, log, pool, publicUrl } = options;
  const apiUrl = options.apiUrl ?? publicUrl;
  const listeners = new Set<TrafficListener>();
  let loading: Promise<SigningKeys> | undefined;

  const keys = (): Promise<SigningKeys> => {
    loading ??= loadSigningKeys(pool, clock.now()).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  let certificateId = '';
  const deliveries = new Deliveries({
    pool,
    clock,
    log,
    keys,
    webhookUrl: options.webhookUrl,
    certificateUrl: () => `${apiUrl()}/v1/notifications/certs/${certificateId}`,
    onSend: (body) => {
      listeners.forEach(({ webhook }) => webhook?.(body));
    },
  });
  const kick = (): void => void deliveries.kick();
  const control = createControl({ pool, clock, base: publicUrl, onChange: kick });

  const router = Router();
  router.use(createApprovalPage({ pool, clock, choose: (orderId, choice) => control.choose(orderId, choice) }));
  router.use(
    createApi({
      pool,
      clock,
      log,
      keys,
      base: publicUrl,
      onChange: kick,
      observe: (exchange) => {
        listeners.forEach((listener) => listener.exchange?.(exchange));
      },
    }),
  );
  router.use(() => {
    throw notFound();
  });
  router.use(asPaypalWould(log));

  return {
    router,
    control,
    rootCertificate: async () => (await keys()).rootCertificate,
    prepare: async () => {
      await prepareSchema(pool);
      ({ certificateId } = await keys());
    },
    start: () => {
      deliveries.start(async () => {
        await inTransaction(pool, (tx) => reverseLapsedApprovals({ tx, now: clock.now(), base: publicUrl() }));
      });
      kick();
    },
    idle: () => deliveries.kick(),
    close: () => deliveries.close(),
    observe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function asPaypalWould(log: Logger): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    if (!(error instanceof PaypalProblem)) log.error({ err: error }, 'PayPal simulator failed');
    const problem = error instanceof PaypalProblem ? error : serverError();
    res.status(problem.status).json(problemBody(problem));
  };
}
