import { usersWithExpiredGrants } from '../credits/queries.ts';
import { expireDue } from '../credits/ledger.ts';
import type { Services } from './services.ts';

const batchSize = 200;

/**
 * Writes off credits that have passed their date. Spending and reading do the same for one customer, so a late run
 * never lets an expired credit be spent: this keeps the books of those who do neither.
 */
export async function expireCredits({ db, clock }: Services): Promise<{ users: number; credits: number }> {
  const counts = { users: 0, credits: 0 };
  for (;;) {
    const now = clock.now();
    const users = await usersWithExpiredGrants(now, batchSize);
    for (const userId of users) {
      counts.credits += await db.transaction((tx) => expireDue(tx, userId, now));
    }
    counts.users += users.length;
    if (users.length < batchSize) return counts;
  }
}
