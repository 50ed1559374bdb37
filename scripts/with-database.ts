import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Services } from '../src/billing/services.ts';
import { CredentialsFile } from '../src/boot/credentials.ts';
import { checkDatabase } from '../src/boot/database.ts';
import { readSettings } from '../src/boot/settings.ts';
import type { Config } from '../src/config.ts';
import { connectDatabase } from '../src/db/index.ts';
import { AdjustableClock, systemClock } from '../src/kit/clock.ts';
import { ExpectedFailure } from '../src/kit/expected-failure.ts';
import { createLogger } from '../src/kit/logger.ts';
import { readClockOffset } from '../src/sandbox/clock.ts';

/** The configured database; in the sandbox the embedded one is meant, while its server runs. @throws ExpectedFailure */
export function databaseUrlOf({ databaseUrl, dataDir, production }: Config): string {
  const isKept = !production && existsSync(path.join(dataDir, 'credentials.json'));
  const url = databaseUrl ?? (isKept ? CredentialsFile.open(dataDir).content.databaseUrl : undefined);
  if (url === undefined) throw new ExpectedFailure('DATABASE_URL must name the database of Plantain.');
  return url;
}

/** For programs that need the database alone, and the time as the sandbox has turned it. */
export async function withDatabase(
  work: (services: Pick<Services, 'db' | 'clock' | 'log'>, config: Config) => Promise<void>,
): Promise<void> {
  const config = readSettings();
  const url = databaseUrlOf(config);
  await checkDatabase(url);
  const db = connectDatabase({ url, poolSize: 2 });
  try {
    const clock = config.production ? systemClock : new AdjustableClock(await readClockOffset(db.pool));
    await work({ db, clock, log: createLogger(config.logLevel ?? 'fatal') }, config);
  } finally {
    await db.close();
  }
}
