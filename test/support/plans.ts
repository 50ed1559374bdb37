import { startFreePlan } from '../../src/billing/start-free-plan.ts';
import { createPlan, type PlanTerms } from '../../src/plans/catalog-changes.ts';
import { newId } from '../../src/kit/ids.ts';
import { Client, type TestApp } from './app.ts';

/** A plan of its own that costs nothing, so that a test can change it alone. */
export async function addFreePlan(app: TestApp, terms: Partial<PlanTerms> = {}): Promise<{ id: string; code: string }> {
  const code = `plan-${newId()}`;
  const { id } = await app.db.transaction((tx) =>
    createPlan(
      tx,
      code,
      {
        names: { en: 'Sprout', 'zh-CN': '新芽版' },
        descriptions: { en: '' },
        features: [],
        creditsMonthly: 100,
        rollover: 'none',
        rolloverCap: null,
        featurePrices: null,
        alertPercents: [20, 5, 0],
        isPopular: false,
        isActive: true,
        sortOrder: 0,
        ...terms,
      },
      app.clock.now(),
    ),
  );
  return { id, code };
}

/** A customer who has it. */
export async function customerOn(app: TestApp, planCode: string): Promise<Client> {
  const customer = await Client.register(app);
  await startFreePlan(app.services, { userId: customer.id, planCode });
  return customer;
}
