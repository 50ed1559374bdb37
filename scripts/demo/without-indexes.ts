import { select, type Tx } from '../../src/db/index.ts';

/** Without them rows go in at once, instead of one by one at a random place of each; they are made again behind `work`. */
export async function withoutIndexes(tx: Tx, table: string, work: () => Promise<void>): Promise<void> {
  const indexes = await select<{ drop: string; make: string }>(
    tx,
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make
     FROM pg_constraint WHERE conrelid = :table::regclass AND contype IN ('p', 'u')
     UNION ALL
     SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
     FROM pg_index i WHERE i.indrelid = :table::regclass
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)`,
    { table },
  );
  const run = (sql: string) => tx.sequelize.query(sql, { transaction: tx });
  for (const { drop } of indexes) await run(drop);
  await work();
  for (const { make } of indexes) await run(make);
}
