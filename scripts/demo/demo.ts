import { createStaff, type Staff } from '../../src/accounts/staff.ts';
import { recordAudit } from '../../src/audit/audit.ts';
import { onlyRow, select, type Database, type Tx } from '../../src/db/index.ts';
import { seed as seedCatalog } from '../../src/db/migrate.ts';
import { stopwatch } from '../../src/kit/clock.ts';
import { ExpectedFailure } from '../../src/kit/expected-failure.ts';
import { newSecret } from '../../src/kit/ids.ts';
import { countFixed, credits } from './credits.ts';
import { customers } from './customers.ts';
import { operations } from './operations.ts';
import { sales } from './sales.ts';
import { withoutIndexes } from './without-indexes.ts';

/** What the statements are made from: numbers, and times as SQL. */
export interface Demo {
  users: number;
  from: string;
  now: string;
}

export interface DemoSize {
  users: number;
  /** Of the ledger. */
  entries: number;
  /** The same number, the same business. */
  seed: number;
}

/** Fewer make no business. */
export const fewestUsers = 100;

/**
 * Fills a new database with two years of a business, in sets and in one transaction: it is there whole or not at all.
 * Its books balance. It takes minutes for millions of rows, and nobody should be selling meanwhile.
 * → the rows of the ledger: `entries`, unless the customers have too few credits to spend that often
 * @throws ExpectedFailure when the database has seen customers or orders, lacks a plan of the default catalogue, or
 *   `entries` are too few for so many users
 */
export async function seedDemo(
  db: Database,
  { users, entries, seed }: DemoSize,
  { now, say }: { now: Date; say: (line: string) => void },
): Promise<{ entries: number }> {
  if (users < fewestUsers) throw new ExpectedFailure(`A demonstration has at least ${fewestUsers} users.`);
  await seedCatalog(db);
  const from = new Date(now);
  from.setUTCFullYear(now.getUTCFullYear() - 2);
  const demo = { users, from: timeOf(from), now: timeOf(now) };
  const elapsed = stopwatch();
  await db.transaction(async (tx) => {
    const step = async (what: string, statements: readonly string[]) => {
      for (const sql of statements) await tx.sequelize.query(sql, { transaction: tx });
      say(`${what} (${(elapsed() / 1000).toFixed(0)} s)`);
    };
    await step('an empty database', prepare(seed));
    await refuseUsed(tx);
    const staff = await hire(tx, from);
    await step('customers', customers(demo));
    await step('sales', sales(demo));
    await step('grants', credits.grants(demo));
    const fixed = await countFixed(tx);
    if (entries < fixed * 1.2) {
      throw new ExpectedFailure(`So many users need at least ${Math.ceil(fixed * 1.2)} entries, not ${entries}.`);
    }
    await step('spends', credits.spends(demo, entries - fixed));
    await withoutIndexes(tx, 'credit_transactions', () => step('ledger', credits.ledger(demo)));
    await step('mails, jobs and incidents', operations(demo));
    await actAs(tx, staff);
    await step('staff', cleanUp);
  });
  await db.pool.query('VACUUM (ANALYZE)');
  const { rows } = await db.pool.query<{ entries: number }>('SELECT count(*) AS entries FROM credit_transactions');
  say(`vacuumed (${(elapsed() / 1000).toFixed(0)} s)`);
  return onlyRow(rows);
}

function timeOf(time: Date): string {
  return `timestamptz '${time.toISOString()}'`;
}

/**
 * share: 0 to 1, always the same for the same number, question and seed, so that no row depends on which came before it.
 * id: a UUIDv7 of that time, likewise.
 */
