import { parseArgs } from 'node:util';
import { tellFailure } from '../src/boot/failure.ts';
import { migrate } from '../src/db/migrate.ts';
import { ExpectedFailure } from '../src/kit/expected-failure.ts';
import { seedDemo } from './demo/demo.ts';
import { withDatabase } from './with-database.ts';

const usage = 'npm run seed:demo -- [--users 10000] [--entries 150000] [--seed 1]';

/** Two years of a business that never was, for looking at the panel and for measuring it. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      users: { type: 'string', default: '10000' },
      entries: { type: 'string', default: '150000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const size = {
    users: wholeNumber('users', values.users),
    entries: wholeNumber('entries', values.entries),
    seed: wholeNumber('seed', values.seed),
  };
  await withDatabase(async ({ db, clock }, { production }) => {
    if (production) throw new ExpectedFailure('A demonstration is never put into a production database.');
    await migrate(db);
    const { entries } = await seedDemo(db, size, { now: clock.now(), say: console.error });
    console.log(
      `${size.users} users with ${entries} entries in the ledger. \`npm run prove\` holds the books against each other.`,
    );
  });
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ExpectedFailure(`--${name} must be a whole number. Usage: ${usage}`);
  return Number(text);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof TypeError ? `Usage: ${usage}` : tellFailure(error));
  process.exitCode = 1;
}
