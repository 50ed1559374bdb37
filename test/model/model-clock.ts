import { AdjustableClock } from '../../src/kit/clock.ts';

/** Stands still between actions; each reading is a millisecond later, so that no two things have one time. */
export class ModelClock extends AdjustableClock {
  #time: number;

  constructor(start: string) {
    super();
    this.#time = Date.parse(start);
  }

  override now(): Date {
    this.#time += 1;
    return new Date(this.#time);
  }

  advance(minutes: number): void {
    this.#time += minutes * 60_000;
  }

  /** Back too, which is for an empty database only: there nothing has a date. */
  set(time: string): void {
    this.#time = Date.parse(time);
  }
}
