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

  private constructor(apps: readonly [TestApp, TestApp], clock: ModelClock, staff: StaffActor, complaints: string[]) {
    this.apps = apps;
    this.clock = clock;
    this.staff = staff;
    this.complaints = complaints;
  }

  static async open(): Promise<Stage> {
    const clock = new ModelClock('2027-01-01T00:00:00Z');
    const complaints: string[] = [];
    // Without a worker: when a webhook is handled is for the sequence to say.
    const first = await startApp({ clock, patience, worker: false, log: complaining(complaints) });
    const second = await first.another();
    return new Stage([first, second], clock, await addStaffActor(first), complaints);
  }

  /** An empty database at a certain time. */
  async reset(start: string): Promise<void> {
    await this.quieten();
    const { pool } = this.apps[0].db;
    const client = await pool.connect();
    try {
      await client.query(emptying);
    } finally {
      client.release();
    }
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

/** All but the catalogue, the staff, and what PayPal keeps: its keys, its tokens. */
const emptied = [
  ...['users', 'orders', 'payments', 'refunds', 'subscriptions', 'emails', 'incidents', 'provider_events'],
  ...['credit_balances', 'credit_grants', 'credit_transactions', 'audit_log', 'job_runs'],
  ...['orders', 'captures', 'refunds', 'disputes', 'requests', 'faults', 'deliveries'].map(
    (n) => `sandbox.paypal_${n}`,
  ),
  ...['sandbox.mails', 'graphile_worker._private_jobs'],
];

/** As a replica: the triggers that keep the ledger from being emptied do not ask then, and neither do foreign keys. */
const emptying = `
  BEGIN;
  SET LOCAL session_replication_role = replica;
  ${emptied.map((table) => `DELETE FROM ${table};`).join('\n')}
  COMMIT;`;

/** Keeps the lines that tell of an error which is not a gateway's. That a request failed is for its caller to complain of. */
function complaining(complaints: string[]): Logger {
  return createLogger('warn', {
    write(line) {
      const { err, msg, res } = JSON.parse(line) as { err?: Described; msg: string; res?: unknown };
      if (err === undefined || res !== undefined || foreseen.test(err.type)) return;
      complaints.push(`in the log: ${msg}: ${err.type}: ${err.message} ${placeOf(err)}`);
    },
  });
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
