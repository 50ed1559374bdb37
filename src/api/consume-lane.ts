import { IncomingMessage, ServerResponse, type RequestListener } from 'node:http';
import { Socket } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import type { Services } from '../billing/services.ts';
import { stopwatch } from '../kit/clock.ts';
import { PayloadTooLarge, ValidationFailed } from '../kit/errors.ts';
import { requestIdFor } from '../kit/http/request-log.ts';
import type { Identify } from './authenticate.ts';
import { presentConsumed, type ConsumeCall } from './consume-call.ts';
import { keyOf } from './idempotency.ts';
import type { CountCaller } from './limits.ts';

const consumePath = '/api/v1/credits/consume';
const bodyLimitBytes = 100 * 1024;

export interface ConsumeLane {
  /** Answers plain calls itself, and hands everything else on to the app. */
  before(app: RequestListener): RequestListener;
  /** A route of the app, which tells the caller of a call that failed in the lane. */
  failed: RequestHandler;
}

export interface LaneParts {
  identify: Identify;
  count: CountCaller;
  call: ConsumeCall;
  securityHeaders: RequestHandler;
}

/**
 * `POST /credits/consume` stands before every image that a product makes, so plain calls of it pass Express by: what
 * the middlewares would do is done here once, or once for all requests. A call by a browser's script (it has an Origin)
 * or with a compressed body goes the general way to the same `ConsumeCall`, and a call that fails goes there to be
 * told so. A success is no line in the log: it is one in the ledger. See record 28.
 */
export function createConsumeLane({ metrics }: Services, parts: LaneParts): ConsumeLane {
  const { identify, count, call } = parts;
  const failures = new WeakMap<IncomingMessage, unknown>();
  const duration = metrics.httpDuration.labels({ method: 'POST', route: consumePath, status: 200 });
  const headers = {
    ...headersSetBy(parts.securityHeaders),
    'Cache-Control': 'no-store',
    'Content-Type': 'application/json; charset=utf-8',
  };

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const elapsedMs = stopwatch();
    const body = await readJson(req);
    const identified = identify(req.headers.authorization);
    const caller = identified instanceof Promise ? await identified : identified;
    await count?.(caller, res);
    const consumed = await call({ caller, body, key: keyOf(req.headers['idempotency-key']) });
    const answer = JSON.stringify(presentConsumed(consumed));
    res.writeHead(200, {
      ...headers,
      'X-Request-Id': requestIdFor(req),
      'Content-Length': Buffer.byteLength(answer),
      ...(consumed.replayed ? { 'Idempotency-Replayed': 'true' } : {}),
    });
    res.end(answer);
    duration.observe(elapsedMs() / 1000);
  }

  return {
    before: (app) => (req, res) => {
      if (!isPlain(req)) {
        app(req, res);
        return;
      }
      serve(req, res).catch((error: unknown) => {
        failures.set(req, error);
        app(req, res);
      });
    },
    failed: (req, _res, next) => {
      next(failures.get(req));
    },
  };
}

function isPlain({ method, url, headers }: IncomingMessage): boolean {
  return (
    url === consumePath &&
    method === 'POST' &&
    headers.origin === undefined &&
    headers['content-encoding'] === undefined
  );
}

/** What a middleware says to everybody. */
function headersSetBy(middleware: RequestHandler): Record<string, string> {
  const req = new IncomingMessage(new Socket());
  const res = new ServerResponse(req);
  void middleware(req as Request, res as Response, () => undefined);
  return Object.fromEntries(Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]));
}

/** @throws PayloadTooLarge, ValidationFailed */
function readJson(req: IncomingMessage): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    req.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= bodyLimitBytes) chunks.push(chunk);
      else reject(new PayloadTooLarge('100 kB'));
    });
    req.on('error', reject);
    req.on('end', () => {
      const [first] = chunks;
      const bytes = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
      try {
        resolve(bytes.length === 0 ? {} : JSON.parse(bytes.toString()));
      } catch {
        reject(new ValidationFailed([{ path: '', message: 'not valid JSON' }], 'The body is not valid JSON.'));
      }
    });
  });
}
