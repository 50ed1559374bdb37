import { expect } from 'chai';
import pg from 'pg';
import { Consumptions } from '../../src/credits/consume.ts';
import { openHold } from '../../src/credits/holds.ts';
import { eventually, useApp, type Client } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';
import { balanceOf, customerWith, spending } from '../support/credits.ts';

/** Somebody has locked one customer's balance: a long transaction, a person at a console. */
describe('a balance that is locked', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });
  let unlucky: Client;
  let others: Client[];

  beforeEach(async () => {
    unlucky = await customerWith(app, 100, 100);
    others = [];
    for (let count = 0; count < 4; count += 1) others.push(await customerWith(app, 50, 50));
  });
  afterEach(() => expectBalancedBooks(app.services));

  /** Runs `work` while another connection has locked the balance of the unlucky one. */
  async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: app.db.url });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT FROM credit_balances WHERE user_id = $1 FOR UPDATE', [unlucky.id]);
      return await work();
    } finally {
      await client.end();
    }
  }

  const consume = ({ id }: Client, amount: number, key: string | null = null) =>
    app.services.consumptions.consume(spending(app, id, amount, key));
  /** Ten spend what is plain, and then what takes two grants. */
  const spendings = (key: string) =>
    others.flatMap(({ id }) =>
      [1, 2, 3, 60].map((amount) => spending(app, id, amount, amount === 60 ? `${key} ${id}` : null)),
    );
  const availableOf = async (customer: Client) => (await balanceOf(app, customer.id)).available;
  /** What is not settled yet says so. */
  const isPending = (promise: Promise<unknown>) =>
    Promise.race([promise.then(() => false), new Promise((resolve) => setImmediate(() => setImmediate(() => resolve(true))))]); // prettier-ignore

  it('delays nobody else’s single calls, however many wait for it', async () => {
    const waiting = await whileLocked(async () => {
      const mine = Array.from({ length: 100 }, () => consume(unlucky, 1));
      const theirs = others.flatMap((other) => [1, 2, 3, 60].map((amount) => consume(other, amount)));
      await Promise.all(theirs);
      expect(await isPending(Promise.race(mine))).to.equal(true);
      return mine;
    });
    const balances = (await Promise.all(waiting)).map(({ balanceAfter }) => balanceAfter);
    expect(Math.min(...balances)).to.equal(100);
    for (const other of others) expect(await availableOf(other)).to.equal(34);
  });

  it('delays nobody else’s items of the same batch, nor other batches, and takes no connection from them', async () => {
    const batches = await whileLocked(async () => {
      // More batches than there are connections, each with an item of the unlucky one in front of the others.
      const withLocked = Array.from({ length: 12 }, (_, count) =>
        app.services.consumptions.consumeMany([
          spending(app, unlucky.id, 1, `mine ${count}`),
          spending(app, unlucky.id, 101, 'two grants'),
          ...(count === 0 ? spendings('same batch') : []),
        ]),
      );
      const theirs = await app.services.consumptions.consumeMany(
        others.map(({ id }) => spending(app, id, 7, 'other batch')),
      );
      expect(theirs.map(({ status }) => status)).to.deep.equal(Array(4).fill('fulfilled'));
      for (const other of others) {
        await eventually(async () => ((await availableOf(other)) === 27 ? true : undefined));
      }
      expect(await isPending(Promise.race(withLocked))).to.equal(true);
      return withLocked;
    });
    const outcomes = (await Promise.all(batches)).flat();
    expect(outcomes.filter(({ status }) => status === 'rejected')).to.deep.equal([]);
    // Twelve of one credit, and one of 101 that eleven others repeat.
    expect(await availableOf(unlucky)).to.equal(200 - 12 - 101);
  });

  it('is told to be busy when it stays locked, and nothing is spent', async () => {
    const impatient = new pg.Pool({ connectionString: app.db.url, max: 4, lock_timeout: 50 });
    const consumptions = new Consumptions({ gathering: app.db.reserved, single: impatient, patienceMs: [1, 1] });
    const rejections = await whileLocked(async () => {
      const single = [spending(app, unlucky.id, 1), spending(app, unlucky.id, 150)];
      const hold = { ...spending(app, unlucky.id, 1), expiresAt: new Date(app.clock.now().getTime() + 60_000) };
      return Promise.allSettled([
        ...single.map((spend) => consumptions.consume(spend)),
        openHold(impatient, hold),
        consumptions.consumeMany([spending(app, unlucky.id, 1, 'k')]).then(([outcome]) => {
          if (outcome?.status === 'rejected') throw outcome.reason;
        }),
      ]);
    });
    await impatient.end();
    for (const outcome of rejections) {
      expect(outcome).to.have.nested.property('reason.code', 'account_busy');
      expect(outcome).to.have.nested.property('reason.status', 503);
    }
    expect(await availableOf(unlucky)).to.equal(200);
  });

  it('is waited for by no statement of the server’s connections for longer than ten seconds', async () => {
    const { rows } = await app.db.pool.query<{ lock_timeout: string }>('SHOW lock_timeout');
    expect(rows).to.deep.equal([{ lock_timeout: '10s' }]);
  });
});

/** Two processes of Plantain, each gathering for itself. */
describe('two processes that spend for the same customers at once', function () {
  this.timeout(60_000);
  const app = useApp({ worker: false });

  it('never lock each other out, and leave exact books', async () => {
    const customers: Client[] = [];
    for (let count = 0; count < 6; count += 1) customers.push(await customerWith(app, 100, 100));
    const other = await app.another();
    const deadlocks: unknown[] = [];
    const processes = [app, other].map(({ db }) => {
      for (const pool of [db.pool, db.reserved]) watchForDeadlocks(pool, deadlocks);
      return new Consumptions({ gathering: db.reserved, single: db.pool });
    });
    let spent = 0;
    const count = (amount: number) => {
      spent += amount;
    };
    const work = processes.flatMap((consumptions, which) =>
      Array.from({ length: 40 }, async (_, round) => {
        // Each in another order, since locks taken in any order are what deadlocks are made of.
        const turned = customers.map(
          (_customer, place) => customers[(place * 5 + round + which * 3) % customers.length],
        );
        const spends = turned.flatMap((customer) => {
          const { id } = customer ?? { id: '' };
          return [spending(app, id, 1, `${round}`), spending(app, id, 3, `${round} more`)];
        });
        if (round % 4 === 0) {
          const outcomes = await consumptions.consumeMany(spends);
          for (const outcome of outcomes) {
            if (outcome.status === 'fulfilled' && !outcome.value.replayed) count(outcome.value.amount);
          }
        } else {
          const single = spends.map((spend) => consumptions.consume(spend));
          for (const { amount, replayed } of await Promise.all(single)) if (!replayed) count(amount);
        }
      }),
    );
    await Promise.all(work);
    expect(deadlocks).to.deep.equal([]);
    // Both processes sent the same keys.
    expect(spent).to.equal(6 * 40 * 4);
    for (const { id } of customers) expect(await balanceOf(app, id)).to.include({ available: 40, total_used: 160 });
    await expectBalancedBooks(app.services);
  });
});

/** They would be seen by nobody else: a statement that fell victim to one is tried again, one by one. */
function watchForDeadlocks(pool: pg.Pool, found: unknown[]): void {
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  pool.query = ((...args: unknown[]) =>
    query(...args).catch((error: unknown) => {
      if (error instanceof pg.DatabaseError && error.code === '40P01') found.push(error);
      throw error;
    })) as typeof pool.query;
}
