import type { Request, Response } from 'express';
import { sha256 } from '../kit/crypto.ts';
import { ValidationFailed } from '../kit/errors.ts';

export const keyPattern = /^[\x21-\x7e]{1,255}$/;
export const keyMessage = 'must be 1 to 255 visible ASCII characters';

/** The caller's Idempotency-Key and a hash of the request that it stands for. @throws ValidationFailed */
export function idempotencyOf(req: Request): { key: string; fingerprint: string } | undefined {
  const key = keyOf(req.headers['idempotency-key']);
  return key === null ? undefined : { key, fingerprint: fingerprintOf(req) };
}

/** @throws ValidationFailed */
export function keyOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && keyPattern.test(header)) return header;
  throw new ValidationFailed([{ path: 'Idempotency-Key', message: keyMessage }]);
}

/** The same whatever the order of the fields. */
function fingerprintOf(req: Request): string {
  const body = (req.body ?? {}) as Record<string, unknown>;
  const fields = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(`${req.method} ${req.baseUrl}${req.path} ${JSON.stringify(fields)}`);
}

export function markReplayed(res: Response, replayed: boolean): void {
  if (replayed) res.set('Idempotency-Replayed', 'true');
}
