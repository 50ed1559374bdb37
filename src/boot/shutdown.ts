import { stopwatch } from '../kit/clock.ts';

interface Part {
  name: string;
  stop: () => unknown;
}

export interface ShutdownReport {
  part: string;
  durationMs: number;
  error?: unknown;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Takes the process down in the reverse order of its start: each part is stopped before what it stands on. The first
 * signal asks for that; a second one ends the process at once.
 */
export class Shutdown {
  readonly #parts: Part[] = [];
  readonly #asked = new AbortController();

  /** Becomes aborted when the process is to end; the start looks at it between its steps. */
  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  ask(): void {
    this.#asked.abort();
  }

  /** Resolves when somebody asks. */
  async asked(): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return;
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
  }

  /** @param onFirst told once, when the first signal comes */
  listen(onFirst: () => void): void {
    for (const name of signals) {
      process.on(name, () => {
        // The embedded database hears of it as well: see the 'exit' listener where it is started.
        if (this.signal.aborted) process.exit(130);
        onFirst();
        this.ask();
      });
    }
  }

  /** What is added last is stopped first. */
  add(name: string, stop: Part['stop']): void {
    this.#parts.push({ name, stop });
  }

  /** Stops every part once; one that fails to stop does not keep the others from stopping. */
  async run(report: (report: ShutdownReport) => void): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      const elapsedMs = stopwatch();
      try {
        await part.stop();
        report({ part: part.name, durationMs: Math.round(elapsedMs()) });
      } catch (error) {
        report({ part: part.name, durationMs: Math.round(elapsedMs()), error });
      }
    }
  }
}
