import { parseArgs } from 'node:util';
import { proveBooks, type BookResult } from '../src/billing/check-books.ts';
import { reconcile, usualDays, type ReconcileCounts } from '../src/billing/reconcile.ts';
import { localUrlOf } from '../src/boot/addresses.ts';
import { checkDatabase } from '../src/boot/database.ts';
import { tellFailure } from '../src/boot/failure.ts';
import { readSettings } from '../src/boot/settings.ts';
import { connectDatabase } from '../src/db/index.ts';
import { ExpectedFailure } from '../src/kit/expected-failure.ts';
import { newSecret } from '../src/kit/ids.ts';
import { createLogger } from '../src/kit/logger.ts';
import { createSystem } from '../src/system.ts';
import { databaseUrlOf } from './with-database.ts';

const usage = `npm run reconcile -- [--days ${usualDays}]`;
const mostDays = 3650;

/**
 * Compares our books with the gateways now, and with each other. The exit code is 1 when something differs or could not
 * be compared.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { days: { type: 'string', default: String(usualDays) } } });
  const days = Number(values.days);
  if (!/^\d+$/.test(values.days) || days < 1 || days > mostDays) throw new ExpectedFailure(`Usage: ${usage}`);
  const config = readSettings();
  const url = databaseUrlOf(config);
  await checkDatabase(url);
  const db = connectDatabase({ url, poolSize: 5 });
  const log = createLogger(config.logLevel ?? 'fatal');
  const local = localUrlOf(config.host, config.port);
  // Nothing is sealed or signed here, so any secret will do; the sandbox's PayPal is the running server's.
  const secrets = { session: newSecret(), jwt: newSecret(), dataEncryption: newSecret() };
  const addresses = { publicUrl: () => config.publicUrl ?? local, localUrl: () => local };
  try {
    const system = await db.exclusively('parts', () => createSystem({ config, db, log, secrets, ...addresses }));
    try {
      const counts = await reconcile(system.services, { days });
      const { books } = await proveBooks(system.services);
      tell(counts, books);
    } finally {
      await system.stop();
    }
  } finally {
    await db.close();
  }
}

function tell(counts: ReconcileCounts, books: readonly BookResult[]): void {
  const { compared, refunds, transactions, others, differences, settled, left, unread } = counts;
  const booksDifferences = books.reduce((sum, book) => sum + book.differences, 0);
  console.log(`Payments compared with the gateway one by one: ${compared}, and their refunds: ${refunds}.`);
  console.log(
    `Lines read in the gateway's statement: ${transactions}, of which neither payment nor refund: ${others}.`,
  );
  console.log(`Books held against each other: ${books.length}.`);
  console.log(
    `Differences with the gateway: ${differences}; in the books: ${booksDifferences}; settled since: ${settled}.`,
  );
  if (differences + booksDifferences > 0) console.log('Each is an open incident: /admin/resources/incidents');
  if (left > 0) console.error(`The gateway did not tell of ${left} payments; run it again later.`);
  if (unread > 0) {
    console.error(`The statement could not be read; LOG_LEVEL=error says why. PayPal calls it Transaction Search: the`);
    console.error('app must be allowed to read it, at developer.paypal.com.');
  }
  if (differences + booksDifferences + left + unread > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof TypeError ? `Usage: ${usage}` : tellFailure(error));
  process.exitCode = 1;
}
