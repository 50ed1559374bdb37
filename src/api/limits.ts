import type { ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { RateLimits } from '../kit/http/rate-limit.ts';
import { actorOf, callerOf, type Caller } from './authenticate.ts';

// Counted in memory: these come a thousand times a second.
const perToken = { name: 'api', points: 100, seconds: 1, local: true };
const perKey = { name: 'api-key', points: 2000, seconds: 1, local: true };

/** Counts a call for its caller; undefined while limits are off. @throws RateLimited */
export type CountCaller = ((caller: Caller, res: ServerResponse) => Promise<void>) | undefined;

export function callerLimit(limits: RateLimits): CountCaller {
  const [token, key] = [limits.counter(perToken), limits.counter(perKey)];
  if (token === undefined || key === undefined) return undefined;
  return (caller, res) => (caller.kind === 'user' ? token(caller.userId, res) : key(actorOf(caller), res));
}

/** The same as a middleware, behind `authenticate`. */
export function limitCallers(count: CountCaller): RequestHandler {
  return async (req, res, next) => {
    await count?.(callerOf(req), res);
    next();
  };
}
