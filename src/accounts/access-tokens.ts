import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Clock } from '../kit/clock.ts';
import { Unauthenticated } from '../kit/errors.ts';

export interface AccessTokens {
  /** Seconds that a token lives. */
  readonly lifetimeSeconds: number;
  issue(userId: string): string;
  /** → the user's id. @throws Unauthenticated */
  verify(token: string): string;
}

/** HS256 tokens whose times are the clock's. The key is made once: a string would be parsed again at every call. */
export function createAccessTokens(secret: string, clock: Clock, lifetimeSeconds = 15 * 60): AccessTokens {
  const key = createSecretKey(Buffer.from(secret));
  const issuer = 'plantain';
  const seconds = () => Math.floor(clock.now().getTime() / 1000);
  return {
    lifetimeSeconds,
    issue(userId) {
      const issuedAt = seconds();
      const claims = { sub: userId, iss: issuer, iat: issuedAt, exp: issuedAt + lifetimeSeconds };
      return jwt.sign(claims, key, { algorithm: 'HS256' });
    },
    verify(token) {
      try {
        const claims = jwt.verify(token, key, { algorithms: ['HS256'], issuer, clockTimestamp: seconds() });
        if (typeof claims !== 'string' && typeof claims.sub === 'string') return claims.sub;
      } catch (error) {
        if (error instanceof jwt.TokenExpiredError) {
          throw new Unauthenticated('The access token has expired. Get a new one with the refresh token.');
        }
      }
      throw new Unauthenticated('The access token is not valid.');
    },
  };
}
