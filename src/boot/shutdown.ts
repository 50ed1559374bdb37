import type { Logger } from '../kit/logger.ts';
import { stopwatch } from '../kit/clock.ts';

interface Step {
  name: string;
  stop: () => unknown;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Takes the process down in the reverse order of its start: each part is stopped before what it stands on. The first
 * signal finishes what has begun; a second one ends the process at once.
 */
export class Shutdown {
  readonly #steps: Step[] = [];
  readonly #log: () => Logger | undefined;
  readonly #farewell: (signal: string) => void;
  #running: Promise<void> | undefined;

  constructor(options: { log: () => Logger | undefined; farewell: (reason: string) => void }) {
    this.#log = options.log;
    this.#farewell = options.farewell;
  }

  /** What was started last is stopped first. */
  add(name: string, stop: Step['stop']): void {
    this.#steps.push({ name, stop });
  }

  listen(): void {
    for (const signal of signals) {
      process.on(signal, () => {
        // The embedded database hears of it as well: see the 'exit' listener where it is started.
        if (this.#running !== undefined) process.exit(130);
        this.#farewell(signal);
        void this.run().then(() => process.exit(process.exitCode ?? 0));
      });
    }
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Stops everything once. A part that fails to stop is logged and does not keep the others from stopping. */
  run(): Promise<void> {
    this.#running ??= this.#stopAll();
    return this.#running;
  }

  async #stopAll(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const elapsed = stopwatch();
      try {
        await step.stop();
        this.#log()?.debug({ part: step.name, durationMs: Math.round(elapsed()) }, 'stopped');
      } catch (err) {
        process.exitCode = 1;
        this.#log()?.error({ part: step.name, err }, 'did not stop cleanly');
      }
    }
  }
}
