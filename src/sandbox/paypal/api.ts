import express, { Router, type Request, type Response } from 'express';
import type { Pool } from 'pg';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import type { SigningKeys } from './certificates.ts';
import { inTransaction } from './database.ts';
import { faultsByTarget, takeFault, type FaultName, type FaultTarget } from './faults.ts';
import { answerOnce, type Answer } from './idempotency.ts';
import { asOfNow, captureOrder, createOrder, type Scene } from './orders.ts';
import { refundCapture } from './payments.ts';
import {
  badRequest,
  forbidden,
  notFound,
  PaypalProblem,
  problemBody,
  serverError,
  tooManyRequests,
} from './problems.ts';
import { capturesOf, disputesSince, find, refundsOf, type OrderRecord } from './records.ts';
import {
  approvalUrl,
  captureResource,
  disputeBody,
  disputeList,
  orderBody,
  orderSummary,
  refundBody,
  refundSummary,
  type Json,
} from './representation.ts';
import { readDisputeQuery, readJson, readOrderRequest, readRefundRequest } from './requests.ts';
import { searchTransactions } from './statement.ts';
import { authenticate, issueToken, refusedClient } from './tokens.ts';
import { verifySignature } from './verification.ts';

export interface ApiOptions {
  pool: Pool;
  clock: Clock;
  log: Logger;
  base: () => string;
  keys: () => Promise<SigningKeys>;
  /** Told of every exchange, when it is over. */
  observe: (exchange: Exchange) => void;
  /** Something may be due for delivery. */
  onChange: () => void;
}

/** One call of PayPal's API as it went over the wire. */
export interface Exchange {
  method: string;
  /** Below the simulator's address, query included. */
  path: string;
  requestHeaders: Request['headers'];
  requestBody: unknown;
  /** Null where a fault cut the connection. */
  status: number | null;
  responseBody: unknown;
}

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const transportFaults = ['timeout_before', 'timeout_after', 'error_401', 'error_429', 'error_500'] as const;

/** A call that changes something: may fail on demand, and happens once per PayPal-Request-Id. */
interface Change {
  target: FaultTarget;
  rememberMs: number;
  /** Which order a fault must be meant for. */
  orderIdOf: (id: string) => Promise<string | null>;
  run: (scene: Scene, id: string, body: unknown) => Promise<Answer | PaypalProblem>;
}

export function createApi(options: ApiOptions): Router {
  const { pool, clock, base } = options;
  const router = Router({ caseSensitive: true });
  router.use(express.raw({ type: () => true, limit: '1mb' }));

  router.post('/v1/oauth2/token', (req, res) => answerToken(options, req, res));
  router.post('/v2/checkout/orders', change(options, creating()));
  router.post('/v2/checkout/orders/:id/capture', change(options, capturing()));
  router.post('/v2/payments/captures/:id/refund', change(options, refunding(options)));

  router.get('/v2/checkout/orders/:id', read(options, async (id) => {
    const order = await find(pool, 'orders', id);
    return fullOrder(pool, base(), asOfNow(order, clock.now()));
  })); // prettier-ignore
  router.get('/v2/payments/captures/:id', read(options, async (id) => {
    const capture = await find(pool, 'captures', id);
    return capture && captureResource(base(), capture);
  })); // prettier-ignore
  router.get('/v2/payments/refunds/:id', read(options, async (id) => {
    const refund = await find(pool, 'refunds', id);
    return refund && refundBody(base(), refund);
  })); // prettier-ignore
  router.get('/v1/customer/disputes/:id', read(options, async (id) => {
    const dispute = await find(pool, 'disputes', id);
    const capture = dispute && (await find(pool, 'captures', dispute.captureId));
    return capture && disputeBody(base(), dispute, capture);
  })); // prettier-ignore

  router.get('/v1/customer/disputes', exchange(options, async (req) => {
    await authenticate(pool, req, clock.now());
    const { updatedAfter, offset, limit } = readDisputeQuery(req.query);
    const found = await disputesSince(pool, updatedAfter, { offset, limit: limit + 1 });
    const nextPage = found.length > limit ? String(offset + limit) : null;
    return { status: 200, body: disputeList(base(), found.slice(0, limit), nextPage) };
  })); // prettier-ignore

  router.get('/v1/reporting/transactions', exchange(options, async (req) => {
    const now = clock.now();
    await authenticate(pool, req, now);
    const fault = await takeFault(pool, 'statement', faultsByTarget.statement, null);
    if (fault === 'timeout_before') return 'hang up';
    throwIfRefused(fault);
    const until = fault === 'late' ? new Date(now.getTime() - 3 * hour) : now;
    return { status: 200, body: await searchTransactions(pool, base(), req, until) };
  })); // prettier-ignore

  router.post('/v1/notifications/verify-webhook-signature', exchange(options, async (req) => {
    await authenticate(pool, req, clock.now());
    const good = verifySignature(rawOf(req), await options.keys());
    return { status: 200, body: { verification_status: good ? 'SUCCESS' : 'FAILURE' } };
  })); // prettier-ignore
  router.get('/v1/notifications/certs/:id', async (req, res) => {
    const keys = await options.keys();
    if (req.params.id !== keys.certificateId) throw notFound();
    res.type('application/x-pem-file').send(keys.certificate);
  });
  return router;
}

type Outcome = { status: number; body: Json } | 'hang up';

