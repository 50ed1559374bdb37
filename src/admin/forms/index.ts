import type { ResourceId } from '../permissions.ts';
import { creditPacks, planPrices, plans } from './catalogue.ts';
import type { Form } from './form.ts';
import { staff } from './staff.ts';

export const forms: Partial<Record<ResourceId, Form>> = {
  plans,
  plan_prices: planPrices,
  credit_packs: creditPacks,
  staff,
};
