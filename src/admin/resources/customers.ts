import { User } from '../../accounts/user.model.ts';
import { Subscription } from '../../subscriptions/subscription.model.ts';
import { choice, count, credits, flag, id, reference, state, text, time, type ResourceSpec } from './spec.ts';

export const users: ResourceSpec = {
  id: 'users',
  model: User,
  group: 'customers',
  fields: {
    id,
    email: text,
    name: text,
    status: state('active', 'suspended', 'deleted'),
    locale: choice('en', 'zh-CN'),
    emailVerifiedAt: time,
    loginCount: count,
    lastLoginAt: time,
    createdAt: time,
    updatedAt: time,
  },
  title: 'email',
  list: ['email', 'name', 'status', 'lastLoginAt', 'createdAt'],
  show: ['id', 'email', 'name', 'status', 'locale', 'emailVerifiedAt', 'loginCount', 'lastLoginAt', 'createdAt'],
  filters: ['email', 'name', 'status', 'locale', 'id', 'createdAt'],
  sort: { by: 'createdAt', direction: 'desc' },
  sortable: ['createdAt', 'email'],
};

export const subscriptions: ResourceSpec = {
  id: 'subscriptions',
  model: Subscription,
  group: 'customers',
  fields: {
    id,
    userId: reference('users'),
    planId: reference('plans'),
    subscriptionType: choice('monthly', 'yearly', 'lifetime'),
    status: state('active', 'past_due', 'paused', 'cancelled', 'expired'),
    creditsMonthly: credits,
    rollover: choice('none', 'capped', 'full'),
    rolloverCap: credits,
    startDate: time,
    endDate: time,
    quotaResetsAt: time,
    cancelAtPeriodEnd: flag,
    priceId: reference('plan_prices'),
    orderId: reference('orders'),
    anchorAt: time,
    createdAt: time,
    endedAt: time,
  },
  title: 'id',
  list: ['userId', 'planId', 'subscriptionType', 'status', 'cancelAtPeriodEnd', 'endDate', 'createdAt'],
  show: [
    'id', 'userId', 'planId', 'subscriptionType', 'status', 'cancelAtPeriodEnd', 'creditsMonthly', 'rollover',
    'rolloverCap', 'startDate', 'endDate', 'quotaResetsAt', 'priceId', 'orderId', 'anchorAt', 'createdAt', 'endedAt',
  ],
  filters: ['userId', 'planId', 'subscriptionType', 'status', 'cancelAtPeriodEnd', 'endDate', 'createdAt', 'id'],
  sort: { by: 'createdAt', direction: 'desc' },
  sortable: ['createdAt', 'endDate'],
}; // prettier-ignore
