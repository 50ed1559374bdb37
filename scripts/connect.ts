import { existsSync } from 'node:fs';
import path from 'node:path';
import { CredentialsFile } from '../src/boot/credentials.ts';
import type { Config } from '../src/config.ts';
import { ExpectedFailure } from '../src/kit/expected-failure.ts';

/** The configured database; in the sandbox the embedded one is meant, while its server runs. @throws ExpectedFailure */
export function databaseUrlOf({ databaseUrl, dataDir, production }: Config): string {
  const isKept = !production && existsSync(path.join(dataDir, 'credentials.json'));
  const url = databaseUrl ?? (isKept ? CredentialsFile.open(dataDir).content.databaseUrl : undefined);
  if (url === undefined) throw new ExpectedFailure('DATABASE_URL must name the database of Plantain.');
  return url;
}
