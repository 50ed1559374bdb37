import { expect } from 'chai';
import { findDifferences } from '../../src/billing/check-books.ts';
import { Client, useApp } from '../support/app.ts';
import { expectBalancedBooks } from '../support/books.ts';

/** Each row is damaged by hand, past every constraint that would refuse it, and must be found by name. */
describe('the proof', function () {
  this.timeout(60_000);
  const app = useApp();
  let customer: Client;

  beforeEach(async () => {
    customer = await Client.register(app);
    await customer.buy({ plan_code: 'pro' });
    await customer.post('/credits/consume', { amount: 10, feature_type: 'image' });
    await expectBalancedBooks(app.services);
  });

  const damages: [what: string, sql: string, books: string[]][] = [
    [
      'a balance that is higher than its ledger',
      'UPDATE credit_balances SET available = available + 1 WHERE user_id = $1',
      ['ledger = balance', 'grants = balance', 'last entry = balance'],
    ],
    [
      'a grant that lost a credit',
      'UPDATE credit_grants SET remaining = remaining - 1 WHERE user_id = $1',
      ['grants = balance', 'grants = what was drawn from them'],
    ],
    [
      'an entry that was changed',
      'UPDATE credit_transactions SET amount = amount - 1 WHERE user_id = $1 AND seq = 2',
      ['ledger = balance', 'balance after each entry'],
    ],
    [
      'a balance that says that credits are set apart',
      'UPDATE credit_balances SET available = available - 1, held = held + 1 WHERE user_id = $1',
      ['held grants = held balance', 'last entry = balance'],
    ],
    [
      'a grant that says so',
      'UPDATE credit_grants SET held = 1 WHERE user_id = $1',
      ['held grants = held balance', 'held grants = what was set apart in them'],
    ],
    [
      'an order that says it is disputed',
      'UPDATE orders SET disputed_at = now() WHERE user_id = $1',
      ['disputed orders = disputes'],
    ],
    [
      'an order that says it was refunded',
      "UPDATE orders SET refunded_minor = 1, status = 'partially_refunded' WHERE user_id = $1",
      ['refunds = orders'],
    ],
  ];

  for (const [what, sql, books] of damages) {
    it(`finds ${what}`, async () => {
      const client = await app.db.pool.connect();
      try {
        await client.query('BEGIN');
        await client.query("SET LOCAL session_replication_role = 'replica'");
        await client.query(sql, [customer.id]);
        await client.query('COMMIT');
      } finally {
        client.release();
      }
      const differences = await findDifferences(app.services);
      const own = differences.filter(({ book }) => books.includes(book));
      expect([...new Set(own.map(({ book }) => book))].sort()).to.deep.equal([...books].sort());
      await app.db.pool.query(
        "UPDATE orders SET refunded_minor = 0, status = 'completed', disputed_at = NULL WHERE user_id = $1",
        [customer.id],
      );
      await repair();
    });
  }

  /** Puts this customer's rows right again by removing them, so that the next test starts with books that balance. */
  async function repair(): Promise<void> {
    const client = await app.db.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query("SET LOCAL session_replication_role = 'replica'");
      for (const table of ['credit_transactions', 'credit_grants', 'credit_balances']) {
        await client.query(`DELETE FROM ${table} WHERE user_id = $1`, [customer.id]);
      }
      await client.query('COMMIT');
    } finally {
      client.release();
    }
  }
});
