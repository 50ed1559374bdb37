import { expect } from 'chai';
import { createTestDatabase } from '../support/database.ts';
import { useTestDatabase } from '../support/database.ts';

describe('the test database', () => {
  const database = useTestDatabase();

  it('has the schema', async () => {
    const { rows } = await database.db.pool.query<{ name: string | null }>("SELECT to_regclass('users')::text AS name");
    expect(rows).to.deep.equal([{ name: 'users' }]);
  });

  it('is each caller’s own', async () => {
    const other = await createTestDatabase({ seeded: true });
    try {
      expect(other.url).not.to.equal(database.url);
      await other.connect().pool.query('CREATE TABLE only_there ()');
      const { rows } = await database.db.pool.query("SELECT FROM pg_class WHERE relname = 'only_there'");
      expect(rows).to.have.length(0);
    } finally {
      await other.drop();
    }
  });
});

describe('the network in tests', () => {
  it('ends at loopback', async () => {
    const refused = await fetch('http://192.0.2.1/').catch((error: unknown) => (error as Error).cause);
    expect(String(refused)).to.contain('only loopback is open');
  });

  it('does not even ask for names', async () => {
    const refused = await fetch('http://example.com/').catch((error: unknown) => (error as Error).cause);
    expect(String(refused)).to.contain('only loopback is open');
  });
});
