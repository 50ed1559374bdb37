import { CreditPack } from '../../plans/credit-pack.model.ts';
import { PlanPrice } from '../../plans/plan-price.model.ts';
import { Plan } from '../../plans/plan.model.ts';
import { choice, code, count, credits, flag, id, money, reference, time, type ResourceSpec } from './spec.ts';

export const plans: ResourceSpec = {
  id: 'plans',
  model: Plan,
  group: 'catalogue',
  fields: {
    id,
    planCode: code,
    names: { kind: 'localized' },
    descriptions: { kind: 'localized' },
    features: { kind: 'features' },
    creditsMonthly: credits,
    rollover: choice('none', 'capped', 'full'),
    rolloverCap: credits,
    isPopular: flag,
    isActive: flag,
    sortOrder: count,
    createdAt: time,
    updatedAt: time,
  },
  title: 'planCode',
  list: ['planCode', 'names', 'creditsMonthly', 'rollover', 'isPopular', 'isActive', 'sortOrder', 'updatedAt'],
  show: [
    'planCode', 'names', 'descriptions', 'features', 'creditsMonthly', 'rollover', 'rolloverCap', 'isPopular',
    'isActive', 'sortOrder', 'id', 'createdAt', 'updatedAt',
  ],
  filters: ['planCode', 'isActive'],
  sort: { by: 'sortOrder', direction: 'asc' },
  sortable: ['sortOrder', 'planCode', 'creditsMonthly', 'updatedAt'],
}; // prettier-ignore

export const planPrices: ResourceSpec = {
  id: 'plan_prices',
  model: PlanPrice,
  group: 'catalogue',
  fields: {
    id,
    planId: reference('plans'),
    subscriptionType: choice('monthly', 'yearly', 'lifetime'),
    amountMinor: money,
    currency: code,
    isActive: flag,
    createdAt: time,
    archivedAt: time,
  },
  title: 'id',
  list: ['planId', 'subscriptionType', 'amountMinor', 'isActive', 'createdAt', 'archivedAt'],
  show: ['planId', 'subscriptionType', 'amountMinor', 'isActive', 'id', 'createdAt', 'archivedAt'],
  filters: ['planId', 'subscriptionType', 'currency', 'isActive'],
  sort: { by: 'createdAt', direction: 'desc' },
  sortable: ['createdAt', 'amountMinor'],
};

export const creditPacks: ResourceSpec = {
  id: 'credit_packs',
  model: CreditPack,
  group: 'catalogue',
  fields: {
    id,
    packCode: code,
    names: { kind: 'localized' },
    credits,
    amountMinor: money,
    currency: code,
    validityDays: count,
    isActive: flag,
    sortOrder: count,
    createdAt: time,
    updatedAt: time,
  },
  title: 'packCode',
  list: ['packCode', 'names', 'credits', 'amountMinor', 'validityDays', 'isActive', 'sortOrder'],
  show: [
    'packCode', 'names', 'credits', 'amountMinor', 'validityDays', 'isActive', 'sortOrder', 'id', 'createdAt',
    'updatedAt',
  ],
  filters: ['packCode', 'isActive'],
  sort: { by: 'sortOrder', direction: 'asc' },
  sortable: ['sortOrder', 'packCode', 'credits', 'amountMinor'],
}; // prettier-ignore
