import { existsSync } from 'node:fs';
import path from 'node:path';
import { rotateKeys, type Rotation } from '../src/billing/rotate-keys.ts';
import { CredentialsFile } from '../src/boot/credentials.ts';
import { checkDatabase } from '../src/boot/database.ts';
import { tellFailure } from '../src/boot/failure.ts';
import { dataKeysOf } from '../src/boot/secrets.ts';
import { readSettings } from '../src/boot/settings.ts';
import type { Config } from '../src/config.ts';
import { connectDatabase } from '../src/db/index.ts';
import { createSealer } from '../src/kit/crypto.ts';
import { ExpectedFailure } from '../src/kit/expected-failure.ts';

/** Seals what is stored with the current key, so that the former ones can be thrown away. Plantain may run meanwhile. */
async function main(): Promise<void> {
  const config = readSettings();
  const credentials = credentialsOf(config);
  const url = config.databaseUrl ?? credentials?.content.databaseUrl;
  if (url === undefined) throw new ExpectedFailure('DATABASE_URL must name the database of Plantain.');
  const { dataEncryption, formerDataEncryption } = dataKeysOf(config, credentials);
  const sealer = createSealer(dataEncryption, formerDataEncryption);
  await checkDatabase(url);
  const db = connectDatabase({ url, poolSize: 1 });
  try {
    console.log(`The current key is ${sealer.keyId}.`);
    const tell = (progress: Rotation): void => {
      console.log(describe(progress));
    };
    const done = await rotateKeys({ db, sealer }, { tell });
    const problems = done.flatMap(problemsOf);
    if (problems.length > 0) throw new ExpectedFailure(problems.join('\n'));
    const rotated = done.reduce((sum, column) => sum + column.rotated, 0);
    const current = done.reduce((sum, column) => sum + column.current, 0);
    console.log(`Done: ${rotated} rotated, ${current} already current. No row needs another key than ${sealer.keyId}.`);
  } finally {
    await db.close();
  }
}

/** What the default run made up, where the settings leave something out or it is there. */
function credentialsOf({ production, databaseUrl, dataEncryptionKey, dataDir }: Config): CredentialsFile | undefined {
  const isComplete = databaseUrl !== undefined && dataEncryptionKey !== undefined;
  const isThere = existsSync(path.join(dataDir, 'credentials.json'));
  return production || (isComplete && !isThere) ? undefined : CredentialsFile.open(dataDir);
}

function describe({ table, column, rotated, current }: Rotation): string {
  return `${table}.${column}: ${rotated} rotated, ${current} already current`;
}

function problemsOf({ table, column, unknownKeys, unreadable }: Rotation): string[] {
  const place = `${table}.${column}`;
  const unknown = [...unknownKeys].map(
    ([keyId, rows]) =>
      `${rows} of ${place} need the key ${keyId}, which is not known; name it in DATA_ENCRYPTION_OLD_KEYS and run this again.`,
  );
  if (unreadable.length === 0) return unknown;
  const ids = unreadable.slice(0, 10).join(', ');
  return [
    ...unknown,
    `${unreadable.length} of ${place} are damaged and cannot be opened by any key: ${ids}${unreadable.length > 10 ? ', …' : ''}`,
  ];
}

try {
  await main();
} catch (error) {
  console.error(tellFailure(error));
  process.exitCode = 1;
}
