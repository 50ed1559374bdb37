import { z } from 'zod';
import { addPack, addPlan, addPrice, changePack, changePlan } from '../../billing/edit-catalog.ts';
import { subscriptionTypes } from '../../plans/plan-terms.ts';
import {
  code,
  credits,
  currency,
  featurePrices,
  features,
  localized,
  optionallyLocalized,
  percents,
  position,
  toMinor,
} from './fields.ts';
import type { Form } from './form.ts';

const rollovers = ['none', 'capped', 'full'] as const;

const planTerms = z.strictObject({
  names: localized(80),
  descriptions: optionallyLocalized(300),
  features,
  creditsMonthly: credits,
  rollover: z.enum(rollovers),
  rolloverCap: credits.nullable(),
  featurePrices,
  alertPercents: percents,
  isPopular: z.boolean(),
  isActive: z.boolean(),
  sortOrder: position,
});
const capFits = ({ rollover, rolloverCap }: z.infer<typeof planTerms>) =>
  (rollover === 'capped') === (rolloverCap !== null);
const capError = { path: ['rolloverCap'], message: 'Give a cap with rollover up to a cap, and only then.' };
const newPlan = planTerms.extend({ planCode: code }).refine(capFits, capError);
const changedPlan = planTerms.refine(capFits, capError);

export const plans: Form = {
  fields: [
    { name: 'planCode', input: 'text', required: true, only: 'new', hint: 'codeHint' },
    { name: 'names', input: 'localized', required: true },
    { name: 'descriptions', input: 'localized', long: true },
    { name: 'creditsMonthly', input: 'number', required: true },
    { name: 'rollover', input: 'choice', values: rollovers, initial: 'none' },
    { name: 'rolloverCap', input: 'number', hint: 'capHint' },
    { name: 'featurePrices', input: 'prices', hint: 'featurePricesHint' },
    { name: 'alertPercents', input: 'percents', initial: '20, 5, 0', hint: 'alertPercentsHint' },
    { name: 'features', input: 'features' },
    { name: 'isPopular', input: 'flag', initial: false },
    { name: 'isActive', input: 'flag', initial: true, hint: 'isActiveHint' },
    { name: 'sortOrder', input: 'number', required: true, initial: '0', hint: 'sortOrderHint' },
  ],
  create: (services, body, staff) => addPlan(services, newPlan.parse(body), staff),
  update: (services, id, body, staff) => changePlan(services, id, changedPlan.parse(body), staff),
};

const newPrice = z
  .strictObject({ planId: z.uuid(), subscriptionType: z.enum(subscriptionTypes), amount: z.string(), currency })
  .transform(({ amount, ...price }, context) => ({ ...price, amountMinor: toMinor(amount, price.currency, context) }));

/** There is no way to edit a price: see `addPrice`. */
export const planPrices: Form = {
  fields: [
    { name: 'planId', input: 'reference', reference: 'plans', required: true },
    { name: 'subscriptionType', input: 'choice', values: subscriptionTypes, initial: 'monthly' },
    { name: 'amount', input: 'money', required: true, hint: 'priceHint' },
  ],
  create: (services, body, staff) => addPrice(services, newPrice.parse(body), staff),
};

const packTerms = {
  names: localized(80),
  credits: credits.min(1, 'At least 1.'),
  amount: z.string(),
  currency,
  validityDays: z.int('Give a whole number.').min(1, 'At least 1.').max(36_500).nullable(),
  isActive: z.boolean(),
  sortOrder: position,
};
const withMinor = <T extends { amount: string; currency: string }>(
  { amount, ...pack }: T,
  context: z.RefinementCtx,
) => ({
  ...pack,
  amountMinor: toMinor(amount, pack.currency, context),
});
const newPack = z.strictObject({ ...packTerms, packCode: code }).transform(withMinor);
const changedPack = z.strictObject(packTerms).transform(withMinor);

export const creditPacks: Form = {
  fields: [
    { name: 'packCode', input: 'text', required: true, only: 'new', hint: 'codeHint' },
    { name: 'names', input: 'localized', required: true },
    { name: 'credits', input: 'number', required: true },
    { name: 'amount', input: 'money', required: true, hint: 'moneyHint' },
    { name: 'validityDays', input: 'number', hint: 'validityHint' },
    { name: 'isActive', input: 'flag', initial: true, hint: 'isActiveHint' },
    { name: 'sortOrder', input: 'number', required: true, initial: '0', hint: 'sortOrderHint' },
  ],
  create: (services, body, staff) => addPack(services, newPack.parse(body), staff),
  update: (services, id, body, staff) => changePack(services, id, changedPack.parse(body), staff),
};
