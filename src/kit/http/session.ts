import { RedisStore } from 'connect-redis';
import type { Request, RequestHandler } from 'express';
import session, { type SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { AppError } from '../errors.ts';

export interface SessionOptions {
  /** The cookie's name. */
  name: string;
  /** The part of the site that the cookie is sent to. */
  path: string;
  secret: string;
  /** Only over https: true where the public address is https. */
  secure: boolean;
  /** How long a session lives without a request. */
  idleMs: number;
  /** `strict`: not sent on links from elsewhere. `lax`: needed to come back from a gateway signed in. */
  sameSite: 'lax' | 'strict';
  redis: Redis | undefined;
}

/** Sessions in Redis where there is one, else in this process's memory. The cookie carries only a signed id. */
export function createSessions({
  name,
  path,
  secret,
  secure,
  idleMs,
  sameSite,
  redis,
}: SessionOptions): RequestHandler {
  return session({
    name,
    secret,
    resave: false,
    rolling: true,
    saveUninitialized: false,
    cookie: { path, httpOnly: true, secure, sameSite, maxAge: idleMs },
    ...(redis === undefined ? {} : { store: new SharedSessions(redis, `plantain:${name}:`, idleMs) }),
  });
}

/** Who is signed in cannot be looked up or changed now. */
export class SessionsAway extends AppError {
  constructor(cause?: unknown) {
    super(503, 'internal_error', 'Signing in and out is not possible at the moment. Try again in a minute.', { cause });
  }
}

/** Stops what makes no sense while sessions cannot be kept: the customer would be told something untrue. */
export const requireSessions: RequestHandler = (req, _res, next) => {
  if (areSessionsAway(req)) next(new SessionsAway());
  else next();
};

export function areSessionsAway({ sessionStore }: Request): boolean {
  return sessionStore instanceof SharedSessions && sessionStore.isAway;
}

type Done = (error?: unknown, found?: SessionData | null) => void;

/**
 * Without Redis nobody is known and their cookie is left alone, so that public pages go on and everybody is signed in
 * again when it is back; what would begin or end a session fails.
 */
class SharedSessions extends RedisStore {
  readonly #redis: Redis;

  constructor(redis: Redis, prefix: string, idleMs: number) {
    super({ client: redis, prefix, ttl: Math.ceil(idleMs / 1000) });
    this.#redis = redis;
  }

  get isAway(): boolean {
    return this.#redis.status !== 'ready';
  }

  override async get(sid: string, done: Done): Promise<void> {
    await super.get(sid, (error: unknown, found?: SessionData | null) => {
      done(null, error ? null : found);
    });
  }

  override async set(sid: string, data: SessionData, done: Done): Promise<void> {
    await super.set(sid, data, orAway(done));
  }

  override async destroy(sid: string, done: Done): Promise<void> {
    await super.destroy(sid, orAway(done));
  }

  /** A session that lives no longer for this request is not worth failing it. */
  override async touch(sid: string, data: SessionData, done: Done): Promise<void> {
    await super.touch(sid, data, () => {
      done();
    });
  }
}

function orAway(done: Done): Done {
  return (error) => {
    done(error ? new SessionsAway(error) : null);
  };
}
