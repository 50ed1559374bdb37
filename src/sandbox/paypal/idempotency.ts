import type { PoolClient } from 'pg';
import type { Json } from './representation.ts';

/** An answer in both lengths that `Prefer` can ask for. */
export interface Answer {
  status: number;
  full: Json;
  minimal: Json;
}

interface Remembered {
  status: number;
  full_body: Json;
  minimal_body: Json;
}

/**
 * The answer that was given to this PayPal-Request-Id, or a new one, which is then remembered. Two calls at once take
 * turns. Only successes are remembered: a capture that was declined may be tried again under its id.
 */
export async function answerOnce(
  tx: PoolClient,
  key: { operation: string; requestId: string | undefined; now: Date; rememberMs: number },
  work: () => Promise<Answer | Error>,
): Promise<Answer | Error> {
  const { operation, requestId, now, rememberMs } = key;
  if (requestId === undefined) return work();
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${operation} ${requestId}`]);
  const { rows } = await tx.query<Remembered>(
    `SELECT status, full_body, minimal_body FROM sandbox.paypal_requests
     WHERE operation = $1 AND request_id = $2 AND expires_at > $3`,
    [operation, requestId, now],
  );
  const known = rows[0];
  if (known !== undefined) {
    // Orders tell a repetition by 200; refunds do not tell.
    const status = operation.includes('/orders') ? 200 : known.status;
    return { status, full: known.full_body, minimal: known.minimal_body };
  }
  const answer = await work();
  if (answer instanceof Error) return answer;
  await tx.query(
    `INSERT INTO sandbox.paypal_requests (operation, request_id, status, full_body, minimal_body, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (operation, request_id) DO UPDATE SET status = excluded.status, full_body = excluded.full_body,
       minimal_body = excluded.minimal_body, expires_at = excluded.expires_at`,
    [operation, requestId, answer.status, answer.full, answer.minimal, new Date(now.getTime() + rememberMs)],
  );
  return answer;
}
