import { createUser } from '../../src/accounts/users.ts';
import { openBalance } from '../../src/credits/ledger.ts';
import { AppError } from '../../src/kit/errors.ts';
import { ProviderUnavailable } from '../../src/payments/provider-errors.ts';
import { call, type Answer, type Json, type TestApp } from '../support/app.ts';
import type { Stage } from './stage.ts';

/** An order as its customer knows it. */
interface KnownOrder {
  orderId: string;
  /** Null while PayPal has not answered. */
  providerOrderId: string | null;
  customer: string;
}

/** Which of the two processes. */
export type Place = 0 | 1;

/** What one sequence does things to, and what the people in it were told. */
export class World {
  readonly stage: Stage;
  readonly customers: readonly string[];
  /** Oldest first. */
  readonly orders: KnownOrder[] = [];
  /** Orders of which somebody was told that they are paid and handed over. */
  readonly promised = new Set<string>();
  /** Credits by transaction, as the answers said. */
  readonly spent = new Map<string, number>();
  /** The order that a customer's idempotency key stands for, by both. */
  readonly orderOfKey = new Map<string, string>();
  /** Subscriptions that their customers ended at once, whatever was paid for. */
  readonly gaveUp = new Set<string>();

  private constructor(stage: Stage, customers: readonly string[]) {
    this.stage = stage;
    this.customers = customers;
  }

  /** Empties the stage. Customers are written as registration writes them, without its slow hash and its mail. */
  static async begin(stage: Stage, start: string): Promise<World> {
    await stage.reset(start);
    const { db } = stage.apps[0];
    const now = stage.clock.now();
    const customers = await db.transaction(async (tx) => {
      const names = ['ann', 'ben'].map((name) => ({
        name,
        email: `${name}@example.com`,
        passwordHash: null,
        locale: 'en',
      }));
      const users = [];
      for (const name of names) users.push(await createUser(tx, { ...name, now }));
      for (const { id } of users) await openBalance(tx, id);
      return users.map(({ id }) => id);
    });
    return new World(stage, customers);
  }

  app(at: Place): TestApp {
    return this.stage.apps[at];
  }

  customer(who: number): string {
    return this.customers[who % this.customers.length] ?? '';
  }

  /** The newest is 0; what lies beyond the oldest begins again. Undefined while there is none. */
  order(n: number): KnownOrder | undefined {
    return this.orders.at(-1 - (n % Math.max(this.orders.length, 1)));
  }

  /** One column of the one row, or of the n-th of many; undefined while there is none. */
  async pick(n: number, sql: string): Promise<string | undefined> {
    const { rows } = await this.stage.apps[0].db.pool.query<{ id: string }>(sql);
    return rows[n % Math.max(rows.length, 1)]?.id;
  }

  complain(text: string): void {
    this.stage.complaints.push(text);
  }

  /** A customer's call of the API. Only a gateway's silence may make it fail on our side. */
  async api(at: Place, customer: string, method: string, path: string, body?: Json, key?: string): Promise<Answer> {
    const app = this.app(at);
    const answer = await call(app, method, `/api/v1${path}`, {
      token: app.services.accessTokens.issue(customer),
      body,
      ...(key === undefined ? {} : { headers: { 'Idempotency-Key': key } }),
    });
    const isForeseen = answer.status < 500 || answer.body.code === 'provider_unavailable';
    if (!isForeseen) this.complain(`${method} ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }

  /** Whatever the API has no call for. → undefined when it was refused for a reason that people can understand */
  async attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const isForeseen =
        error instanceof ProviderUnavailable ||
        (error instanceof AppError && (error.status < 500 || error.code === 'provider_unavailable'));
      if (!isForeseen) this.complain(`${what}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
      return undefined;
    }
  }
}
