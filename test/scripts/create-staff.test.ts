import { expect } from 'chai';
import { checkStaffPassword } from '../../src/accounts/staff.ts';
import { useTestDatabase } from '../support/database.ts';
import { runProgram } from '../support/start.ts';

describe('npm run create-staff', function () {
  this.timeout(60_000);
  const database = useTestDatabase();
  const run = (...args: string[]) => runProgram('scripts/create-staff.ts', args, { DATABASE_URL: database.url });

  it('lets the first owner into the panel', async () => {
    const program = run('--email', 'ada@example.com', '--name', 'Ada');
    expect(await program.ended).to.equal(0);
    const password = /as owner with the password (\S+)\n$/.exec(program.stdout())?.[1] ?? '';
    const { staff, matches } = await checkStaffPassword('ADA@example.com', password);
    expect(staff?.role).to.equal('owner');
    expect(matches).to.equal(true);
    const { rows } = await database.db.pool.query('SELECT actor, action, subject_id, after FROM audit_log');
    const after = { email: 'ada@example.com', name: 'Ada', role: 'owner' };
    expect(rows).to.deep.equal([
      { actor: 'npm run create-staff', action: 'staff.create', subject_id: staff?.id, after },
    ]);
  });

  it('does not make the same one twice', async () => {
    await run('--email', 'bob@example.com', '--name', 'Bob', '--role', 'viewer').ended;
    const again = run('--email', 'Bob@example.com', '--name', 'Bob');
    expect(await again.ended).to.equal(1);
    expect(again.stderr()).to.equal('Bob@example.com is known already.\n');
  });

  it('says how it is called', async () => {
    for (const args of [[], ['--role', 'king', '--email', 'x@example.com', '--name', 'X'], ['--what']]) {
      const program = run(...args);
      expect(await program.ended).to.equal(1);
      expect(program.stderr()).to.match(/^Usage: npm run create-staff -- .*\n$/);
    }
  });
});
