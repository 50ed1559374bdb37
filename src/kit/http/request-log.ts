import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { pinoHttp } from 'pino-http';
import { stopwatch } from '../clock.ts';
import { newId } from '../ids.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { routeNameOf } from './route-name.ts';

/** One line per request, under an id that the caller sees too; no header, body or query string is written. */
export function logRequests(log: Logger): RequestHandler {
  return pinoHttp({
    logger: log,
    genReqId: (req, res) => {
      const id = requestIdFor(req);
      res.setHeader('X-Request-Id', id);
      return id;
    },
    customLogLevel: (_req, res, error) => (error !== undefined || res.statusCode >= 500 ? 'error' : 'info'),
    serializers: {
      req: ({ id, method, url }: { id: string; method: string; url: string }) => ({ id, method, path: pathOf(url) }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
    },
  }) as RequestHandler;
}

/** The caller's own id for the request, if it is fit to stand in a log, else a new one. */
export function requestIdFor({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,100}$/.test(given) ? given : newId();
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/** How long each route takes. The route, not the path, names it: paths carry ids. */
export function measureRequests({ httpDuration }: Metrics): RequestHandler {
  return (req, res, next) => {
    const elapsedMs = stopwatch();
    res.once('finish', () => {
      httpDuration.observe({ method: req.method, route: routeNameOf(req), status: res.statusCode }, elapsedMs() / 1000);
    });
    next();
  };
}
