/**
 * The one source of time. Everything that asks "what time is it" is handed a clock, so that the sandbox can turn a
 * month in a second and tests never sleep. Nothing else in `src` may call `Date.now()` or `new Date()`.
 */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock that runs like the system's, but can be turned forward. Never backward: books are dated. */
export class AdjustableClock implements Clock {
  #offsetMs: number;

  constructor(offsetMs = 0) {
    this.#offsetMs = offsetMs;
  }

  now(): Date {
    return new Date(Date.now() + this.#offsetMs);
  }

  /** How far ahead of the system's clock this one is. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** @throws RangeError when `time` lies before now */
  turnTo(time: Date): void {
    const offsetMs = time.getTime() - Date.now();
    if (offsetMs < this.#offsetMs) throw new RangeError('the clock can only be turned forward');
    this.#offsetMs = offsetMs;
  }
}

/** A clock that stands still until it is moved: for tests and pure calculations. */
export class FixedClock implements Clock {
  #time: Date;

  constructor(time: Date | string) {
    this.#time = new Date(time);
  }

  now(): Date {
    return new Date(this.#time);
  }

  set(time: Date | string): void {
    this.#time = new Date(time);
  }
}

/** Elapsed wall time in milliseconds, for measuring how long something took; never for dating it. */
export function stopwatch(): () => number {
  const started = performance.now();
  return () => performance.now() - started;
}
