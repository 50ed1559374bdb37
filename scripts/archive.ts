import path from 'node:path';
import { parseArgs } from 'node:util';
import { archiveLedger, keysKnownDays } from '../src/billing/archive-ledger.ts';
import { tellFailure } from '../src/boot/failure.ts';
import { ValidationFailed } from '../src/kit/errors.ts';
import { ExpectedFailure } from '../src/kit/expected-failure.ts';
import { withDatabase } from './with-database.ts';

const usage = 'npm run archive -- --before 2026-01 [--directory DIRECTORY]';

/** Moves entries of the ledger that are older than a month into files. Plantain may run meanwhile. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { before: { type: 'string' }, directory: { type: 'string' } } });
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(values.before ?? '')) {
    throw new ExpectedFailure(`Usage: ${usage}\nWhat is younger than ${keysKnownDays} days stays in any case.`);
  }
  await withDatabase(async (services, config) => {
    const directory = values.directory ?? path.join(config.dataDir, 'archive');
    const before = new Date(`${values.before ?? ''}-01T00:00:00Z`);
    const tell = (line: string): void => {
      console.log(line);
    };
    const { months, entries, resumed } = await archiveLedger(services, { before, directory, tell });
    if (resumed > 0) console.log(`A run before this one had left ${resumed} entries to remove: they are removed.`);
    console.log(`Done: ${entries} entries of ${months} months are in ${directory}. Back it up: nothing else has them.`);
  });
}

try {
  await main();
} catch (error) {
  if (error instanceof ValidationFailed) console.error(`--before ${error.errors?.[0]?.message ?? error.message}`);
  else console.error(error instanceof TypeError ? `Usage: ${usage}` : tellFailure(error));
  process.exitCode = 1;
}
