import type pg from 'pg';
import type { Clock } from '../kit/clock.ts';
import type { MailTransport, OutgoingMail } from '../mail/transport.ts';

export interface ReceivedMail {
  id: string;
  to: string;
  subject: string;
  template: string;
  locale: string;
  html: string;
  text: string;
  sent_at: Date;
}

const schema = `
  CREATE SCHEMA IF NOT EXISTS sandbox;
  CREATE TABLE IF NOT EXISTS sandbox.mails (
    id uuid PRIMARY KEY, address text NOT NULL, subject text NOT NULL, template text NOT NULL, locale text NOT NULL,
    html text NOT NULL, text text NOT NULL, sent_at timestamptz NOT NULL
  );
  CREATE INDEX IF NOT EXISTS mails_sent_at ON sandbox.mails (sent_at DESC, id DESC);
`;
const columns = 'id, address AS "to", subject, template, locale, html, text, sent_at';

/** Keeps mail in the database instead of sending it, for people and tests to read. */
export class Mailbox implements MailTransport {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;

  constructor(pool: pg.Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  async prepare(): Promise<void> {
    await this.#pool.query(schema);
  }

  async send({ id, to, subject, template, locale, html, text }: OutgoingMail): Promise<void> {
    await this.#pool.query(
      `INSERT INTO sandbox.mails (id, address, subject, template, locale, html, text, sent_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
      [id, to, subject, template, locale, html, text, this.#clock.now()],
    );
  }

  close(): void {
    // The pool is the database's.
  }

  /** Newest first. */
  async list({ to, limit = 100 }: { to?: string | undefined; limit?: number } = {}): Promise<ReceivedMail[]> {
    const { rows } = await this.#pool.query<ReceivedMail>(
      `SELECT ${columns} FROM sandbox.mails WHERE $1::text IS NULL OR lower(address) = lower($1)
       ORDER BY sent_at DESC, id DESC LIMIT $2`,
      [to ?? null, limit],
    );
    return rows;
  }

  async find(id: string): Promise<ReceivedMail | null> {
    const { rows } = await this.#pool.query<ReceivedMail>(`SELECT ${columns} FROM sandbox.mails WHERE id = $1`, [id]);
    return rows[0] ?? null;
  }
}
