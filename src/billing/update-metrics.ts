import { computeDays, daysToCompute, firstInstantOf } from '../reports/daily.ts';
import type { Tell } from './in-sets.ts';
import type { Services } from './services.ts';

/**
 * Computes the figures of the days that are over: those that were missed, however many, and once a day those that can
 * still change. Each month of days is a transaction, so a run that broke off is gone on with. → how many days
 */
export async function updateMetrics(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  tell: Tell = () => undefined,
): Promise<{ days: number }> {
  return db.exclusively('update-metrics', async () => {
    const counts = { days: 0 };
    for (;;) {
      const now = clock.now();
      const days = await daysToCompute(db, firstInstantOf(now));
      if (days.length === 0) return counts;
      await db.transaction((tx) => computeDays(tx, days, now));
      counts.days += days.length;
      tell({ ...counts });
    }
  });
}