function prepare(seed: number): string[] {
  return [
    `SET LOCAL TimeZone = 'UTC'`,
    `SET LOCAL work_mem = '256MB'`,
    `SET LOCAL maintenance_work_mem = '512MB'`,
    'SET LOCAL jit = off',
    'LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE',
    `CREATE FUNCTION pg_temp.share(n bigint, question int) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN
       (hashint8extended(n, ${seed}::bigint * 1000 + question) & 4503599627370495)::float8 / 4503599627370496`,
    `CREATE FUNCTION pg_temp.pick(list text[], share float8) RETURNS text LANGUAGE sql IMMUTABLE RETURN
       list[1 + floor(share * cardinality(list))::int]`,
    `CREATE FUNCTION pg_temp.id(at timestamptz, what text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
       overlay(overlay(overlay(md5(what || ':${seed}:' || n)
         PLACING lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') FROM 1)
         PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid`,
    `CREATE FUNCTION pg_temp.iso(at timestamptz) RETURNS text LANGUAGE sql STABLE RETURN
       to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  ];
}

const cleanUp = [
  `DROP TABLE demo_people, demo_subscriptions, demo_orders, demo_grants, demo_shares, demo_spends, demo_used`,
  'DROP FUNCTION pg_temp.share, pg_temp.pick, pg_temp.id, pg_temp.iso',
];

/** The people of the default run may be there, and its catalogue has to be. @throws ExpectedFailure */
async function refuseUsed(tx: Tx): Promise<void> {
  const found = onlyRow(
    await select<{ used: boolean; prices: number }>(
      tx,
      `SELECT EXISTS (SELECT FROM users WHERE email <> 'demo@plantain.localhost') OR EXISTS (SELECT FROM orders)
         OR EXISTS (SELECT FROM credit_transactions) OR (SELECT count(*) FROM staff) > 1 AS used,
       (SELECT count(*) FROM plan_prices r JOIN plans p ON p.id = r.plan_id
        WHERE r.is_active AND p.plan_code IN ('basic', 'pro', 'max') AND r.currency IN ('USD', 'EUR', 'JPY'))
       + (SELECT count(*) FROM plans WHERE plan_code = 'free')
       + (SELECT count(*) FROM credit_packs WHERE pack_code IN ('pack-500', 'pack-2500')) AS prices`,
    ),
  );
  if (found.used) {
    throw new ExpectedFailure(
      'This database has customers, orders or staff of its own. A demonstration is put into a new one only: name another in DATABASE_URL, or start Plantain on a new DATA_DIR.',
    );
  }
  if (found.prices < catalogRows) {
    throw new ExpectedFailure('The default catalogue is not complete here. A demonstration needs a new database.');
  }
}

/** Prices of three plans in three currencies (the largest has three of them, the others two), a free plan, two packs. */
const catalogRows = 24;

const team = [
  { name: 'Fiona Finance', role: 'finance' },
  { name: 'Felix Finance', role: 'finance' },
  { name: 'Sofia Support', role: 'support' },
  { name: 'Sam Support', role: 'support' },
  { name: 'Vera Viewer', role: 'viewer' },
] as const;

/** They have passwords that nobody knows. */
async function hire(tx: Tx, now: Date): Promise<Staff[]> {
  const staff = [];
  for (const { name, role } of team) {
    const email = `${name.toLowerCase().replace(' ', '.')}@plantain.localhost`;
    staff.push(await createStaff({ email, name, role, password: newSecret(), now }, tx));
  }
  return staff;
}

const audited = 1000;

/** The newest suspensions and refunds, each with its entry, in the order of time. */
async function actAs(tx: Tx, staff: readonly Staff[]): Promise<void> {
  const acts = await select<{ action: string; type: string; id: string; reason: string; at: Date; role: string }>(
    tx,
    `SELECT * FROM (
       SELECT 'order.refund' AS action, 'order' AS type, order_id AS id, reason, created_at AS at, 'finance' AS role
       FROM refunds
       UNION ALL
       SELECT 'user.suspend', 'user', id, 'Shared one account among many.', updated_at, 'support' FROM users
       WHERE status = 'suspended'
       ORDER BY at DESC LIMIT ${audited}
     ) a ORDER BY at`,
  );
  for (const [index, { action, type, id, reason, at, role }] of acts.entries()) {
    const able = staff.filter((one) => one.role === role);
    const { id: staffId, name: actor } = onlyRow(able.slice(index % able.length));
    await recordAudit(tx, { staffId, actor, action, subjectType: type, subjectId: id, reason, now: at });
  }
}
