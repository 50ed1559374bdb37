import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { reconcile, usualDays } from '../src/billing/reconcile.ts';
import { localUrlOf } from '../src/boot/addresses.ts';
import { CredentialsFile } from '../src/boot/credentials.ts';
import { checkDatabase } from '../src/boot/database.ts';
import { tellFailure } from '../src/boot/failure.ts';
import { readSettings } from '../src/boot/settings.ts';
import type { Config } from '../src/config.ts';
import { connectDatabase } from '../src/db/index.ts';
import { ExpectedFailure } from '../src/kit/expected-failure.ts';
import { newSecret } from '../src/kit/ids.ts';
import { createLogger } from '../src/kit/logger.ts';
import { createSystem } from '../src/system.ts';

const usage = `npm run reconcile -- [--days ${usualDays}]`;
const mostDays = 3650;

/** Compares our books with the gateways now. The exit code is 1 when something differs or could not be compared. */
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
      const { compared, differences, settled, left } = await reconcile(system.services, { days });
      console.log(`Payments compared: ${compared}; differences: ${differences}; settled since: ${settled}.`);
      if (differences > 0) console.log('Each difference is an open incident: /admin/resources/incidents');
      if (left > 0) console.error(`The gateway did not tell of ${left} more; run it again later.`);
      if (differences > 0 || left > 0) process.exitCode = 1;
    } finally {
      await system.stop();
    }
  } finally {
    await db.close();
  }
}

/** In the sandbox the embedded database is meant, while its server runs. */
function databaseUrlOf({ databaseUrl, dataDir, production }: Config): string {
  const isKept = !production && existsSync(path.join(dataDir, 'credentials.json'));
  const url = databaseUrl ?? (isKept ? CredentialsFile.open(dataDir).content.databaseUrl : undefined);
  if (url === undefined) throw new ExpectedFailure('DATABASE_URL must name the database of Plantain.');
  return url;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof TypeError ? `Usage: ${usage}` : tellFailure(error));
  process.exitCode = 1;
}
