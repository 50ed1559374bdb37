import { z } from 'zod';
import { previewPlanChange, schedulePlanChange } from '../../billing/schedule-plan-change.ts';
import { NotFound } from '../../kit/errors.ts';
import { findPrice, listPlans } from '../../plans/catalog.ts';
import type { SubscriptionType } from '../../plans/plan-terms.ts';
import { isLive } from './cancel-subscription.ts';
import { reason, recordAction, textOf, type Facts, type RowValues } from './action.ts';

/** The price that the customer goes on at, by its id. */
const price = z.string().max(100);

export const changePlanAction = recordAction({
  resource: 'subscriptions',
  name: 'changePlan',
  icon: 'Shuffle',
  offered: (row) => isLive(row) && row.priceId !== null && row.endDate !== null,
  body: z.strictObject({ price, reason }),
  draft: z.object({ price: price.optional() }),
  async preview(services, row, draft) {
    const common = { endDate: row.endDate ?? null, options: await offersFor(row) };
    if (draft.price === undefined || draft.price === '') return common;
    const { to } = await previewPlanChange(services, {
      userId: textOf(row, 'userId'),
      ...(await targetOf(draft.price)),
    });
    const { amountMinor, currency } = to.price;
    const facts: Facts = { amountMinor, currency, credits: to.plan.creditsMonthly };
    return { ...common, ...facts, wasCancelled: row.cancelAtPeriodEnd ?? false };
  },
  async perform(services, row, body, staff) {
    const request = { userId: textOf(row, 'userId'), ...(await targetOf(body.price)) };
    await schedulePlanChange(services, request, { subscriptionId: textOf(row, 'id'), staff, reason: body.reason });
    return { message: 'planChangePlanned' };
  },
});

/** @throws NotFound */
async function targetOf(priceId: string): Promise<{ plan: { planId: string }; subscriptionType: SubscriptionType }> {
  const found = z.uuid().safeParse(priceId).success ? await findPrice(priceId) : null;
  if (found === null) throw new NotFound('There is no such price.');
  return { plan: { planId: found.planId }, subscriptionType: found.subscriptionType };
}

/** What is on sale in the customer's currency and is not what they have, by price: names, interval and amount. */
async function offersFor(row: RowValues): Promise<string> {
  const sold = await findPrice(textOf(row, 'priceId'));
  const plans = await listPlans(sold?.currency);
  const offers = plans.flatMap(({ plan, prices }) =>
    Object.values(prices).map(({ id, subscriptionType, amountMinor, currency }) => {
      return { id, planId: plan.id, names: plan.names, subscriptionType, amountMinor, currency };
    }),
  );
  const others = offers.filter(
    ({ planId, subscriptionType }) => planId !== row.planId || subscriptionType !== row.subscriptionType,
  );
  return JSON.stringify(Object.fromEntries(others.map(({ id, ...offer }) => [id, offer])));
}
