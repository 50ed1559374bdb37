import { resetQuotas } from '../src/billing/reset-quotas.ts';
import { loadConfig } from '../src/config.ts';
import { connectDatabase, type Database } from '../src/db/index.ts';
import { stopwatch } from '../src/kit/clock.ts';
import { createLogger } from '../src/kit/logger.ts';
import { createSystem } from '../src/system.ts';

/** The whole of Plantain as a worker. Takes the database, says that it is ready, and resets quotas when it is told to. */
const [databaseUrl = ''] = process.argv.slice(2);
const secret = 'a secret of the bench that nobody else needs to know';
const db = connectDatabase({ url: databaseUrl });
let longestMs = 0;
const timed: Database = {
  ...db,
  async transaction(work, outer) {
    const elapsedMs = stopwatch();
    const result = await db.transaction(work, outer);
    // Counted from before the first lock to after the commit.
    longestMs = Math.max(longestMs, elapsedMs());
    return result;
  },
};
const { services } = await createSystem({
  config: loadConfig({ RATE_LIMITS: 'off' }),
  db,
  log: createLogger('warn'),
  secrets: { session: secret, jwt: secret, dataEncryption: secret },
  publicUrl: () => 'http://127.0.0.1',
  localUrl: () => 'http://127.0.0.1',
});
process.once('message', () => {
  void resetQuotas({ ...services, db: timed }).then(({ months, failed }) => {
    const rssMb = process.resourceUsage().maxRSS / 1024;
    process.send?.({ months, failed, longestMs, rssMb });
  });
});
process.send?.({ port: 0 });
