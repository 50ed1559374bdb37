import pg from 'pg';
import { resetQuotas } from '../../src/billing/reset-quotas.ts';
import type { Services } from '../../src/billing/services.ts';
import { connectDatabase } from '../../src/db/index.ts';
import { FixedClock } from '../../src/kit/clock.ts';
import { createLogger } from '../../src/kit/logger.ts';

/**
 * A process that resets quotas and kills itself at one of its statements: before the server has it, or when it has been
 * sent and its answer is not there yet, which for a COMMIT is the moment in which nobody knows what came of it.
 */

/** What its parent tells it. */
export interface ResetErrand {
  url: string;
  now: string;
  batchSize: number;
  /** The statement, counted from 1, and whether it is still sent. */
  dieAt: number;
  isSent: boolean;
}

process.on('message', (errand: ResetErrand) => void reset(errand));
// Nobody is left to end it.
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function reset({ url, now, batchSize, dieAt, isSent }: ResetErrand): Promise<void> {
  const db = connectDatabase({ url, poolSize: 2 });
  // What a connection begins with is no part of the reset.
  await db.transaction(() => Promise.resolve());
  dieAtStatement(dieAt, isSent);
  // Resetting needs no more than these.
  const services = { db, clock: new FixedClock(now), log: createLogger('error'), settings: { freezeDisputed: true } };
  await resetQuotas(services as unknown as Services, { batchSize });
  process.send?.('done');
}

function dieAtStatement(dieAt: number, isSent: boolean): void {
  type Query = (this: pg.Client, ...args: unknown[]) => unknown;
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  const die = () => {
    process.kill(process.pid, 'SIGKILL');
  };
  let statements = 0;
  prototype.query = function counted(this: pg.Client, ...args: unknown[]) {
    statements += 1;
    if (statements !== dieAt) return query.apply(this, args);
    if (!isSent) {
      die();
      return;
    }
    const sent = query.apply(this, args);
    // The socket has it: written at once, as the connection is idle.
    die();
    return sent;
  };
}
