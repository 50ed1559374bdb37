import type { Request } from 'express';
import { equalInConstantTime, sha256 } from '../../kit/crypto.ts';
import { newSecret } from '../../kit/ids.ts';
import type { Queryable } from './database.ts';
import { simulatorCredentials } from './identity.ts';
import { unauthorized } from './problems.ts';

const lifetimeSeconds = 9 * 60 * 60;

/** An OAuth answer; unlike everything else at PayPal, its errors have OAuth's shape. */
export interface TokenAnswer {
  status: number;
  body: Record<string, unknown>;
}

export const refusedClient: TokenAnswer = {
  status: 401,
  body: { error: 'invalid_client', error_description: 'Client Authentication failed' },
};

export async function issueToken(
  db: Queryable,
  request: Request,
  form: URLSearchParams,
  now: Date,
): Promise<TokenAnswer> {
  if (!isOurClient(request.headers.authorization)) return refusedClient;
  if (form.get('grant_type') !== 'client_credentials') {
    return { status: 400, body: { error: 'unsupported_grant_type', error_description: 'Grant Type is NULL' } };
  }
  const token = `A21AA${newSecret()}`;
  await db.query('DELETE FROM sandbox.paypal_tokens WHERE expires_at < $1', [now]);
  await db.query('INSERT INTO sandbox.paypal_tokens (hash, expires_at) VALUES ($1, $2)', [
    sha256(token),
    new Date(now.getTime() + lifetimeSeconds * 1000),
  ]);
  const body = {
    scope: 'https://uri.paypal.com/services/payments/payment https://uri.paypal.com/services/payments/refund',
    access_token: token,
    token_type: 'Bearer',
    app_id: 'APP-PLANTAINSIMULATOR',
    expires_in: lifetimeSeconds,
    nonce: now.toISOString() + newSecret(),
  };
  return { status: 200, body };
}

/** @throws PaypalProblem when the bearer token is none of ours, revoked, or expired by the clock */
export async function authenticate(db: Queryable, request: Request, now: Date): Promise<void> {
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw unauthorized();
  const { rowCount } = await db.query('SELECT 1 FROM sandbox.paypal_tokens WHERE hash = $1 AND expires_at > $2', [
    sha256(token),
    now,
  ]);
  if (rowCount !== 1) throw unauthorized();
}

function isOurClient(authorization: string | undefined): boolean {
  const encoded = /^Basic (\S+)$/.exec(authorization ?? '')?.[1] ?? '';
  const { clientId, clientSecret } = simulatorCredentials;
  return equalInConstantTime(Buffer.from(encoded, 'base64').toString('utf8'), `${clientId}:${clientSecret}`);
}
