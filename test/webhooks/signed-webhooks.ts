import { createSign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { newId } from '../../src/kit/ids.ts';
import { simulatorCredentials } from '../../src/sandbox/paypal/index.ts';
import type { TestApp } from '../support/app.ts';

export interface Webhook {
  body: Buffer;
  headers: Record<string, string>;
}

/** A row of the inbox, with its body opened. */
export interface StoredEvent extends Webhook {
  id: string;
  eventId: string;
  type: string;
  sealed: string;
  handledAt: Date | null;
  outcome: string | null;
  attempts: number;
}

/** Oldest first. */
export async function inbox({ db, services }: TestApp): Promise<StoredEvent[]> {
  const { rows } = await db.pool.query<Omit<StoredEvent, 'body'>>(
    `SELECT id, event_id AS "eventId", type, body_sealed AS sealed, headers, handled_at AS "handledAt", outcome, attempts
     FROM provider_events ORDER BY id`,
  );
  return rows.map((row) => ({ ...row, body: Buffer.from(services.sealer.open(row.sealed)) }));
}

/** Dated now and signed with the simulator's key, as PayPal signs. */
export async function sign({ db, clock, url }: TestApp, event: unknown): Promise<Webhook> {
  const key = await db.pool.query<{ pem: string }>(`SELECT pem FROM sandbox.paypal_keys WHERE name = 'privateKey'`);
  const id = await db.pool.query<{ id: string }>(
    `SELECT headers->>'paypal-cert-url' AS id FROM provider_events LIMIT 1`,
  );
  const body = Buffer.from(JSON.stringify(event));
  const [transmission, time] = [newId(), clock.now().toISOString()];
  const text = `${transmission}|${time}|${simulatorCredentials.webhookId}|${crc32(body)}`;
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'paypal-transmission-id': transmission,
      'paypal-transmission-time': time,
      'paypal-transmission-sig': createSign('RSA-SHA256')
        .update(text)
        .sign(key.rows[0]?.pem ?? '', 'base64'),
      'paypal-cert-url': id.rows[0]?.id ?? url,
      'paypal-auth-algo': 'SHA256withRSA',
    },
  };
}

export async function deliver(
  { url }: Pick<TestApp, 'url'>,
  { body, headers }: Webhook,
  provider = 'paypal',
): Promise<{ status: number; code: unknown }> {
  const response = await fetch(`${url}/webhooks/${provider}`, { method: 'POST', headers, body: new Uint8Array(body) });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, code: isJson ? (JSON.parse(text) as { code?: unknown }).code : undefined };
}
