import { createSign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Pool } from 'pg';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import type { SigningKeys } from './certificates.ts';
import type { Queryable } from './database.ts';
import { simulatorCredentials } from './identity.ts';

export interface Delivery {
  id: string;
  eventId: string;
  eventType: string;
  orderId: string | null;
  state: 'waiting' | 'delivered' | 'given_up' | 'lost';
  attempts: number;
  createdAt: Date;
  nextAttemptAt: Date;
  lastStatus: number | null;
  lastError: string | null;
}

export interface DeliveryOptions {
  pool: Pool;
  clock: Clock;
  log: Logger;
  webhookUrl: () => string;
  certificateUrl: () => string;
  keys: () => Promise<SigningKeys>;
  /** Told of each body before it is sent. */
  onSend: (body: string) => void;
}

const attemptsLimit = 25;
const attemptTimeoutMs = 10_000;
/** So long may an attempt take before another process may try; wall time, whatever the clock says. */
const leaseSeconds = 30;
const pollMs = 1_000;

interface Due {
  id: string;
  body: string;
  event_type: string;
  attempts: number;
}

/** Sends what is queued, in order, until each is answered with 2xx or was tried 25 times. */
export class Deliveries {
  readonly #options: DeliveryOptions;
  #running: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Looks every second whether something is due: the clock may have been turned. */
  start(onTick: () => Promise<void>): void {
    this.#timer ??= setInterval(() => {
      onTick().catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'PayPal simulator: sweep failed');
      });
      void this.kick();
    }, pollMs).unref();
  }

  /** Sends everything that is due now; resolves when nothing is. Never rejects. */
  kick(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    this.#again = true;
    this.#running ??= this.#drain();
    return this.#running;
  }

  /** What is under way is cut off, and sent again by whoever starts next. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#running;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        for (let due = await this.#claim(); due !== undefined; due = await this.#claim()) await this.#attempt(due);
      }
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#options.log.warn({ err: error }, 'PayPal simulator: delivery stopped');
    } finally {
      // In the same turn as the last look at #again, so that no kick falls between.
      this.#running = undefined;
    }
  }

  async #claim(): Promise<Due | undefined> {
    if (this.#closing.signal.aborted) return undefined;
    const { pool, clock } = this.#options;
    const { rows } = await pool.query<Due>(
      `UPDATE sandbox.paypal_deliveries SET leased_until = now() + make_interval(secs => $2)
       WHERE id = (
         SELECT id FROM sandbox.paypal_deliveries
         WHERE state = 'waiting' AND next_attempt_at <= $1 AND (leased_until IS NULL OR leased_until < now())
         ORDER BY next_attempt_at, seq LIMIT 1 FOR UPDATE SKIP LOCKED
       )
       RETURNING id, body, event_type, attempts`,
      [clock.now(), leaseSeconds],
    );
    return rows[0];
  }

  async #attempt(due: Due): Promise<void> {
    const { pool, log } = this.#options;
    const outcome = await this.#send(due);
    if (this.#closing.signal.aborted && outcome.status === null) {
      await pool.query('UPDATE sandbox.paypal_deliveries SET leased_until = NULL WHERE id = $1', [due.id]);
      return;
    }
    const attempts = due.attempts + 1;
    const delivered = outcome.status !== null && outcome.status >= 200 && outcome.status < 300;
    const state = delivered ? 'delivered' : attempts >= attemptsLimit ? 'given_up' : 'waiting';
    if (!delivered) log.info({ event: due.event_type, attempts, ...outcome }, 'PayPal simulator: webhook not accepted');
    const next = new Date(this.#options.clock.now().getTime() + backoffMs(attempts));
    await pool.query(
      `UPDATE sandbox.paypal_deliveries SET state = $2, attempts = $3, next_attempt_at = $4, last_status = $5,
         last_error = $6, leased_until = NULL WHERE id = $1`,
      [due.id, state, attempts, next, outcome.status, outcome.error],
    );
  }

  async #send({ id, body }: Due): Promise<{ status: number | null; error: string | null }> {
    const { webhookUrl, onSend } = this.#options;
    try {
      const headers = await this.#sign(id, body);
      onSend(body);
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(attemptTimeoutMs)]);
      const response = await fetch(webhookUrl(), { method: 'POST', body, headers, redirect: 'error', signal });
      await response.body?.cancel();
      return { status: response.status, error: null };
    } catch (error) {
      return { status: null, error: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Dated at each attempt, with one id for all of them. */
  async #sign(id: string, body: string): Promise<Record<string, string>> {
    const { clock, keys, certificateUrl } = this.#options;
    const time = clock.now().toISOString().replace(/\.\d+/, '');
    const text = `${id}|${time}|${simulatorCredentials.webhookId}|${crc32(body)}`;
    return {
      'content-type': 'application/json',
      'paypal-transmission-id': id,
      'paypal-transmission-time': time,
      'paypal-transmission-sig': createSign('RSA-SHA256')
        .update(text)
        .sign((await keys()).privateKey, 'base64'),
      'paypal-cert-url': certificateUrl(),
      'paypal-auth-algo': 'SHA256withRSA',
      'user-agent': 'PayPal/AUHD-simulator',
    };
  }
}

/** 1 s, 2 s, 4 s … at most four hours: about two days for 25 attempts. */
function backoffMs(attempts: number): number {
  return Math.min(2 ** (attempts - 1) * 1_000, 4 * 60 * 60 * 1_000);
}

/** Newest first. */
export async function listDeliveries(db: Queryable, limit: number): Promise<Delivery[]> {
  const { rows } = await db.query<Delivery>(
    `SELECT id, event_id AS "eventId", event_type AS "eventType", order_id AS "orderId", state, attempts,
       created_at AS "createdAt", next_attempt_at AS "nextAttemptAt", last_status AS "lastStatus",
       last_error AS "lastError"
     FROM sandbox.paypal_deliveries ORDER BY seq DESC LIMIT $1`,
    [limit],
  );
  return rows;
}
