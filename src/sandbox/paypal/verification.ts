import { createVerify, X509Certificate } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { SigningKeys } from './certificates.ts';
import { badRequest } from './problems.ts';

const request = z.object({
  auth_algo: z.string().max(100),
  cert_url: z.url().max(500),
  transmission_id: z.string().max(50),
  transmission_sig: z.string().max(500),
  transmission_time: z.string().max(100),
  webhook_id: z.string().max(50),
  webhook_event: z.looseObject({}),
});

const marker = '"webhook_event":';

/**
 * POST /v1/notifications/verify-webhook-signature. The event counts as the bytes that stand in the body: whoever
 * parsed and printed it again on the way has changed them, here as at PayPal.
 * @throws PaypalProblem
 */
export function verifySignature(raw: Buffer, keys: SigningKeys): boolean {
  const start = raw.indexOf(marker);
  const end = raw.lastIndexOf('}');
  const parsed = request.safeParse(parse(raw));
  if (!parsed.success || start < 0) {
    throw badRequest([
      { issue: 'MISSING_REQUIRED_PARAMETER', field: `/${parsed.error?.issues[0]?.path.join('/') ?? ''}` },
    ]);
  }
  const { transmission_id: id, transmission_time: time, webhook_id: webhookId } = parsed.data;
  const event = raw.subarray(start + marker.length, end);
  const text = `${id}|${time}|${webhookId}|${crc32(event)}`;
  const key = new X509Certificate(keys.certificate).publicKey;
  return createVerify('RSA-SHA256').update(text).verify(key, parsed.data.transmission_sig, 'base64');
}

function parse(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    throw badRequest([{ issue: 'MALFORMED_REQUEST_JSON' }]);
  }
}
