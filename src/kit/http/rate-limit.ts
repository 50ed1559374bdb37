import type { ServerResponse } from 'node:http';
import type { Redis } from 'ioredis';
import type { Request, RequestHandler, Response } from 'express';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { RateLimited } from '../errors.ts';

export interface RateLimit {
  /** Names the policy in the answer's headers. */
  name: string;
  points: number;
  seconds: number;
  /** Count in this process only: for what is asked so often that a call to Redis would cost more than it is worth. */
  local?: boolean;
}

/** Makes limiters: counted in Redis where there is one, in memory where there is none or while it is down. */
export class RateLimits {
  readonly #redis: Redis | undefined;
  readonly #enabled: boolean;
  /** By name: pages and API that name the same limit count together. */
  readonly #limiters = new Map<string, RateLimiterAbstract>();

  constructor({ redis, enabled }: { redis: Redis | undefined; enabled: boolean }) {
    this.#redis = redis;
    this.#enabled = enabled;
  }

  /** A middleware that counts each request under `keyOf`; null is not counted. Answers over the limit are 429. */
  by(limit: RateLimit, keyOf: (req: Request, res: Response) => string | null): RequestHandler {
    const count = this.counter(limit);
    if (count === undefined) {
      return (_req, _res, next) => {
        next();
      };
    }
    return async (req, res, next) => {
      const key = keyOf(req, res);
      if (key !== null) await count(key, res);
      next();
    };
  }

  /** Counts a request under a key and tells the caller in the headers; undefined while limits are off. @throws RateLimited */
  counter(limit: RateLimit): ((key: string, res: ServerResponse) => Promise<void>) | undefined {
    if (!this.#enabled) return undefined;
    const limiter = this.#limiter(limit);
    return (key, res) => count(limiter, limit, key, res);
  }

  #limiter(limit: RateLimit): RateLimiterAbstract {
    const known = this.#limiters.get(limit.name);
    if (known !== undefined) return known;
    const limiter = this.#create(limit);
    this.#limiters.set(limit.name, limiter);
    return limiter;
  }

  #create({ name, points, seconds, local = false }: RateLimit): RateLimiterAbstract {
    const memory = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
    if (this.#redis === undefined || local) return memory;
    return new RateLimiterRedis({
      storeClient: this.#redis,
      keyPrefix: `plantain:limit:${name}`,
      points,
      duration: seconds,
      insuranceLimiter: memory,
      rejectIfRedisNotReady: true,
    });
  }
}

/** @throws RateLimited */
async function count(limiter: RateLimiterAbstract, limit: RateLimit, key: string, res: ServerResponse): Promise<void> {
  try {
    tell(res, limit, await limiter.consume(key));
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    tell(res, limit, error);
    throw new RateLimited(secondsLeft(error));
  }
}

/** draft-ietf-httpapi-ratelimit-headers */
function tell(res: ServerResponse, { name, points, seconds }: RateLimit, state: RateLimiterRes): void {
  res.setHeader('RateLimit-Policy', `"${name}";q=${points};w=${seconds}`);
  res.setHeader('RateLimit', `"${name}";r=${Math.max(0, state.remainingPoints)};t=${secondsLeft(state)}`);
}

function secondsLeft(state: RateLimiterRes): number {
  return Math.max(1, Math.ceil(state.msBeforeNext / 1000));
}

/** Who asks, by address. Of an IPv6 address only the network counts: one caller has all of its 2^64 addresses. */
export function addressOf(req: Request): string {
  const address = req.ip ?? 'unknown';
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  if (tail !== undefined) groups.push(...Array<string>(8 - groups.length - after.length).fill('0'), ...after);
  return `${groups.slice(0, 4).join(':')}::/64`;
}

const signInPerAccountAndAddress: RateLimit = { name: 'sign-in', points: 10, seconds: 60 };
// One address guessing at many accounts, and many addresses guessing at one account.
const signInPerAddress: RateLimit = { name: 'sign-in-address', points: 60, seconds: 60 };
const signInPerAccount: RateLimit = { name: 'sign-in-account', points: 50, seconds: 900 };
const registerPerAddress: RateLimit = { name: 'register', points: 20, seconds: 3600 };

/** Before every sign-in: pages, panel (`audience` keeps the two apart) and API alike. Reads `req.body.email`. */
export function limitSignIn(limits: RateLimits, audience: 'customer' | 'staff'): RequestHandler[] {
  const account = (req: Request) => {
    const email = accountOf(req);
    return email === null ? null : `${audience}|${email}`;
  };
  return [
    limits.by(signInPerAddress, addressOf),
    limits.by(signInPerAccount, account),
    limits.by(signInPerAccountAndAddress, (req) => `${account(req) ?? ''}|${addressOf(req)}`),
  ];
}

/** Before every registration, of pages and API together. */
export function limitRegistration(limits: RateLimits): RequestHandler {
  return limits.by(registerPerAddress, addressOf);
}

/** The account that somebody tries to sign in to, whether it exists or not. */
function accountOf(req: Request): string | null {
  const email: unknown = (req.body as { email?: unknown } | undefined)?.email;
  return typeof email === 'string' ? email.trim().toLowerCase().slice(0, 254) : null;
}
