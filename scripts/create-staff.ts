import { parseArgs } from 'node:util';
import { createStaff } from '../src/accounts/staff.ts';
import { recordAudit } from '../src/audit/audit.ts';
import { checkDatabase } from '../src/boot/database.ts';
import { readablePassword } from '../src/boot/credentials.ts';
import { tellFailure } from '../src/boot/failure.ts';
import { readSettings } from '../src/boot/settings.ts';
import { connectDatabase } from '../src/db/index.ts';
import { systemClock } from '../src/kit/clock.ts';
import { ExpectedFailure } from '../src/kit/expected-failure.ts';

const roles = ['owner', 'finance', 'support', 'viewer'] as const;
const usage =
  'npm run create-staff -- --email you@example.com --name "Your Name" [--role owner|finance|support|viewer]';

/** Lets somebody into the panel: the first owner of a production database has nobody who could. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { email: { type: 'string' }, name: { type: 'string' }, role: { type: 'string', default: 'owner' } },
  });
  const { email, name } = values;
  const role = roles.find((known) => known === values.role);
  if (email === undefined || !/^\S+@\S+$/.test(email) || name === undefined || role === undefined) {
    throw new ExpectedFailure(`Usage: ${usage}`);
  }
  const { databaseUrl } = readSettings();
  if (databaseUrl === undefined) throw new ExpectedFailure('DATABASE_URL must name the database of Plantain.');
  await checkDatabase(databaseUrl);
  const db = connectDatabase({ url: databaseUrl, poolSize: 1 });
  try {
    const password = readablePassword();
    const now = systemClock.now();
    await db.transaction(async (tx) => {
      const { id: subjectId } = await createStaff({ email, name, password, role, now }, tx);
      const about = { subjectType: 'staff', subjectId, after: { email, name, role }, now };
      await recordAudit(tx, { staffId: null, actor: 'npm run create-staff', action: 'staff.create', ...about });
    });
    console.log(`${email} may sign in at /admin as ${role} with the password ${password}`);
  } catch (error) {
    if ((error as Error).name !== 'SequelizeUniqueConstraintError') throw error;
    throw new ExpectedFailure(`${email} is known already.`, { cause: error });
  } finally {
    await db.close();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof TypeError ? `Usage: ${usage}` : tellFailure(error));
  process.exitCode = 1;
}
