import { expireMany, usersWithExpired, type ExpiredUsers } from '../credits/expiry-batch.ts';
import { expireDue } from '../credits/ledger.ts';
import { inSets, type SetWork, type Tell } from './in-sets.ts';
import type { Services } from './services.ts';

interface Expired {
  done: number;
  credits: number;
}

/**
 * Writes off credits that have passed their date, and lets go of holds that have run out. Spending and reading do the
 * same for one customer, so a late run never lets an expired credit be spent: this keeps the books of those who do
 * neither. Whoever's balance is locked just now is left for the next run. → credits written off, of how many customers
 */
export async function expireCredits(
  services: Pick<Services, 'db' | 'clock' | 'log'>,
  { tell = () => undefined, batchSize }: { tell?: Tell; batchSize?: number } = {},
): Promise<{ users: number; credits: number; failed: number }> {
  const counts = { users: 0, credits: 0 };
  const work: Omit<SetWork<ExpiredUsers, Expired>, 'find'> = {
    what: 'expired credits',
    async work(tx, batch, now) {
      const { users, credits } = await expireMany(tx, batch, now);
      return { done: users, credits };
    },
    one: async (tx, userId, now) => ({ done: 1, credits: await expireDue(tx, userId, now) }),
    count({ done, credits }) {
      counts.users += done;
      counts.credits += credits;
      tell(counts);
    },
  };
  const options = batchSize === undefined ? {} : { most: batchSize };
  let failed = 0;
  for (const source of ['holds', 'grants'] as const) {
    failed += await inSets(services, { ...work, find: (tx, next) => usersWithExpired(tx, source, next) }, options);
  }
  return { ...counts, failed };
}