/** Runs a call, answers it in PayPal's form whatever happens, and tells who listens. */
function exchange(options: ApiOptions, run: (req: Request) => Promise<Outcome>) {
  return async (req: Request, res: Response): Promise<void> => {
    const outcome = await run(req).catch((error: unknown): Outcome => {
      if (!(error instanceof PaypalProblem)) options.log.error({ err: error }, 'PayPal simulator failed');
      const problem = error instanceof PaypalProblem ? error : serverError();
      const declined = problem.details[0]?.issue === 'INSTRUMENT_DECLINED';
      return {
        status: problem.status,
        body: problemBody(problem, declined ? approvalUrl(options.base(), idOf(req)) : undefined),
      };
    });
    finish(options, req, res, outcome);
  };
}

function finish(options: ApiOptions, req: Request, res: Response, outcome: Outcome): void {
  const hungUp = outcome === 'hang up';
  options.observe({
    method: req.method,
    path: req.url,
    requestHeaders: req.headers,
    requestBody: describeBody(req),
    status: hungUp ? null : outcome.status,
    responseBody: hungUp ? undefined : outcome.body,
  });
  options.onChange();
  // At once, and not after a silence: the client must not know either way, and no test should wait for that.
  if (hungUp) req.socket.destroy();
  else res.status(outcome.status).set('paypal-debug-id', debugIdOf(outcome.body)).json(outcome.body);
}

function change(options: ApiOptions, { target, rememberMs, orderIdOf, run }: Change) {
  const { pool, clock, base } = options;
  return exchange(options, async (req) => {
    const now = clock.now();
    await authenticate(pool, req, now);
    const body = readJson(rawOf(req));
    const id = idOf(req);
    const fault = await takeFault(pool, target, transportFaults, await orderIdOf(id));
    if (fault === 'timeout_before') return 'hang up';
    throwIfRefused(fault);
    const requestId = req.get('paypal-request-id');
    const answer = await inTransaction(pool, (tx) =>
      answerOnce(tx, { operation: `${req.method} ${req.path}`, requestId, now, rememberMs }, async () => {
        if (target === 'create') requireRequestId(requestId, body);
        return run({ tx, now, base: base() }, id, body);
      }),
    );
    if (answer instanceof Error) throw answer;
    if (fault === 'timeout_after') return 'hang up';
    const minimal = req.get('prefer')?.includes('return=representation') !== true;
    return { status: answer.status, body: minimal ? answer.minimal : answer.full };
  });
}

function throwIfRefused(fault: FaultName | undefined): void {
  if (fault === 'forbidden') throw forbidden();
  if (fault === 'error_429') throw tooManyRequests();
  if (fault === 'error_500') throw serverError();
}

function creating(): Change {
  return {
    target: 'create',
    rememberMs: 6 * hour,
    orderIdOf: () => Promise.resolve(null),
    run: async (scene, _id, body) => orderAnswer(scene, await createOrder(scene, readOrderRequest(body))),
  };
}

function capturing(): Change {
  return {
    target: 'capture',
    rememberMs: 6 * hour,
    orderIdOf: (id) => Promise.resolve(id),
    run: async (scene, id) => {
      const order = await captureOrder(scene, id);
      return order instanceof PaypalProblem ? order : orderAnswer(scene, order);
    },
  };
}

function refunding({ pool }: ApiOptions): Change {
  return {
    target: 'refund',
    rememberMs: 45 * day,
    orderIdOf: async (id) => (await find(pool, 'captures', id))?.orderId ?? null,
    run: async (scene, id, body) => {
      const refund = await refundCapture(scene, id, readRefundRequest(body));
      if (refund instanceof PaypalProblem) return refund;
      return { status: 201, full: refundBody(scene.base, refund), minimal: refundSummary(scene.base, refund) };
    },
  };
}

async function orderAnswer({ tx, base }: Scene, order: OrderRecord): Promise<Answer> {
  return { status: 201, full: await fullOrder(tx, base, order), minimal: orderSummary(base, order) };
}

async function fullOrder(db: Parameters<typeof find>[0], base: string, order: OrderRecord): Promise<Json> {
  const captures = await capturesOf(db, order.id);
  const refunds = await refundsOf(db, captures.map(({ id }) => id)); // prettier-ignore
  return orderBody(base, order, captures, refunds);
}

function read(options: ApiOptions, load: (id: string) => Promise<Json | undefined>) {
  return exchange(options, async (req) => {
    await authenticate(options.pool, req, options.clock.now());
    const body = await load(idOf(req));
    if (body === undefined) throw notFound();
    return { status: 200, body };
  });
}

async function answerToken(options: ApiOptions, req: Request, res: Response): Promise<void> {
  const fault = await takeFault(options.pool, 'token', transportFaults, null);
  if (fault === 'timeout_before') {
    finish(options, req, res, 'hang up');
    return;
  }
  await exchange(options, async () => {
    throwIfRefused(fault);
    if (fault === 'error_401') return refusedClient;
    const form = new URLSearchParams(rawOf(req).toString('utf8'));
    const answer = await issueToken(options.pool, req, form, options.clock.now());
    return fault === 'timeout_after' ? 'hang up' : answer;
  })(req, res);
}

function requireRequestId(requestId: string | undefined, body: unknown): void {
  const paysHere = typeof body === 'object' && body !== null && 'payment_source' in body;
  if (requestId === undefined && paysHere) throw badRequest([{ issue: 'PAYPAL_REQUEST_ID_REQUIRED' }]);
}

function idOf(req: Request): string {
  const { id } = req.params;
  return typeof id === 'string' ? id : '';
}

/** The bytes as they came; Express leaves an empty object where there were none. */
function rawOf(req: Request): Buffer {
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}

function describeBody(req: Request): unknown {
  const text = rawOf(req).toString('utf8');
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}

function debugIdOf(body: Json): string {
  return typeof body.debug_id === 'string' ? body.debug_id : 'f000000000000';
}
