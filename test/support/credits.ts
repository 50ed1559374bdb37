import { grantCredits, type NewGrant } from '../../src/credits/ledger.ts';
import type { Consumption } from '../../src/credits/consume.ts';
import { newId } from '../../src/kit/ids.ts';
import { Client, type Json, type TestApp } from './app.ts';

type House = Pick<TestApp, 'db' | 'clock'>;

/** A grant of credits that never expire, unless it says otherwise. */
export async function giveCredits(
  { db, clock }: House,
  userId: string,
  amount: number,
  more: Partial<NewGrant> = {},
): Promise<void> {
  const grant = { userId, amount, key: newId(), source: 'promo', expiresAt: null, now: clock.now() } as const;
  await db.transaction((tx) => grantCredits(tx, { ...grant, ...more }));
}

/** A customer with a grant of each amount. */
export async function customerWith(app: TestApp, ...amounts: number[]): Promise<Client> {
  const customer = await Client.register(app);
  for (const amount of amounts) await giveCredits(app, customer.id, amount);
  return customer;
}

/** What a domain is asked to spend. */
export function spending(
  { clock }: Pick<TestApp, 'clock'>,
  userId: string,
  amount: number,
  key: string | null = null,
): Consumption {
  return {
    userId,
    amount,
    quantity: null,
    featureType: 'image',
    reference: null,
    description: null,
    actor: 'user',
    idempotencyKey: key,
    fingerprint: String(amount),
    now: clock.now(),
  };
}

export async function balanceOf({ db }: Pick<TestApp, 'db'>, userId: string): Promise<Json> {
  const sql = 'SELECT available, held, total_used FROM credit_balances WHERE user_id = $1';
  const { rows } = await db.pool.query<Json>(sql, [userId]);
  if (rows[0] === undefined) throw new Error(`user ${userId} has no balance`);
  return rows[0];
}
