import type { Tell } from '../billing/in-sets.ts';
import type { Services } from '../billing/services.ts';
import { stopwatch } from '../kit/clock.ts';
import { updateCounts } from './runs.ts';

const toldEveryMs = 1000;
const loggedEveryMs = 10_000;

export interface Progress {
  tell: Tell;
  /** Waits for what is being written. */
  end(): Promise<void>;
}

/**
 * Lets a running job say how far it is: into its run, which staff see, once a second at most, and into the log every ten
 * seconds. The job does not wait for it, and goes on when it fails.
 */
export function followProgress(
  { db, clock, log }: Pick<Services, 'db' | 'clock' | 'log'>,
  { run, job }: { run: string; job: string },
): Progress {
  const sinceStartMs = stopwatch();
  let toldAtMs = -toldEveryMs;
  let loggedAtMs = 0;
  let writing: Promise<void> | null = null;
  return {
    tell(counts) {
      const ms = sinceStartMs();
      if (ms - loggedAtMs >= loggedEveryMs) {
        loggedAtMs = ms;
        log.info({ job, ...counts }, 'a job goes on');
      }
      if (ms - toldAtMs < toldEveryMs || writing !== null) return;
      toldAtMs = ms;
      writing = updateCounts(db, run, counts, clock.now())
        .catch((error: unknown) => {
          log.warn({ err: error, job }, 'how far a job is could not be written down');
        })
        .finally(() => {
          writing = null;
        });
    },
    async end() {
      await writing;
    },
  };
}
