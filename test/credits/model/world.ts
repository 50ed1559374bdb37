import type { Services } from '../../../src/billing/services.ts';
import { Consumptions } from '../../../src/credits/consume.ts';
import type { Database, Tx } from '../../../src/db/index.ts';
import { FixedClock } from '../../../src/kit/clock.ts';
import { newId } from '../../../src/kit/ids.ts';
import { createLogger } from '../../../src/kit/logger.ts';
import { createTestDatabase } from '../../support/database.ts';
import { emptyAccount, type Account, type Moment, type Terms } from './account.ts';

export const customers = 3;
/** To begin with: a plan whose callers say what they spend, and one whose price list does. */
const firstTerms: readonly Terms[] = [
  { prices: null, percents: [20, 5, 0] },
  { prices: { image: 3, video: 20 }, percents: [50, 0] },
];

export type Place = 0 | 1;

/** A web process, as far as credits are concerned. */
interface Process {
  db: Database;
  consumptions: Consumptions;
}

/** One database and two processes on it, used for one sequence after the other. */
export class Stage {
  readonly processes: readonly [Process, Process];
  readonly planIds: readonly string[];
  readonly close: () => Promise<void>;

  private constructor(parts: Pick<Stage, 'processes' | 'planIds' | 'close'>) {
    ({ processes: this.processes, planIds: this.planIds, close: this.close } = parts);
  }

  static async open(): Promise<Stage> {
    const database = await createTestDatabase();
    const start = (): Process => {
      const db = database.connect();
      return { db, consumptions: new Consumptions({ gathering: db.reserved, single: db.pool }) };
    };
    const processes = [start(), start()] as const;
    const planIds = firstTerms.map(() => newId());
    await processes[0].db.pool.query(
      `INSERT INTO plans (id, plan_code, names, descriptions, features, credits_monthly, created_at, updated_at)
       SELECT id, 'plan-' || place, '{"en": "Plan"}', '{"en": ""}', '[]', 0, now(), now()
       FROM unnest($1::uuid[]) WITH ORDINALITY p (id, place)`,
      [planIds],
    );
    return new Stage({ processes, planIds, close: () => database.drop() });
  }
}

/** For a `describe`: a stage before its first test, gone after its last. */
export function useStage(): () => Stage {
  let stage: Stage | undefined;
  before(async function () {
    this.timeout(120_000);
    stage = await Stage.open();
  });
  after(() => stage?.close());
  return () => {
    if (stage === undefined) throw new Error('the stage is there when the tests run, not before');
    return stage;
  };
}

/** Both sides of a sequence: customers in the database, and their accounts in the model. */
export class World {
  readonly stage: Stage;
  readonly userIds: readonly string[] = Array.from({ length: customers }, newId);
  readonly nobody = newId();
  readonly accounts: Account[] = this.userIds.map(emptyAccount);
  readonly terms: Terms[] = [...firstTerms];
  now = Date.parse('2028-01-31T12:00:00Z');
  /** Counts what needs a name of its own. */
  #names = 0;
  readonly #ids = new Map<string, string>();

  private constructor(stage: Stage) {
    this.stage = stage;
  }

  /** With customers of its own; those of the sequence before it are gone, so that its books are small. */
  static async begin(stage: Stage): Promise<World> {
    const world = new World(stage);
    const users = world.userIds.map((id) => `('${id}', '${id}@example.com', now(), now())`);
    // As a replica: the triggers that keep the ledger from being emptied do not ask then, nor do foreign keys.
    await world.process(0).db.pool.query(`
      BEGIN;
      SET LOCAL session_replication_role = replica;
      DELETE FROM credit_alerts; DELETE FROM credit_holds; DELETE FROM credit_transactions; DELETE FROM credit_grants;
      DELETE FROM credit_balances; DELETE FROM users;
      INSERT INTO users (id, email, created_at, updated_at) VALUES ${users.join(', ')};
      INSERT INTO credit_balances (user_id) SELECT id FROM users;
      COMMIT;`);
    for (const [plan, terms] of world.terms.entries()) await world.setTerms(plan, terms);
    return world;
  }

  process(at: Place): Process {
    return this.stage.processes[at];
  }

  transaction<T>(at: Place, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.process(at).db.transaction(work);
  }

  /** For flows that need no more than this. */
  services(at: Place): Pick<Services, 'db' | 'clock' | 'log'> {
    return { db: this.process(at).db, clock: new FixedClock(this.time), log: createLogger('silent') };
  }

  get time(): Date {
    return new Date(this.now);
  }

  get moment(): Moment {
    return { now: this.now, plans: this.terms };
  }

  /** One past the last customer is nobody. */
  userId(who: number): string {
    return this.userIds[who] ?? this.nobody;
  }

  account(who: number): Account {
    const account = this.accounts[who];
    if (account === undefined) throw new Error(`there is no customer ${who}`);
    return account;
  }

  orderId(customer: number, nth: number): string {
    return this.#id(`order ${nth} of ${customer}`);
  }

  subscriptionId(customer: number, nth: number): string {
    return this.#id(`subscription ${nth} of ${customer}`);
  }

  newName(): string {
    this.#names += 1;
    return String(this.#names);
  }

  async setTerms(plan: number, terms: Terms): Promise<void> {
    this.terms[plan] = terms;
    const sql = 'UPDATE plans SET feature_prices = $2, alert_percents = $3 WHERE id = $1';
    await this.process(0).db.pool.query(sql, [this.stage.planIds[plan], terms.prices, terms.percents]);
  }

  /** The same each time for the same name. */
  #id(name: string): string {
    const id = this.#ids.get(name) ?? newId();
    this.#ids.set(name, id);
    return id;
  }
}
