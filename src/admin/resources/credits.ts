import { CreditBalance } from '../../credits/credit-balance.model.ts';
import { CreditGrant } from '../../credits/credit-grant.model.ts';
import { CreditTransaction } from '../../credits/credit-transaction.model.ts';
import { choice, code, count, credits, flag, id, json, reference, state, text, time, word, type ResourceSpec } from './spec.ts';

export const creditTransactions: ResourceSpec = {
  id: 'credit_transactions',
  model: CreditTransaction,
  group: 'credits',
  key: ['userId', 'id'],
  fields: {
    id,
    userId: reference('users'),
    seq: count,
    type: state('earn', 'spend', 'expire', 'clawback', 'adjust', 'hold', 'release'),
    amount: { kind: 'credits', signed: true },
    balanceAfter: credits,
    source: word,
    featureType: code,
    description: text,
    actor: { kind: 'actor' },
    reference: code,
    drawn: json,
    idempotencyKey: code,
    createdAt: time,
  },
  title: 'id',
  list: ['userId', 'type', 'amount', 'balanceAfter', 'source', 'description', 'actor', 'createdAt'],
  show: [
    'id', 'userId', 'seq', 'type', 'amount', 'balanceAfter', 'source', 'featureType', 'description', 'actor',
    'reference', 'idempotencyKey', 'createdAt', 'drawn',
  ],
  filters: ['userId', 'type', 'source', 'featureType', 'reference', 'createdAt', 'id'],
  sort: { by: 'createdAt', direction: 'desc' },
  sortable: ['createdAt'],
}; // prettier-ignore

export const creditGrants: ResourceSpec = {
  id: 'credit_grants',
  model: CreditGrant,
  group: 'credits',
  key: ['userId', 'id'],
  fields: {
    id,
    userId: reference('users'),
    source: choice('plan', 'pack', 'promo', 'adjustment'),
    amount: credits,
    remaining: credits,
    expiresAt: time,
    key: code,
    orderId: reference('orders'),
    subscriptionId: reference('subscriptions'),
    createdAt: time,
  },
  title: 'id',
  list: ['userId', 'source', 'amount', 'remaining', 'expiresAt', 'createdAt'],
  show: [
    'id', 'userId', 'source', 'amount', 'remaining', 'expiresAt', 'orderId', 'subscriptionId', 'key', 'createdAt',
  ],
  filters: ['userId', 'source', 'orderId', 'subscriptionId', 'expiresAt', 'createdAt'],
  sort: { by: 'createdAt', direction: 'desc' },
  sortable: ['createdAt', 'expiresAt'],
}; // prettier-ignore

export const creditBalances: ResourceSpec = {
  id: 'credit_balances',
  model: CreditBalance,
  group: 'credits',
  key: ['userId'],
  fields: {
    userId: reference('users'),
    available: credits,
    held: credits,
    monthlyQuota: credits,
    quotaUsed: credits,
    quotaResetAt: time,
    totalEarned: credits,
    totalUsed: credits,
    entries: count,
    frozen: flag,
  },
  title: 'userId',
  list: ['userId', 'available', 'held', 'monthlyQuota', 'quotaUsed', 'quotaResetAt', 'totalUsed'],
  show: [
    'userId', 'available', 'held', 'monthlyQuota', 'quotaUsed', 'quotaResetAt', 'totalEarned', 'totalUsed', 'entries', 'frozen',
  ],
  filters: ['userId', 'quotaResetAt'],
  sort: { by: 'userId', direction: 'desc' },
  sortable: ['userId'],
}; // prettier-ignore
