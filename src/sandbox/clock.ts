import { DateTime, Duration } from 'luxon';
import type pg from 'pg';
import { sweepOutbox } from '../billing/deliver-mail.ts';
import type { Services } from '../billing/services.ts';
import { runDueJobs } from '../jobs/runner.ts';
import type { AdjustableClock } from '../kit/clock.ts';
import { ValidationFailed } from '../kit/errors.ts';

/** Ten years in one go is more than anybody needs, and takes minutes. */
const maxStepDays = 3660;

/**
 * Turns the clock for people and tests. It does not jump: it goes day by day and lets the jobs of each day run and its
 * mails go out, so that a month in a second leaves the same books and the same mail as a month.
 */
export class ClockControl {
  readonly #clock: AdjustableClock;
  readonly #services: Services;
  #turning: Promise<unknown> = Promise.resolve();

  constructor(services: Services, clock: AdjustableClock) {
    this.#services = services;
    this.#clock = clock;
  }

  now(): Date {
    return this.#clock.now();
  }

  /** @param duration ISO 8601: `P1M`. @throws ValidationFailed */
  async advance(duration: string): Promise<Date> {
    const parsed = Duration.fromISO(duration);
    // What is no duration cannot be added either.
    if (!parsed.isValid) throw invalid('advance', 'must be an ISO 8601 duration such as P1M');
    return this.#queue(() => {
      const target = DateTime.fromJSDate(this.now(), { zone: 'utc' }).plus(parsed);
      if (!target.isValid) throw invalid('advance', 'must be an ISO 8601 duration such as P1M');
      return this.#turnTo(target.toJSDate(), 'advance');
    });
  }

  /** @param time ISO 8601. @throws ValidationFailed, also for the past: books are dated, so the clock never goes back */
  async set(time: string): Promise<Date> {
    const parsed = DateTime.fromISO(time, { zone: 'utc' });
    if (!parsed.isValid) throw invalid('set', 'must be an ISO 8601 time');
    return this.#queue(() => this.#turnTo(parsed.toJSDate(), 'set'));
  }

  /** One turn after the other: two people at the clock would tear the days apart. */
  #queue(turn: () => Promise<Date>): Promise<Date> {
    const turned = this.#turning.then(turn, turn);
    this.#turning = turned.catch(() => undefined);
    return turned;
  }

  async #turnTo(target: Date, field: string): Promise<Date> {
    const start = DateTime.fromJSDate(this.now(), { zone: 'utc' });
    const days = (target.getTime() - start.toMillis()) / (24 * 3600 * 1000);
    if (days < 0) throw invalid(field, 'the clock can only be turned forward');
    if (days > maxStepDays) throw invalid(field, `at most ${maxStepDays} days at once`);
    for (let day = 1; day < days; day += 1) await this.#live(start.plus({ days: day }).toJSDate());
    await this.#live(target);
    return this.now();
  }

  /** Arrives at `time`, and does what a running system would have done by then. */
  async #live(time: Date): Promise<void> {
    if (time > this.now()) this.#clock.turnTo(time);
    await saveOffset(this.#services.db.pool, this.#clock.offsetMs);
    await runDueJobs(this.#services);
    await sweepOutbox(this.#services, this.now());
  }
}

function invalid(path: string, message: string): ValidationFailed {
  return new ValidationFailed([{ path, message }]);
}

const schema = `
  CREATE SCHEMA IF NOT EXISTS sandbox;
  CREATE TABLE IF NOT EXISTS sandbox.clock (one boolean PRIMARY KEY DEFAULT true CHECK (one), offset_ms bigint NOT NULL);
`;

async function saveOffset(pool: pg.Pool, offsetMs: number): Promise<void> {
  const sql = `INSERT INTO sandbox.clock (offset_ms) VALUES ($1)
    ON CONFLICT (one) DO UPDATE SET offset_ms = greatest(sandbox.clock.offset_ms, excluded.offset_ms)`;
  await pool.query(sql, [Math.round(offsetMs)]);
}

/** How far the clock of this database was turned, so that a restart and a second process live in the same time. */
export async function readClockOffset(pool: pg.Pool): Promise<number> {
  await pool.query(schema);
  const { rows } = await pool.query<{ offset_ms: number }>('SELECT offset_ms FROM sandbox.clock');
  return rows[0]?.offset_ms ?? 0;
}
