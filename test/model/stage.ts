import type { StaffActor } from '../../src/accounts/staff.ts';
import { createLogger, type Logger } from '../../src/kit/logger.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { addStaffActor } from '../support/staff.ts';
import { ModelClock } from './model-clock.ts';

/** Short, with one retry: a fault that strikes twice leaves the outcome unknown. */
const patience = { timeoutMs: 5_000, attempts: 2, firstDelayMs: 1, budgetMs: 5_000 };

/** Failures of a gateway that does not answer, or says no: the model makes them all the time. */
const foreseen = /^(Provider(Unavailable|Rejected|Declined|NotApproved)|GatewayUnavailable)$/;

/** Two processes on one database, with one clock and PayPal beside them; used for one sequence after the other. */
export class Stage {
  readonly apps: readonly [TestApp, TestApp];
  readonly clock: ModelClock;
  readonly staff: StaffActor;
  /** What went wrong that nobody foresees, from the logs and from whoever calls. */
  readonly complaints: string[];

  readonly #emptying: string;

  private constructor(parts: Pick<Stage, 'apps' | 'clock' | 'staff' | 'complaints'> & { emptying: string }) {
    ({ apps: this.apps, clock: this.clock, staff: this.staff, complaints: this.complaints } = parts);
    this.#emptying = parts.emptying;
  }

  static async open(): Promise<Stage> {
    const clock = new ModelClock('2027-01-01T00:00:00Z');
    const complaints: string[] = [];
    // Without a worker: when a webhook is handled is for the sequence to say.
    const first = await startApp({ clock, patience, worker: false, log: complaining(complaints) });
    const apps = [first, await first.another()] as const;
    return new Stage({
      apps,
      clock,
      staff: await addStaffActor(first),
      complaints,
      emptying: await emptyingOf(first),
    });
  }

  /** An empty database at a certain time. */
  async reset(start: string): Promise<void> {
    await this.quieten();
    await this.apps[0].db.pool.query(this.#emptying);
    this.clock.set(start);
    this.complaints.length = 0;
  }

  /** Resolves when every webhook that is due was sent, by both. */
  async quieten(): Promise<void> {
    await Promise.all(this.apps.map(({ simulator }) => simulator.idle()));
  }

  async close(): Promise<void> {
    await this.apps[0].close();
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

/**
 * The catalogue, the staff with the chain of what they did, and what PayPal keeps: its keys, its tokens. All else is
 * emptied, whoever adds it.
 */
const kept = [
  'SequelizeMeta',
  'plans',
  'plan_prices',
  'credit_packs',
  'staff',
  'audit_log',
  'audit_head',
  'paypal_keys',
  'paypal_tokens',
  'clock',
];

/** → SQL. As a replica: the triggers that keep the ledger from being emptied do not ask then, nor do foreign keys. */
async function emptyingOf({ db }: TestApp): Promise<string> {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname IN ('public', 'sandbox') AND tablename <> ALL ($1)`,
    [kept],
  );
  const tables = [...rows.map(({ name }) => name), 'graphile_worker._private_jobs'];
  return `
    BEGIN;
    SET LOCAL session_replication_role = replica;
    ${tables.map((table) => `DELETE FROM ${table};`).join('\n')}
    COMMIT;`;
}

/** Keeps the lines that tell of an error which is not a gateway's. That a request failed is for its caller to complain of. */
function complaining(complaints: string[]): Logger {
  return createLogger('warn', {
    write(line) {
      const { err, msg, res } = JSON.parse(line) as { err?: Described; msg: string; res?: unknown };
      if (err === undefined || res !== undefined || foreseen.test(err.type) || isOvertaken(err)) return;
      complaints.push(`in the log: ${msg}: ${err.type}: ${err.message} ${placeOf(err)}`);
    },
  });
}

/** A webhook that was on its way while the clock was turned by weeks is refused as stale, and comes again. */
function isOvertaken({ type, message }: Described): boolean {
  return type === 'WebhookRejected' && message.endsWith('STALE');
}

interface Described {
  type: string;
  message: string;
  stack?: string;
}

/** The innermost line of ours. */
function placeOf({ stack = '' }: Described): string {
  return (
    stack
      .split('\n')
      .find((line) => line.includes('/src/') && !line.includes('/node_modules/'))
      ?.trim() ?? ''
  );
}
