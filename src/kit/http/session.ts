import { RedisStore } from 'connect-redis';
import type { RequestHandler } from 'express';
import session from 'express-session';
import type { Redis } from 'ioredis';

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
    ...(redis === undefined
      ? {}
      : { store: new RedisStore({ client: redis, prefix: `plantain:${name}:`, ttl: Math.ceil(idleMs / 1000) }) }),
  });
}
