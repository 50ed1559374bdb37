import { createVerify } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Clock } from '../../kit/clock.ts';
import { ProviderRejected, WebhookRejected } from '../provider-errors.ts';
import type { ProviderEvent } from '../provider.ts';
import type { KeyAt } from './paypal-certificates.ts';
import { parsePaypalEvent } from './paypal-events.ts';

interface Transmission {
  id: string;
  time: string;
  signature: string;
  certificateUrl: string;
  algorithm: string;
}

/**
 * Answers whether the signature is PayPal's.
 * @throws WebhookRejected where it can say more
 * @throws ProviderUnavailable where it cannot say now
 */
export type SignatureCheck = (transmission: Transmission, rawBody: Buffer) => Promise<boolean>;

/**
 * PayPal tries for three days, and whether a retry is dated anew is not documented: anything older than that cannot
 * be one. Inside the window a replay is found by its event id.
 */
const oldestMs = 3 * 24 * 60 * 60 * 1000 + 60 * 60 * 1000;
/** Clocks differ. */
const aheadMs = 5 * 60 * 1000;

const headerLimit = 1_000;

/** @throws WebhookRejected, or ProviderUnavailable when it cannot be checked now: PayPal sends it again */
export async function verifyPaypalWebhook(
  rawBody: Buffer,
  headers: Readonly<Record<string, string | undefined>>,
  { clock, check }: { clock: Clock; check: SignatureCheck },
): Promise<ProviderEvent> {
  const transmission = readTransmission(headers);
  if (transmission.algorithm !== 'SHA256withRSA') throw new WebhookRejected('paypal', 'WRONG_ALGORITHM');
  const ageMs = clock.now().getTime() - timeOf(transmission);
  if (ageMs > oldestMs) throw new WebhookRejected('paypal', 'STALE');
  if (ageMs < -aheadMs) throw new WebhookRejected('paypal', 'DATED_IN_THE_FUTURE');
  if (!(await check(transmission, rawBody))) throw new WebhookRejected('paypal', 'FORGED');
  try {
    return parsePaypalEvent(rawBody);
  } catch {
    throw new WebhookRejected('paypal', 'UNREADABLE_EVENT');
  }
}

/** Checks the signature here, with PayPal's certificate: one fetch a day. */
export function checkWithCertificate(webhookId: string, keyAt: KeyAt): SignatureCheck {
  return async ({ id, time, signature, certificateUrl }, rawBody) => {
    const key = await keyAt(certificateUrl);
    if (key.asymmetricKeyType !== 'rsa') throw new WebhookRejected('paypal', 'WRONG_ALGORITHM');
    return createVerify('RSA-SHA256')
      .update(signedText({ id, time }, webhookId, rawBody))
      .verify(key, signature, 'base64');
  };
}

/** Asks PayPal, at POST /v1/notifications/verify-webhook-signature: one call for each webhook. */
export function checkWithGateway(webhookId: string, ask: (body: Buffer) => Promise<unknown>): SignatureCheck {
  return async (transmission, rawBody) => {
    // It goes into a request of ours: a body that ends the object could name a transmission of its own to be checked.
    if (!isJson(rawBody)) throw new WebhookRejected('paypal', 'UNREADABLE_EVENT');
    const fields = JSON.stringify({
      transmission_id: transmission.id,
      transmission_time: transmission.time,
      transmission_sig: transmission.signature,
      cert_url: transmission.certificateUrl,
      auth_algo: transmission.algorithm,
      webhook_id: webhookId,
    });
    // The raw bytes are put in as they are: PayPal computes over them, and parsing and printing would change them.
    const body = Buffer.concat([Buffer.from(`${fields.slice(0, -1)},"webhook_event":`), rawBody, Buffer.from('}')]);
    const answer = await ask(body).catch((error: unknown) => {
      // PayPal refuses to look at what cannot be one of its own.
      throw error instanceof ProviderRejected ? new WebhookRejected('paypal', 'VERIFICATION_REFUSED') : error;
    });
    return typeof answer === 'object' && answer !== null && 'verification_status' in answer
      ? answer.verification_status === 'SUCCESS'
      : false;
  };
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** What PayPal signs: the webhook id in it keeps events for others from being passed on to us. */
function signedText(transmission: { id: string; time: string }, webhookId: string, rawBody: Buffer): string {
  return `${transmission.id}|${transmission.time}|${webhookId}|${crc32(rawBody)}`;
}

function readTransmission(headers: Readonly<Record<string, string | undefined>>): Transmission {
  const header = (name: string): string => {
    const value = headers[name];
    if (value === undefined || value === '' || value.length > headerLimit) {
      throw new WebhookRejected('paypal', `MISSING_${name.replaceAll('-', '_').toUpperCase()}`);
    }
    return value;
  };
  return {
    id: header('paypal-transmission-id'),
    time: header('paypal-transmission-time'),
    signature: header('paypal-transmission-sig'),
    certificateUrl: header('paypal-cert-url'),
    algorithm: header('paypal-auth-algo'),
  };
}

function timeOf({ time }: Transmission): number {
  const milliseconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(time) ? Date.parse(time) : NaN;
  if (Number.isNaN(milliseconds)) throw new WebhookRejected('paypal', 'UNREADABLE_TIME');
  return milliseconds;
}
