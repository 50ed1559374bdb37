import { usersWithExpired } from '../credits/queries.ts';
import { expireDue } from '../credits/ledger.ts';
import { workOff } from './batches.ts';
import type { Services } from './services.ts';

const batchSize = 200;

/**
 * Writes off credits that have passed their date, and lets go of holds that have run out. Spending and reading do the same for one customer, so a late run
 * never lets an expired credit be spent: this keeps the books of those who do neither.
 */
export async function expireCredits(services: Services): Promise<{ users: number; credits: number; failed: number }> {
  const { db, clock } = services;
  const counts = { users: 0, credits: 0 };
  for (;;) {
    const now = clock.now();
    const users = await db.transaction((tx) => usersWithExpired(tx, now, batchSize));
    const { done, failed } = await workOff(services, 'expired credits', users, async (userId) => {
      counts.credits += await db.transaction((tx) => expireDue(tx, userId, now));
    });
    counts.users += done;
    // Who failed is due again at once; the next run tries again.
    if (users.length < batchSize || failed > 0) return { ...counts, failed };
  }
}
