import { expect } from 'chai';
import { useTestDatabase } from '../support/database.ts';

/** What lets the tables of credits be distributed by user, read from the catalog, so that a new table is asked too. */
describe('the tables of credits', () => {
  const database = useTestDatabase();

  it('have user_id in every primary key and everything unique', async () => {
    const { rows } = await database.db.pool.query<{ table: string; index: string; columns: string[] }>(`
      SELECT c.relname AS table, x.relname AS index, ARRAY(
        SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.place <= i.indnkeyatts ORDER BY k.place
      ) AS columns
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
      WHERE i.indisunique AND starts_with(c.relname, 'credit_') AND c.relname <> 'credit_packs'
        AND c.relnamespace = 'public'::regnamespace
      ORDER BY 1, 2`);
    const tables = new Set(rows.map(({ table }) => table));
    expect([...tables]).to.include.members([
      'credit_alerts',
      'credit_balances',
      'credit_grants',
      'credit_holds',
      'credit_transactions',
    ]);
    expect(rows.filter(({ columns }) => !columns.includes('user_id'))).to.deep.equal([]);
  });

  it('each have a primary key', async () => {
    const { rows } = await database.db.pool.query<{ table: string }>(`
      SELECT c.relname AS table FROM pg_class c
      WHERE c.relkind IN ('r', 'p') AND starts_with(c.relname, 'credit_')
        AND c.relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)`);
    expect(rows).to.deep.equal([]);
  });

  it('refer to users by one key with a name, and to nothing else outside', async () => {
    const { rows } = await database.db.pool.query<Record<string, unknown>>(`
      SELECT conname, conrelid::regclass::text AS "from", confrelid::regclass::text AS "to" FROM pg_constraint
      WHERE contype = 'f' AND starts_with(conrelid::regclass::text, 'credit_')
        AND NOT starts_with(confrelid::regclass::text, 'credit_')`);
    expect(rows).to.deep.equal([{ conname: 'credit_balances_user_fk', from: 'credit_balances', to: 'users' }]);
  });

  it('refer to each other with user_id among the columns', async () => {
    const { rows } = await database.db.pool.query<{ conname: string }>(`
      SELECT conname FROM pg_constraint f
      WHERE contype = 'f' AND starts_with(conrelid::regclass::text, 'credit_')
        AND starts_with(confrelid::regclass::text, 'credit_')
        AND NOT EXISTS (
          SELECT FROM pg_attribute a
          WHERE a.attrelid = f.conrelid AND a.attnum = ANY (f.conkey) AND a.attname = 'user_id'
        )`);
    expect(rows).to.deep.equal([]);
  });
});
