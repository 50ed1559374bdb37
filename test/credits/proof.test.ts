import { expect } from 'chai';
import { fillLedger } from '../../bench/parts/ledger-data.ts';
import { proveCredits, type DifferingRow, type Proof } from '../../src/credits/proof.ts';
import type { Tx } from '../../src/db/index.ts';
import { useTestDatabase } from '../support/database.ts';

/** A row is damaged by hand, past every constraint and trigger that would refuse it, and must be found by name. */
describe('the proof of credits', function () {
  this.timeout(60_000);
  const database = useTestDatabase();
  /** Whose rows are damaged: one who has spent a grant to its end, one with a hold that was settled, one with an open one. */
  let [spender, settler, holder, other] = ['', '', '', ''];
  let entries = 0;

  before(async () => {
    ({ entries } = await fillLedger(database.db.pool, { users: 60, entries: 60 * 14 }));
    const find = async (sql: string): Promise<string> => {
      const { rows } = await database.db.pool.query<{ user_id: string }>(`SELECT user_id FROM ${sql} LIMIT 1`);
      return rows[0]?.user_id ?? '';
    };
    spender = await find('credit_transactions WHERE drawn IS NOT NULL');
    settler = await find(`credit_holds WHERE status = 'settled'`);
    holder = await find(`credit_holds WHERE status = 'open'`);
    other = await find(`credit_balances WHERE user_id NOT IN ('${spender}', '${settler}', '${holder}')`);
  });

  class RolledBack extends Error {}

  /** What is found after the damage, which nobody else sees. */
  async function after(...damages: string[]): Promise<Proof> {
    const { db } = database;
    let proof: Proof | undefined;
    await db
      .transaction(async (tx) => {
        await run(tx, `SET LOCAL session_replication_role = 'replica'`);
        for (const sql of damages) await run(tx, sql);
        proof = await proveCredits(tx, (work) => db.transaction(work, tx));
        throw new RolledBack();
      })
      .catch((error: unknown) => {
        if (!(error instanceof RolledBack)) throw error;
      });
    if (proof === undefined) throw new Error('the proof did not come to its end');
    return proof;
  }

  async function run(tx: Tx, sql: string): Promise<void> {
    await tx.sequelize.query(sql, { transaction: tx });
  }

  interface Expected {
    books: string[];
    subject: () => string;
    /** In the first of the books. */
    row?: DifferingRow | ((found: DifferingRow) => void);
  }

  async function expectFound(damages: string[], { books, subject, row }: Expected): Promise<void> {
    const proof = await after(...damages);
    const about = proof.differences.filter((one) => one.subject === subject());
    expect(about.map(({ book }) => book).sort()).to.deep.equal([...books].sort());
    const wrong = proof.books.filter(({ differences }) => differences > 0).map(({ name }) => name);
    expect(wrong).to.include.members(books);
    const named = about.find(({ book }) => book === books[0])?.rows ?? [];
    if (typeof row === 'function') row(named[0] ?? {});
    else if (row !== undefined) expect(named[0]).to.deep.include(row);
  }

  const entry = (user: string, seq: number) => `user_id = '${user}' AND seq = ${seq}`;

  it('finds nothing where nothing is wrong, and has looked at every row', async () => {
    const { books, differences } = await after();
    expect(differences).to.deep.equal([]);
    expect(books.find(({ name }) => name === 'balance after each entry')?.rows).to.equal(entries);
    expect(books.every((book) => book.differences === 0)).to.equal(true);
  });

  it('finds the amount of an entry', () =>
    expectFound([`UPDATE credit_transactions SET amount = amount - 2 WHERE ${entry(spender, 5)}`], {
      subject: () => spender,
      books: [
        'balance after each entry',
        'ledger = balance',
        'grants = what was drawn from them',
        'total used = what was spent',
      ],
      row: { entry: 5 },
    }));

  it('finds the balance after an entry', () =>
    expectFound([`UPDATE credit_transactions SET balance_after = balance_after + 1 WHERE ${entry(spender, 5)}`], {
      subject: () => spender,
      books: ['balance after each entry'],
      row: { entry: 5 },
    }));

  it('finds a missing entry', () =>
    expectFound([`DELETE FROM credit_transactions WHERE ${entry(spender, 6)}`], {
      subject: () => spender,
      books: [
        'balance after each entry',
        'ledger = balance',
        'grants = what was drawn from them',
        'total used = what was spent',
      ],
      row: { entry: 7, missing: { first: 6, last: 6 } },
    }));

  it('finds that the last entries are missing', () =>
    expectFound([`DELETE FROM credit_transactions WHERE user_id = '${holder}' AND type = 'hold'`], {
      subject: () => holder,
      books: ['last entry = balance', 'held grants = what was set apart in them', 'holds = entries'],
      row: (found) => {
        expect(found.missing?.first).to.equal(found.missing?.last);
      },
    }));

  it('finds two entries in each other’s place', () =>
    expectFound(
      [
        `UPDATE credit_transactions SET seq = 1000 WHERE ${entry(settler, 5)}`,
        `UPDATE credit_transactions SET seq = 5 WHERE ${entry(settler, 6)}`,
        `UPDATE credit_transactions SET seq = 6 WHERE ${entry(settler, 1000)}`,
      ],
      { subject: () => settler, books: ['balance after each entry'], row: { entry: 5 } },
    ));

  it('finds an entry that was drawn from the wrong grant, and which', async () => {
    const { differences } = await after(
      `UPDATE credit_transactions t SET grant_id = (
         SELECT id FROM credit_grants g WHERE g.user_id = t.user_id AND source = 'pack')
       WHERE ${entry(other, 8)}`,
    );
    expect(differences.map(({ book, subject }) => [book, subject])).to.deep.equal([
      ['grants = what was drawn from them', other],
    ]);
    const grants = differences[0]?.rows ?? [];
    expect(grants.map(({ expected, found }) => Number(expected) - Number(found))).to.have.lengthOf(2);
    // The one that was drawn from by mistake has one entry of that amount.
    expect(grants.map((one) => one.entries)).to.deep.include([8]);
  });

  it('finds that two customers have drawn from each other’s grants', async () => {
    const swap = (user: string, of: string) =>
      `UPDATE credit_transactions SET grant_id = (
         SELECT id FROM credit_grants WHERE user_id = '${of}' AND source = 'plan') WHERE ${entry(user, 8)}`;
    const proof = await after(
      `UPDATE credit_transactions SET amount = -1 WHERE seq = 8 AND user_id IN ('${other}', '${settler}')`,
      swap(other, settler),
      swap(settler, other),
    );
    const subjects = proof.differences
      .filter(({ book }) => book === 'grants = what was drawn from them')
      .map(({ subject }) => subject);
    expect(subjects).to.include.members([other, settler]);
  });

  it('finds an entry that several grants paid, and whose parts are not its amount', () =>
    expectFound(
      [
        `UPDATE credit_transactions SET drawn = jsonb_set(drawn, '{0,amount}', to_jsonb((drawn -> 0 ->> 'amount')::int + 1))
         WHERE user_id = '${spender}' AND drawn IS NOT NULL`,
      ],
      {
        subject: () => spender,
        books: ['entries = their parts', 'grants = what was drawn from them'],
        row: (found) => {
          expect(found.entry).to.be.a('number');
        },
      },
    ));

  it('finds what a grant says is left of it, is held, and was given', async () => {
    const plan = `user_id = '${other}' AND source = 'plan'`;
    await expectFound([`UPDATE credit_grants SET remaining = remaining - 1 WHERE ${plan}`], {
      subject: () => other,
      books: ['grants = what was drawn from them', 'grants = balance'],
      row: (found) => {
        expect(Number(found.found) - Number(found.expected)).to.equal(1);
      },
    });
    await expectFound([`UPDATE credit_grants SET held = held + 1 WHERE ${plan}`], {
      subject: () => other,
      books: ['held grants = what was set apart in them', 'held grants = held balance'],
      row: { expected: 1, found: 0 },
    });
    await expectFound([`UPDATE credit_grants SET amount = amount + 1 WHERE ${plan}`], {
      subject: () => other,
      books: ['grants = what was given', 'total earned = grants'],
    });
  });

  const columns: [column: string, books: string[]][] = [
    ['available', ['last entry = balance', 'ledger = balance', 'grants = balance']],
    ['held', ['held grants = held balance', 'ledger = balance', 'grants = balance']],
    ['entries', ['last entry = balance']],
    ['total_used', ['total used = what was spent']],
    ['total_earned', ['total earned = grants']],
  ];
  for (const [column, books] of columns) {
    it(`finds a balance whose ${column} is wrong`, () =>
      expectFound([`UPDATE credit_balances SET ${column} = ${column} + 1 WHERE user_id = '${other}'`], {
        subject: () => other,
        books,
      }));
  }

  it('finds more of the quota used than was used in all', () =>
    expectFound([`UPDATE credit_balances SET quota_used = total_used + 1 WHERE user_id = '${other}'`], {
      subject: () => other,
      books: ['quota used is part of what was used'],
    }));

  it('finds a hold whose state or settlement is not what the ledger says', async () => {
    const holds = (set: string, user: string) => `UPDATE credit_holds SET ${set} WHERE user_id = '${user}'`;
    await expectFound([holds(`status = 'released', closed_at = now()`, holder)], {
      subject: () => holder,
      books: ['holds = entries'],
      row: (found) => {
        expect(found.hold).to.be.a('string');
        expect(found.found).to.equal('released 0');
      },
    });
    await expectFound([holds(`status = 'open', settled = 0, closed_at = NULL`, settler)], {
      subject: () => settler,
      books: ['holds = entries'],
    });
    await expectFound([holds('settled = settled + 1', settler)], {
      subject: () => settler,
      books: ['settled holds = what was spent'],
      row: (found) => {
        expect(Number(found.expected) - Number(found.found)).to.equal(1);
      },
    });
    await expectFound([`DELETE FROM credit_holds WHERE user_id = '${holder}'`], {
      subject: () => holder,
      books: ['holds = entries'],
      row: (found) => {
        expect(found.expected).to.equal('held 0');
      },
    });
  });

  it('finds credits of somebody who has no balance, and entries of a grant that is not there', async () => {
    const orphan = await after(`DELETE FROM credit_balances WHERE user_id = '${other}'`);
    expect(orphan.differences.filter(({ subject }) => subject === other).map(({ book }) => book)).to.include.members([
      'ledger = balance',
      'grants = balance',
      'last entry = balance',
    ]);
    const gone = await after(`DELETE FROM credit_grants WHERE user_id = '${other}' AND source = 'pack'`);
    expect(gone.differences.filter(({ subject }) => subject === other).map(({ book }) => book)).to.include(
      'grants = what was given',
    );
  });

  it('reads every book where credits go by the thousand million, and says the same', async () => {
    const raise = (table: string, columns: string[], where: string) =>
      `UPDATE ${table} SET ${columns.map((column) => `${column} = ${column} + 5e12`).join(', ')}
       WHERE user_id = '${other}' AND ${where}`;
    const rich = [
      raise('credit_balances', ['available', 'total_earned'], 'true'),
      raise('credit_grants', ['amount', 'remaining'], `source = 'plan'`),
      raise(
        'credit_transactions',
        ['balance_after'],
        `seq >= (
        SELECT seq FROM credit_transactions t WHERE t.user_id = '${other}' AND type = 'earn' AND source = 'plan')`,
      ),
      raise('credit_transactions', ['amount'], `type = 'earn' AND source = 'plan'`),
    ];
    expect((await after(...rich)).differences).to.deep.equal([]);
    const proof = await after(...rich, `UPDATE credit_balances SET held = held + 1 WHERE user_id = '${settler}'`);
    expect(proof.differences.map(({ subject }) => subject)).to.include(settler);
  });

  it('names some of many differences, and counts all', async () => {
    const proof = await after(`UPDATE credit_transactions SET balance_after = balance_after + 1 WHERE seq > 6`);
    const book = proof.books.find(({ name }) => name === 'balance after each entry');
    expect(book?.differences).to.equal(60);
  });
});
