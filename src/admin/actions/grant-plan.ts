import { z } from 'zod';
import { grantPlan, previewGrant } from '../../billing/grant-plan.ts';
import type { Services } from '../../billing/services.ts';
import { listPlans } from '../../plans/catalog.ts';
import { reason, recordAction, textOf, type Facts } from './action.ts';

const months = z.coerce.number().int().min(1).max(24);

export const grantPlanAction = recordAction({
  resource: 'users',
  name: 'grantPlan',
  icon: 'Gift',
  offered: ({ status }) => status === 'active',
  body: z.strictObject({ plan: z.string().max(100), months: z.int().min(1).max(24), reason }),
  draft: z.object({ plan: z.string().max(100).optional(), months: months.optional() }),
  async preview(services, row, draft) {
    const common = { email: row.email ?? null, options: await giftOptions() };
    return { ...common, ...(await effectOf(services, textOf(row, 'id'), draft)) };
  },
  async perform(services, row, { plan: planCode, ...body }, staff) {
    const { endDate } = await grantPlan(services, { ...body, planCode, userId: textOf(row, 'id'), staff });
    return { message: 'planGranted', facts: { endDate: endDate?.toISOString() ?? null } };
  },
});

/** Plans that cost something, by code: their names in each language. */
async function giftOptions(): Promise<string> {
  const plans = (await listPlans()).filter(({ currencies }) => currencies.length > 0);
  return JSON.stringify(Object.fromEntries(plans.map(({ plan }) => [plan.planCode, { names: plan.names }])));
}

/** Nothing before a plan is chosen. */
async function effectOf(
  services: Services,
  userId: string,
  { plan: planCode = '', months: wanted = 1 }: { plan?: string | undefined; months?: number | undefined },
): Promise<Facts> {
  if (planCode === '') return {};
  const { plan, endsAt, extended, replaced } = await previewGrant(services, { userId, planCode, months: wanted });
  return {
    credits: plan.creditsMonthly,
    endsAt: endsAt.toISOString(),
    effect: extended === null ? 'begins' : 'longer',
    replaces: replaced !== null,
  };
}
